"""Many clients submit, watch, move and cancel at once; nothing may be lost or done twice.

Each client is a process, as each browser tab is a thread of its own in the app; one worker serves
them with trainings that take no time. Run it from the project folder:
python -m benchmarks.queue_load [SECONDS] [CLIENTS]
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from xray_core.errors import XrayError
from xray_core.files import utc_now
from xray_core.jobs import (
    JobQueue,
    QueueSettings,
    control,
    move_run,
    pause_run,
    queue_view,
    run_worker,
    set_priority,
    stop_run,
    unpause_run,
    worker,
    write_settings,
)
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Submission, create_run, list_runs
from xray_core.workspace import Workspace

SECONDS, CLIENTS = 120.0, 30
PAUSE = 0.05  # seconds, at most, between two things that one client does
ACTIONS = ("submit", "watch", "watch", "cancel", "priority", "move", "pause", "unpause")


class InstantLauncher:
    """Trains at once: the run is done by the time that it was started."""

    def start(self, run: Run, workspace: Workspace, environment: Mapping[str, str]) -> str:
        with (run.folder / "trained.txt").open("a") as file:
            file.write("once\n")
        run.write_status(replace(run.read_stored_status(), state="done", ended_at=utc_now()))
        return "1:0"  # the handle of nobody: it has ended

    def is_alive(self, handle: str) -> bool:
        return False

    def terminate(self, handle: str, *, kill: bool = False) -> None:
        """Nothing runs."""

    def explain(self, handle: str) -> str:
        return "It was never there."

    def is_reachable(self) -> bool:
        return True

    def count_slots(self) -> int:
        return 1


def be_client(workspace: Workspace, name: str, seed: int, seconds: float) -> dict[str, Any]:
    """Do things at random for `seconds`; return what was asked, what failed, and how long it took.

    Returns:
        "submitted" and "cancelled": names of runs; "errors": words of what must not happen;
        "times": seconds of each action, by its name.
    """
    control.ensure_worker = lambda workspace: None  # ours is there already
    rng = random.Random(seed)
    queue = JobQueue(workspace.queue)
    recipe = replace(PUBLISHED["demo_cnn"], data_folder=str(workspace.folder))
    said: dict[str, Any] = {"submitted": [], "cancelled": [], "errors": [], "times": {}}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        action = rng.choice(ACTIONS)
        mine = [Run(workspace.runs / run) for run in said["submitted"][-5:]]
        began = time.monotonic()
        try:
            if action == "submit":
                wish = Submission(name, rng.randint(0, 1), queue.next_rank())
                run = create_run(recipe, workspace.runs, wish)
                queue.submit(run.name, wish)
                said["submitted"].append(run.name)
            elif action == "watch":
                queue_view(workspace)
            elif mine:
                _change(action, rng.choice(mine), workspace, said)
        except XrayError as error:
            if "only a run that waits" not in str(error):  # too late, which is no problem
                said["errors"].append(f"{action}: {error}")
        said["times"].setdefault(action, []).append(time.monotonic() - began)
        time.sleep(rng.uniform(0, PAUSE))
    return said


def _change(action: str, run: Run, workspace: Workspace, said: dict[str, Any]) -> None:
    if action == "cancel":
        if "out of the queue" in stop_run(run, workspace):
            said["cancelled"].append(run.name)
    elif action == "priority":
        set_priority(run, workspace, 1)
    elif action == "move":
        move_run(run, workspace, -1)
    elif action == "pause":
        pause_run(run, workspace)
    else:
        unpause_run(run, workspace)


def serve(workspace: Workspace, seconds: float) -> None:
    """Be the worker for as long as the clients are at it, and until the queue is empty."""
    worker.POLL_SECONDS = 0.01
    run_worker(workspace, idle=seconds, launcher=InstantLauncher())


def check(workspace: Workspace, said: list[dict[str, Any]]) -> Counter[str]:
    """Count how the runs ended; assert that each did so once, and as it was asked.

    Raises:
        AssertionError: a run was lost, trained twice, or trained though it was cancelled.
    """
    errors = [error for answer in said for error in answer["errors"]]
    assert not errors, f"{len(errors)} errors, such as: {errors[0]}"
    submitted = [run for answer in said for run in answer["submitted"]]
    cancelled = {run for answer in said for run in answer["cancelled"]}
    runs = list_runs(workspace.runs)
    assert sorted(run.name for run in runs) == sorted(submitted), "a run is lost, or there twice"
    assert JobQueue(workspace.queue).list_jobs() == [], "the queue knows runs that have ended"
    count: Counter[str] = Counter()
    for run in runs:
        state = run.read_stored_status().state
        trained = run.folder / "trained.txt"
        times = len(trained.read_text().splitlines()) if trained.exists() else 0
        assert times == (state == "done"), f"{run.name}: {state}, trained {times} times"
        if run.name in cancelled:
            assert state == "stopped", f"{run.name} was cancelled, but is {state}"
        events = [event["event"] for event in run.read_events()]
        ends = [event for event in events if event in ("done", "stopped", "cancelled")]
        assert len(ends) == 1, f"{run.name}: {events}"
        count[state] += 1
    return count


def run_load(
    workspace: Workspace, seconds: float, clients: int, pool: Executor
) -> tuple[Counter[str], dict[str, list[float]]]:
    """Let `clients` at the queue for `seconds`; return states, and times by action.

    Args:
        workspace: a new workspace.
        seconds: for which the clients are at it.
        clients: how many.
        pool: with room for the clients and a worker.
    """
    workspace.runs.mkdir(parents=True)
    write_settings(workspace, QueueSettings(slots=3, per_user=2))
    serving = pool.submit(serve, workspace, 1.0)
    asked = [
        pool.submit(be_client, workspace, f"user{number}", number, seconds)
        for number in range(clients)
    ]
    said = [client.result() for client in asked]
    for run in list_runs(workspace.runs):  # else the paused ones would wait for ever
        if run.read_submission().paused and not run.read_stored_status().has_ended:
            unpause_run(run, workspace)
    serving.result()
    serve(workspace, 0.1)  # what was submitted while the worker ended
    times: dict[str, list[float]] = {}
    for answer in said:
        for action, durations in answer["times"].items():
            times.setdefault(action, []).extend(durations)
    return check(workspace, said), times


def main() -> None:
    """Print one table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else CLIENTS
    control.ensure_worker = lambda workspace: None  # ours is there already
    pool = ProcessPoolExecutor(clients + 1)
    with tempfile.TemporaryDirectory() as temporary, pool:
        states, times = run_load(Workspace(Path(temporary) / "home"), seconds, clients, pool)
    ended = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
    print(
        f"{clients} clients for {seconds:.0f} s: {states.total():,} runs ({ended}); none was lost,"
    )
    print("trained twice, or trained though cancelled, and no call failed.\n")
    print(f"{'action':<10}{'times':>8}{'median, ms':>12}{'longest, ms':>13}")
    for action, durations in sorted(times.items()):
        middle, longest = 1000 * median(durations), 1000 * max(durations)
        print(f"{action:<10}{len(durations):>8,}{middle:>12.1f}{longest:>13.1f}")


if __name__ == "__main__":
    main()
