"""Trainings, worker and submitters are killed at random moments; nothing may be lost or done twice.

In each round a run is submitted as the app does it, by a process of its own, and one or several of
submitter, worker and training are killed with SIGKILL at a random moment. Some runs are stopped
on request, and some of those resumed. At the end all that was submitted must have ended once, as
asked, with a whole metric log. Run it from the project folder:
python -m benchmarks.chaos [--rounds 200] [--seed 0]
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import psutil

from xray_core.jobs import (
    JobQueue,
    can_resume,
    ensure_worker,
    resume_run,
    stop_run,
    worker_is_running,
)
from xray_core.jobs.attempts import MAX_RESUMPTIONS, read_attempt
from xray_core.processes import PROJECT, is_alive, xray_command
from xray_core.runs import Run, list_runs
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

N_IMAGES = 60
EPOCHS, BATCH = 2, 8
CHANGES = (
    "preprocess.size=32",
    f"phases.train.epochs={EPOCHS}",
    f"batch_size={BATCH}",
    "split.validation=0.25",
    "split.test=0.25",
)
MOST_WAITING = 3  # runs under way at once, so that a round meets a training and not only a queue
LONGEST_WAIT = 8.0  # seconds from one kill to the next: a start, a training, an end
STOP_SHARE = 0.15  # of rounds in which somebody stops a run, too
END_WITHIN = 600.0  # seconds without any change, after which what is left is taken for lost


class Chaos:
    """One workspace, and what was done to it.

    Args:
        folder: empty; the data is drawn there.
        seed: of all that is random here. The moments also depend on the machine's speed.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.workspace, self._data = Workspace(folder / "home"), folder / "data"
        self._rng = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.stopped: set[str] = set()  # runs that were asked to stop, and not resumed since
        self._submitters: list[subprocess.Popen[bytes]] = []
        write_synthetic_dataset(self._data, N_IMAGES, size=64, seed=1)

    def play_round(self) -> None:
        """Submit if little is under way; kill something at a random moment; stop or resume."""
        submitter = self._submit() if len(self._under_way()) < MOST_WAITING else None
        victims = self._rng.sample(
            ["submitter", "worker", "training"], self._rng.choice([1, 1, 1, 2, 3])
        )
        if submitter and "submitter" in victims:
            time.sleep(self._rng.uniform(0, 3))
            self._kill("submitter", submitter.pid)
        time.sleep(self._rng.uniform(0, LONGEST_WAIT))
        self._rng.shuffle(victims)
        for victim in victims:
            if victim == "worker":
                for pid in self._workers():
                    self._kill("worker", pid)
            elif victim == "training":
                self._kill_trainings()
        if self._rng.random() < STOP_SHARE:
            self._stop_or_resume()
        ensure_worker(self.workspace)  # as every page of the app does

    def wait_for_the_end(self) -> None:
        """Wait until nothing is under way, and the queue knows it.

        Raises:
            AssertionError: nothing changes any more, though something is under way.
        """
        for submitter in self._submitters:
            submitter.wait()
        seen, since = "", time.monotonic()
        while (left := self._under_way()) or (jobs := JobQueue(self.workspace.queue).list_jobs()):
            ensure_worker(self.workspace)
            state = str([(run.name, run.read_status(), run.read_events()) for run in left])
            if state != seen:
                seen, since = state, time.monotonic()
            assert time.monotonic() - since < END_WITHIN, f"stuck: {left or jobs}"
            time.sleep(1)

    def end_workers(self) -> None:
        """End the workers of this workspace, so that it can be deleted."""
        for pid in self._workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while worker_is_running(self.workspace):
            time.sleep(0.1)

    def check(self) -> Counter[str]:
        """Return how the runs ended.

        Raises:
            AssertionError: one did not end as it was asked, or not once, or its log has gaps.
        """
        assert JobQueue(self.workspace.queue).list_jobs() == [], (
            "the queue knows runs that have ended"
        )
        with closing(sqlite3.connect(self.workspace.queue)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        ends: Counter[str] = Counter()
        for run in list_runs(self.workspace.runs):
            status = run.read_status()
            expected = "stopped" if run.name in self.stopped else "done"
            events = [event["event"] for event in run.read_events()]
            assert status.state in (expected, "done"), f"{run.name}: {status}\n{events}"
            assert not is_alive(read_attempt(run).handle), f"{run.name} is trained still"
            assert events.count("done") == (status.state == "done"), f"{run.name}: {events}"
            if status.state == "done":
                check_log(run)
            ends[status.state] += 1
        return ends

    def _submit(self) -> subprocess.Popen[bytes]:
        changes = [word for change in CHANGES for word in ("--set", change)]
        user = self._rng.choice(["ann", "bob", ""])
        command = xray_command("submit", "demo_cnn", "--data", str(self._data), "--user", user)
        with (self.workspace.folder.parent / "submit.log").open("ab") as log:
            submitter = subprocess.Popen(
                [*command, *changes],
                cwd=PROJECT,
                env={**os.environ, "XRAY_HOME": str(self.workspace.folder)},
                stdout=log,
                stderr=log,
            )
        self._submitters.append(submitter)
        return submitter

    def _under_way(self) -> list[Run]:
        return [
            run for run in list_runs(self.workspace.runs) if not run.read_stored_status().has_ended
        ]

    def _workers(self) -> list[int]:
        """Return the pids of this workspace's workers; not those of others on this machine."""
        pids = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_worker = process.cmdline()[-2:] == ["xray_core", "worker"]
                if is_worker and process.environ().get("XRAY_HOME") == str(self.workspace.folder):
                    pids.append(process.pid)
        return pids

    def _kill_trainings(self) -> None:
        for run in self._under_way():
            attempt = read_attempt(run)
            # One more death without progress, and the run would rightly be given up.
            if is_alive(attempt.handle) and attempt.deaths < MAX_RESUMPTIONS:
                self._kill("training", int(attempt.handle.split(":")[0]))

    def _kill(self, what: str, pid: int) -> None:
        with suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(pid, signal.SIGKILL)
            self.kills[what] += 1

    def _stop_or_resume(self) -> None:
        stopped = [run for run in list_runs(self.workspace.runs) if run.name in self.stopped]
        resumable = [run for run in stopped if run.read_stored_status().has_ended]
        if resumable and self._rng.random() < 0.5:
            run = self._rng.choice(resumable)
            if can_resume(run):
                resume_run(run, self.workspace, "chaos")
                self.stopped.discard(run.name)
        elif under_way := self._under_way():
            run = self._rng.choice(under_way)
            if "has ended already" not in stop_run(run, self.workspace, "chaos"):
                self.stopped.add(run.name)


def check_log(run: Run) -> None:
    """Assert that each batch and each epoch stands in the log once and in order."""
    lines = run.read_metrics()
    split = run.read_split()
    n_batches = -(-int((split["subset"] == "training").sum()) // BATCH)
    had = [(line["kind"], line["epoch"], line.get("batch", 0)) for line in lines]
    expected = []
    for epoch in range(1, EPOCHS + 1):
        expected += [("batch", epoch, batch) for batch in range(1, n_batches + 1)]
        expected.append(("epoch", epoch, 0))
    assert had == expected, f"{run.name}: {had}"
    assert run.read_report()["n"] > 0, run.name


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        chaos = Chaos(Path(temporary), options.seed)
        try:
            for number in range(options.rounds):
                chaos.play_round()
                if sys.stderr.isatty():
                    print(f"\rround {number + 1} of {options.rounds}", end="", file=sys.stderr)
            chaos.wait_for_the_end()
            ends = chaos.check()
        finally:
            chaos.end_workers()
        events = Counter(
            event["event"] for run in list_runs(chaos.workspace.runs) for event in run.read_events()
        )
    minutes = (time.monotonic() - began) / 60
    print(f"\nseed {options.seed}, {options.rounds} rounds, {minutes:.0f} minutes")
    print(
        "Every run ended once and as it was asked, and its log is whole; else this were an error."
    )
    print()
    print(f"{'what':<34}{'number':>8}")
    rows = [(f"{what} killed", number) for what, number in sorted(chaos.kills.items())]
    rows += [(f"run {event}", events[event]) for event in ("started", "resumed", "stopping")]
    rows += [(f"runs that ended {state}", number) for state, number in sorted(ends.items())]
    for what, number in rows:
        print(f"{what:<34}{number:>8,}")


if __name__ == "__main__":
    main()
