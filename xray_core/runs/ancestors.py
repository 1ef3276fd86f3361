"""The earlier runs that a network's starting weights come from, however these are named."""

import filecmp
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xray_core.errors import XrayError
from xray_core.models import ASK, RUN_MODEL, RUN_OF
from xray_core.runs.folder import Run
from xray_core.workspace import Workspace

NO_FILE = ("random", "imagenet", ASK)  # weights that are no file of the user's


@dataclass(frozen=True)
class Ancestors:
    """The runs behind starting weights.

    Attributes:
        runs: the one that kept them, the one whose weights that began with, and so on.
        unknown: why the way back cannot be followed to its beginning, a sentence; "" if it can.
    """

    runs: tuple[Run, ...]
    unknown: str = ""


def find_ancestors(weights: str, workspace: Workspace) -> Ancestors:
    """Return the runs that `weights` come from; none if no run is known to have kept them.

    Args:
        weights: of a recipe: "random", "imagenet", or the path of a file.
        workspace: the folders; its runs and its trash are looked through for a copy of the file.
    """
    ancestors: list[Run] = []
    while weights not in NO_FILE:
        run = _find_run(weights, workspace, ancestors[-1] if ancestors else None)
        if run is None:
            return Ancestors(tuple(ancestors), _why_unknown(weights, ancestors))
        if any(_same_folder(run, other) for other in ancestors):
            break  # a run that was continued into its own beginning
        ancestors.append(run)
        try:
            weights = run.read_recipe().weights
        except (XrayError, OSError, ValueError) as error:
            return Ancestors(
                tuple(ancestors), f"What {run.name} began with cannot be read: {error}"
            )
    return Ancestors(tuple(ancestors))


def _find_run(weights: str, workspace: Workspace, child: Run | None) -> Run | None:
    """Return the run that kept the file `weights`, or None if none is known to have."""
    path = Path(weights).expanduser()
    # As named and as resolved: the file may be a link, or only the folder that it lies in.
    for place in (os.path.abspath(path), os.path.realpath(path)):  # noqa: PTH100 - keeps links
        if run := _owner(Path(place)):
            return run
    if path.is_file():
        return next((run for run in _known_runs(workspace) if _is_copy(path, run)), None)
    # A workspace that was moved: the run of that name is beside the one that began with it.
    name = _run_name(path)
    near = [child.folder.parent] if child else []
    for folder in [parent / name for parent in (*near, workspace.runs, workspace.trash) if name]:
        if _is_run(folder):
            return Run(folder)
    return None


def _owner(path: Path) -> Run | None:
    run = Run(path.parent.parent)
    return run if run.best_checkpoint == path and _is_run(run.folder) else None


def _is_run(folder: Path) -> bool:
    return (folder / "recipe.json").is_file()


def _run_name(path: Path) -> str:
    """Return the run's name in the path of a run's checkpoint; "" if it is another path."""
    run = Run(path.parent.parent)
    return run.name if run.best_checkpoint == path else ""


def _known_runs(workspace: Workspace) -> Iterator[Run]:
    """Yield each run of the workspace and of its trash, newest first."""
    for parent in (workspace.runs, workspace.trash):
        if parent.is_dir():
            folders = sorted(parent.iterdir(), key=lambda folder: folder.name, reverse=True)
            yield from (Run(folder) for folder in folders if _is_run(folder))


def _is_copy(path: Path, run: Run) -> bool:
    with suppress(OSError):  # one without a checkpoint
        # Two models differ in their first kilobytes, which hold the time of their saving.
        return filecmp.cmp(path, run.best_checkpoint, shallow=False)
    return False


def _same_folder(run: Run, other: Run) -> bool:
    return run.folder.resolve() == other.folder.resolve()


def _why_unknown(weights: str, ancestors: list[Run]) -> str:
    """Say why nobody knows where an ancestor's weights come from; "" for a file of no run."""
    path = Path(weights).expanduser()
    if not ancestors or path.is_file():
        return ""  # made elsewhere, as far as anybody knows
    if path.suffix != RUN_MODEL and not weights.startswith(RUN_OF):
        return ""  # of weights without top, which no run keeps
    return f"{ancestors[-1].name} itself began with {weights}, which is no longer there."
