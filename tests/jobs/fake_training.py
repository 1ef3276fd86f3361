"""Stands in for `python -m xray_core run <folder>` and `... worker`, without TensorFlow.

How a run's training behaves is the one word in the file "behaviour" of its folder:
    done     it trains at once
    wait     it trains until the file "go" appears or it is asked to stop
    deaf     as wait, but it heeds neither the request to stop nor SIGTERM
    die      it ends before it begins
    vanish   it ends in the middle, without a last word
    advance  as vanish, but it logs a batch before; it is done once the log holds six
Each training adds a line to "trained.txt": its workspace, and the GPUs that it sees.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

# Nothing heavier is imported for a training: the tests start dozens of them.
from xray_core.processes import own_handle


def fake_command(*arguments: str) -> list[str]:
    """Return what replaces `processes.xray_command`."""
    return [sys.executable, "-m", "tests.jobs.fake_training", *arguments]


def train(folder: Path) -> None:
    """Behave as a training would."""
    behaviour = (folder / "behaviour").read_text()
    if behaviour == "die":
        sys.exit("I was never born.")
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with (folder / "trained.txt").open("a") as file:
        file.write(f"{os.environ['XRAY_HOME']} {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}\n")
    status = {"state": "running", "handle": own_handle(), "started_at": f"{time.time():.3f}"}
    write_status(folder, status)
    print("training", flush=True)
    if behaviour == "advance":
        with (folder / "metrics.jsonl").open("a") as file:
            file.write('{"kind": "batch"}\n')
        behaviour = "done" if len((folder / "metrics.jsonl").read_text()) > 100 else "vanish"
    if behaviour == "vanish":
        os._exit(1)
    state = "done"
    while behaviour in ("wait", "deaf") and not (folder / "go").exists():
        if behaviour == "wait" and (folder / "stop").exists():
            state = "stopped"
            break
        time.sleep(0.02)
    last_word = {"state": state, "message": "mine", "ended_at": f"{time.time():.3f}"}
    write_status(folder, {**status, **last_word})


def write_status(folder: Path, status: dict[str, str]) -> None:
    """Replace the status as a whole."""
    partial = folder / "status.partial"
    partial.write_text(json.dumps({"format": 2, **status}))
    partial.replace(folder / "status.json")


def serve() -> None:
    """Be a worker whose trainings are fake."""
    from xray_core.jobs import launchers, worker
    from xray_core.workspace import find_workspace

    launchers.xray_command = fake_command
    worker.POLL_SECONDS = 0.05
    print(worker.run_worker(find_workspace(), idle=float(os.environ.get("FAKE_IDLE", "0.5"))))


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        serve()
    else:
        train(Path(sys.argv[2]))
