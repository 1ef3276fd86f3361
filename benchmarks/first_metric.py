"""How long it takes from a submit to the first metric: with the standby trainer, and without it.

    python -m benchmarks.first_metric [--rounds 3]

Submits the demo recipe on synthetic images that are decoded already, to a worker that waits, as a
click on Start does. Both ways take turns.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from xray_core.jobs import QueueSettings, stop_run, submit_recipe, write_settings
from xray_core.processes import start_detached, terminate, xray_command
from xray_core.recipes import PUBLISHED
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

SECONDS = 120.0  # for anything here


def wait_for(condition: object, what: str) -> None:
    """Wait until `condition()` holds; end with a word if it never does."""
    end = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise SystemExit(f"{what} never happened")
        time.sleep(0.01)


def standby_processes() -> list[psutil.Process]:
    """Return the standby processes that belong to this machine's workers."""
    processes = []
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [])[-3:] == ["-m", "xray_core", "standby"]:
            processes.append(process)
    return processes


def measure(workspace: Workspace, data: Path, standby: bool) -> tuple[float, float]:
    """Return seconds from submit to the first metric, and the standby process's memory in MB."""
    os.environ["XRAY_HOME"] = str(workspace.folder)
    write_settings(workspace, QueueSettings(standby=standby))
    worker = start_detached(xray_command("worker"), workspace.folder / "worker.log")
    memory = 0.0
    try:
        if standby:
            wait_for(standby_processes, "a standby process process")
            [standby] = standby_processes()
            # Ready once it no longer computes.
            wait_for(
                lambda: standby.cpu_percent(0.5) < 5 and standby.cpu_times().user > 2, "readiness"
            )
            memory = standby.memory_info().rss / 2**20
        else:
            time.sleep(3)
        began = time.monotonic()
        run = submit_recipe(PUBLISHED["demo_cnn"], data, workspace)
        wait_for(run.read_metrics, "the first metric")
        seconds = time.monotonic() - began
        stop_run(run, workspace)
        wait_for(lambda: run.read_status().has_ended, "the end")
    finally:
        terminate(worker)
        for standby in standby_processes():
            standby.wait(30)
    return seconds, memory


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        workspace, data = Workspace(Path(folder) / "home"), Path(folder) / "data"
        write_synthetic_dataset(data, 600, size=256, seed=0)
        measure(workspace, data, standby=False)  # decodes the images
        seconds_of: dict[bool, list[float]] = {True: [], False: []}
        memory = 0.0
        for _ in range(rounds):
            for standby in seconds_of:
                seconds, used = measure(workspace, data, standby)
                seconds_of[standby].append(seconds)
                memory = max(memory, used)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print("| trainer | submit to first metric, s: median (all) | memory while it waits, MB |")
    print("|---|---|---|")
    for standby, durations in seconds_of.items():
        listed = ", ".join(f"{duration:.2f}" for duration in durations)
        print(
            f"| {'standby' if standby else 'started anew'} | {statistics.median(durations):.2f} "
            f"({listed}) | {f'{memory:.0f}' if standby else '0'} |"
        )


if __name__ == "__main__":
    main()
