"""All run folders of a workspace: make one, list them, find one by its name."""

import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from xray_core.errors import RunError
from xray_core.recipes import Recipe
from xray_core.runs.folder import Run
from xray_core.runs.status import Status, Submission
from xray_core.workspace import Workspace


def create_run(recipe: Recipe, runs_folder: Path, submission: Submission | None = None) -> Run:
    """Make a new run folder with its recipe and the state "queued".

    Args:
        recipe: with a `data_folder`.
        runs_folder: where all runs live; made if need be.
        submission: if it is to be trained by the worker, which then finds it by itself.

    Raises:
        RunError: the recipe names no data folder, or the disk refuses.
    """
    if not Path(recipe.data_folder).is_dir() or not recipe.data_folder:
        raise RunError(
            f"The data folder {recipe.data_folder!r} does not exist. Choose a dataset folder."
        )
    if not _is_text(recipe.data_folder):
        raise RunError(
            f"The data folder {recipe.data_folder!r} has a name that is no text. Rename it."
        )
    if Path(recipe.name).name != recipe.name:
        raise RunError(f"The recipe's name {recipe.name!r} can name no run. Give it another.")
    now = datetime.now(UTC)
    stem = f"{now:%Y%m%d-%H%M%S}-{recipe.name}"
    try:
        run = Run(_make_unique_folder(runs_folder, stem))
    except OSError as error:
        raise RunError(f"No run could be made in {runs_folder}: {error.strerror}.") from error
    try:
        run.write_json("recipe.json", asdict(recipe))
        if submission:
            run.write_submission(submission)
            run.append_event("queued", "It waits for its turn.", submission.user)
        # Last: a folder without a status is no run, so nobody sees a half-made one.
        run.write_status(
            Status(
                "queued",
                message="Waiting for its turn.",
                n_epochs=recipe.n_epochs,
                created_at=now.isoformat(timespec="milliseconds"),
            )
        )
    except OSError as error:
        shutil.rmtree(run.folder, ignore_errors=True)  # half-written: not a run yet
        raise RunError(f"No run could be made in {runs_folder}: {error.strerror}.") from error
    return run


def _make_unique_folder(parent: Path, stem: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()  # fails if another process was faster: one name, one run
        except FileExistsError:
            continue
        return folder
    raise RunError(f"{parent} holds a thousand runs of this second. Wait a moment, try again.")


def list_runs(runs_folder: Path) -> list[Run]:
    """Return every run, newest first."""
    if not runs_folder.is_dir():
        return []
    folders = (path for path in runs_folder.iterdir() if _is_run(path))
    return [Run(path) for path in sorted(folders, key=lambda path: path.name, reverse=True)]


def _is_run(folder: Path) -> bool:
    try:
        return (folder / "status.json").is_file()
    except OSError:  # it may not be looked into: whoever reads it says why
        return True


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # longer than any name can be
        return False


def find_run(runs_folder: Path, name: str) -> Run:
    """Return the run called `name`.

    Raises:
        RunError: there is none, and the message names the newest; or it lies in the trash.
    """
    folder = runs_folder / name
    # A name comes from an address or a command line: it must not lead out of the folder.
    inside = Path(name).name == name and name != ".."
    try:
        exists = inside and (folder / "status.json").is_file()
    except PermissionError:
        exists = True
    except (OSError, ValueError):  # longer than any name can be, or none at all
        exists = False
    if not exists and inside and name and _is_folder(Workspace(runs_folder.parent).trash / name):
        raise RunError(
            f"The run {name!r} lies in the trash. Restore it there, on the page of runs."
        )
    if not exists:
        newest = ", ".join(run.name for run in list_runs(runs_folder)[:3]) or "none yet"
        raise RunError(f"There is no run {name!r} in this workspace. Newest: {newest}.")
    return Run(folder)
