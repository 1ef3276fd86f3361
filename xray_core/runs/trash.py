"""Runs that were thrown away, whole, until the trash is emptied; and what runs take on the disk."""

import os
import shutil
from contextlib import suppress

from xray_core.errors import RunError
from xray_core.processes import is_locked
from xray_core.runs.folder import Run
from xray_core.runs.index import read_state
from xray_core.workspace import Workspace

DELETING = ".deleting-"  # begins the name of a folder in the trash that is no run any more


def trash_run(run: Run, workspace: Workspace) -> str:
    """Move a run into the trash; return its name there.

    Raises:
        RunError: it waits or is being trained, or its folder is gone.
    """
    if not run.folder.is_dir():
        raise _gone(run.name)
    state = read_state(run)["state"]  # a damaged one may go
    if state == "queued":
        raise RunError(f"{run.name} waits in the queue. Cancel it first, then delete it.")
    if state == "running":
        raise RunError(f"{run.name} is running. Stop it first, then delete it.")
    # Its training holds this lock to the very end. Not held while moving: Windows moves no folder
    # in which a file is open.
    if is_locked(run.folder / ".lock"):
        raise RunError(
            f"{run.name} is still being trained by a process. Stop it first, then delete it."
        )
    workspace.trash.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        place = workspace.trash / (run.name if number == 1 else f"{run.name}-{number}")
        if place.exists():  # a run of this name was thrown away before
            continue
        try:
            run.folder.rename(place)
        except FileNotFoundError as error:
            raise _gone(run.name) from error
        return place.name
    raise RunError(f"{workspace.trash} holds a thousand runs called {run.name}. Empty the trash.")


def list_trash(workspace: Workspace) -> list[str]:
    """Return the names of the runs in the trash, newest first."""
    if not workspace.trash.is_dir():
        return []
    names = [path.name for path in workspace.trash.iterdir() if path.is_dir()]
    return sorted((name for name in names if not name.startswith(DELETING)), reverse=True)


def is_trashed(workspace: Workspace, name: str) -> bool:
    """Whether a run called `name` lies in the trash, and no other one has its name by now."""
    return name in list_trash(workspace) and not (workspace.runs / name).exists()


def restore_run(name: str, workspace: Workspace) -> Run:
    """Take the run called `name` out of the trash.

    Raises:
        RunError: it is not in the trash, or another run has its name by now.
    """
    if name not in list_trash(workspace):  # it also keeps a name from leading out of the trash
        raise RunError(f"There is no run {name!r} in the trash; perhaps it was emptied meanwhile.")
    run = Run(workspace.runs / name)
    if run.folder.exists():
        raise RunError(f"There is a run {name!r} again. Delete that one before you restore this.")
    workspace.runs.mkdir(parents=True, exist_ok=True)
    try:
        (workspace.trash / name).rename(run.folder)
    except FileNotFoundError as error:
        raise _gone(name) from error
    return run


def trash_size(workspace: Workspace) -> int:
    """Return the bytes of all files in the trash."""
    return _folder_size(str(workspace.trash))


def empty_trash(workspace: Workspace) -> int:
    """Delete for good all that is in the trash; return the number of runs.

    Raises:
        OSError: the disk refuses; the runs that are left can still be restored.
    """
    names = list_trash(workspace)
    for name in names:
        with suppress(FileNotFoundError):  # somebody else empties or restores at this moment
            # At once out of the list: half a run must never be restored.
            (workspace.trash / name).rename(workspace.trash / f"{DELETING}{name}")
    if workspace.trash.is_dir():
        for path in workspace.trash.iterdir():
            if path.name.startswith(DELETING):
                with suppress(FileNotFoundError):
                    shutil.rmtree(path)
    return len(names)


def _gone(name: str) -> RunError:
    return RunError(f"The folder of {name} is gone; somebody else moved or deleted it.")


def disk_use(run: Run) -> int:
    """Return the bytes of all files of a run; 0 if its folder is gone."""
    return _folder_size(str(run.folder))


def _folder_size(folder: str) -> int:
    total = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a temporary file of a running training
                if entry.is_dir(follow_symlinks=False):
                    total += _folder_size(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total
