"""Processes that outlive the app: started detached, found again by pid and start time.

A pid alone is no identity: the system gives it to another process later. A handle is
"pid:start time", both as psutil tells them.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

PROJECT = Path(__file__).parents[1]
# psutil derives start times from the boot time, which moves a little with clock corrections.
START_TOLERANCE = 2.0  # seconds

_started: list[subprocess.Popen[bytes]] = []  # those that we shall have to reap


def xray_command(*arguments: str) -> list[str]:
    """Return the command line of `python -m xray_core <arguments>` with this Python."""
    return [sys.executable, "-m", "xray_core", *arguments]


def own_handle() -> str:
    """Return the handle of the calling process."""
    return _handle_of(psutil.Process())


def start_detached(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Start `command` so that it survives the end of this process; return its handle.

    Args:
        command: the argument list; it runs in the project's folder.
        log: file that its output is appended to. A pipe would kill it with its reader.
        environment: variables added to ours.
    """
    _started[:] = [one for one in _started if one.poll() is None]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.append(process)
    try:
        return _handle_of(psutil.Process(process.pid))
    except psutil.NoSuchProcess:  # ended at once; its log says why
        return f"{process.pid}:0"


def is_alive(handle: str) -> bool:
    """Whether the very process behind `handle` still runs; a zombie does not."""
    process = _find(handle)
    if process is None:
        return False
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        process.wait(timeout=0)  # ours: reap it, so that its pid is free again
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        pass  # gone meanwhile, or another process' child: dead either way
    return False


def terminate(handle: str, *, kill: bool = False) -> None:
    """Ask the process and its children to end, or end them at once; no error if it is gone."""
    process = _find(handle)
    if process is None:
        return
    try:
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for one in family:
        with suppress(psutil.NoSuchProcess):  # it ended by itself meanwhile
            if kill:
                one.kill()
            else:
                one.terminate()


def lower_priority() -> None:
    """Let this process give way to interactive ones, so that a training never stalls the app."""
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        process.nice(max(process.nice(), 5))


def _handle_of(process: psutil.Process) -> str:
    return f"{process.pid}:{process.create_time():.2f}"


def _find(handle: str) -> psutil.Process | None:
    try:
        pid, start_time = handle.split(":")
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(start_time)) < START_TOLERANCE
    except (ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None
