"""Short jobs beside the trainings, such as an audit: a command in a process of its own.

Each process has a folder in the workspace's cache with its log, progress and result, so that it
survives a closed tab and a restarted app. The same process is started once however many ask.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from xray_core.files import parse_json, replaced_file, write_json
from xray_core.processes import is_alive, start_detached, terminate, xray_command
from xray_core.workspace import Workspace

WRITE_SECONDS = 0.3  # seconds between two notes of progress


@dataclass(frozen=True)
class BackgroundState:
    """What is known of a process.

    Attributes:
        state: "missing", "running", "done" or "failed".
        done, total: of its progress; 0 before the first note.
        result: what the command saved, once done.
        reason: why it failed.
    """

    state: str
    done: int = 0
    total: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def start_background(workspace: Workspace, name: str, arguments: Sequence[str]) -> None:
    """Start `python -m xray_core <arguments> --save <result>`, unless it runs or is done.

    After a failure it starts anew.

    Args:
        workspace: the folders.
        name: unique to the process and all that its result depends on; a file name.
        arguments: of a command that takes `--save FILE` and writes its JSON there.

    Raises:
        OSError: the disk refuses.
    """
    folder = _folder(workspace, name)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if read_background(workspace, name).state in ("running", "done"):
            return
        for old in ("log.txt", "result.json", "progress.json"):
            (folder / old).unlink(missing_ok=True)
        command = xray_command(*arguments, "--json", "--save", str(folder / "result.json"))
        handle = start_detached(command, folder / "log.txt", {"XRAY_HOME": str(workspace.folder)})
        with replaced_file(folder / "handle") as partial:
            partial.write_text(handle, encoding="utf-8")


def read_background(workspace: Workspace, name: str) -> BackgroundState:
    """Return what is known of a process by now; starts nothing."""
    folder = _folder(workspace, name)
    alive = is_alive(_read(folder / "handle"))  # first: it may end while we look
    try:
        result = parse_json(_read(folder / "result.json"))
    except ValueError:
        result = None  # not there yet, or damaged: then it is made again
    if isinstance(result, dict):
        return BackgroundState("done", result=result)
    if alive:
        try:
            done, total = map(int, parse_json(_read(folder / "progress.json")))
        except (ValueError, TypeError):
            done, total = 0, 0
        return BackgroundState("running", done, total)
    if (folder / "handle").is_file():
        return BackgroundState("failed", reason=last_words(_read(folder / "log.txt")))
    return BackgroundState("missing")


def forget_background(workspace: Workspace, name: str) -> None:
    """End the process if it runs, and delete what it left, so that it can be done anew."""
    folder = _folder(workspace, name)
    terminate(_read(folder / "handle"))
    shutil.rmtree(folder, ignore_errors=True)


def note_progress(result: Path) -> Callable[[int, int], None]:
    """Return a function that a running process calls with (done, total) to be seen from outside.

    Args:
        result: the file that the process was told to save its result in.
    """
    last = 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < WRITE_SECONDS and done != total:
            return
        last = now
        write_json(result.with_name("progress.json"), [done, total], lasting=False)

    return note


def _folder(workspace: Workspace, name: str) -> Path:
    return workspace.cache / "background" / name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def last_words(log: str) -> str:
    """Return why a command ended, from its output: its error, or else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith("error: "):
            return line.removeprefix("error: ")
    return lines[-1] if lines else "It ended without a word."
