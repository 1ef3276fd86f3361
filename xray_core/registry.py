"""The dataset registry: which dataset folders this workspace knows, by name.

Every folder in the workspace's `data/` is in it, and every folder that a user added; those
are listed in `datasets.json`. A folder may be that of an archive, with the dataset a level or two
below: it gives the name, and the dataset's root (see `find_dataset`) says which dataset it is, here
and in every run. What may be added, `xray_core.paths` says.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from xray_core.datasets import READERS, find_dataset, recall_dataset
from xray_core.datasets.folder.refusals import MappingNeeded
from xray_core.errors import DatasetError
from xray_core.files import read_json, replaced_file
from xray_core.filling import lock_of
from xray_core.paths import find_allowed
from xray_core.processes import is_alive, is_locked, start_detached, xray_command
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import Workspace

DEMO = "demo"
N_DEMO_IMAGES = 600


def list_datasets(workspace: Workspace) -> dict[str, Path]:
    """Return name -> root of every known dataset whose folder is still there; demo first.

    Each dataset is there once, under the name of the first folder that leads to it.

    Raises:
        DatasetError: the list of added folders is damaged.
    """
    roots: dict[str, Path] = {}
    if is_synthetic(workspace.demo_data):
        roots[DEMO] = workspace.demo_data.resolve()
    # A dot marks what is still being written.
    inside = sorted(workspace.data.glob("[!.]*"))
    for folder in [*inside, *_read_added(workspace)]:
        root = _find_root(folder)
        if root is None or root in roots.values():
            continue
        name = folder.name
        while name in roots:  # two folders of one name: tell them apart by their parents
            name = f"{folder.parent.name}/{name}" if "/" not in name else f"{name}'"
        roots[name] = root
    return roots


def list_waiting(workspace: Workspace) -> dict[str, Path]:
    """Return name -> each folder in `data/` that a person has to say how to read.

    Its images seem to be labelled by a table or by the names of files; see `MappingNeeded`.
    """
    waiting: dict[str, Path] = {}
    for folder in sorted(workspace.data.glob("[!.]*")):
        try:
            recall_dataset(folder)
        except MappingNeeded:
            waiting[folder.name] = folder
        except (DatasetError, OSError, RuntimeError, ValueError):
            continue
    return waiting


def find_name(workspace: Workspace, folder: Path) -> str | None:
    """Return the name of the dataset in `folder`, as `list_datasets` has it; None if not there.

    `folder` may be the dataset's root, as in a run's recipe, or any other way to it: a folder
    around it, or a link.

    Raises:
        DatasetError: the list of added folders is damaged.
    """
    root = _find_root(folder)
    names = {root: name for name, root in list_datasets(workspace).items()}
    return names.get(root) if root else None


def name_roots(workspace: Workspace, roots: Iterable[Path]) -> dict[Path, str | None]:
    """Return the name of the dataset whose root each folder is; no folder is looked into.

    For what a run says it was trained on: that is a root, and may by now be anything.

    Raises:
        DatasetError: the list of added folders is damaged.
    """
    names = {root: name for name, root in list_datasets(workspace).items()}
    return {root: names.get(_resolve(root)) for root in dict.fromkeys(roots)}


def name_root(workspace: Workspace, root: Path) -> str | None:
    """Return what `name_roots` does for one folder."""
    return name_roots(workspace, [root])[root]


def add_dataset(workspace: Workspace, folder: Path) -> Path:
    """Put `folder` in the registry, unless its dataset is there; return the dataset's root.

    Raises:
        DatasetError: it is no dataset, lies outside XRAY_DATA_ROOTS, or the disk refuses.
    """
    folder = find_allowed(folder)
    reader, root = find_dataset(folder)
    if list_roots := READERS[reader].roots:
        list_roots(root)  # a union's members may lie elsewhere
    try:
        workspace.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(workspace.folder / "datasets.lock"):
            if root not in list_datasets(workspace).values():
                folders = [str(added) for added in (*_read_added(workspace), folder)]
                with replaced_file(workspace.folder / "datasets.json") as partial:
                    partial.write_text(json.dumps(folders, indent=2), "utf-8")
    except OSError as error:
        raise DatasetError(f"{workspace.folder} cannot be written to: {error.strerror}.") from error
    return root


def start_drawing_demo(workspace: Workspace) -> None:
    """Draw the demo data in a process of its own, unless it is there or being drawn.

    However many visitors come first at once, one process draws.
    """
    if is_synthetic(workspace.demo_data) or is_drawing_demo(workspace):
        return
    with FileLock(workspace.folder / "demo.lock"):  # a process is noted before the next one looks
        if is_synthetic(workspace.demo_data) or is_drawing_demo(workspace):
            return
        arguments = ("demo", str(workspace.demo_data), "--images", str(N_DEMO_IMAGES))
        handle = start_detached(xray_command(*arguments), workspace.folder / "demo.log")
        with replaced_file(_drawer(workspace)) as partial:
            partial.write_text(handle, encoding="utf-8")


def count_drawn(workspace: Workspace) -> int:
    """Return how many of the `N_DEMO_IMAGES` images of an unfinished demo dataset are there."""
    return sum(1 for _ in workspace.data.glob(f".{DEMO}.*.partial/train/*"))


def is_drawing_demo(workspace: Workspace) -> bool:
    """Whether a process draws into the demo folder just now, or is about to."""
    # It takes a moment from its start to its lock, for which nobody else may reach meanwhile.
    with suppress(FileNotFoundError):
        if is_alive(_drawer(workspace).read_text(encoding="utf-8", errors="replace")):
            return True
    workspace.data.mkdir(parents=True, exist_ok=True)
    return is_locked(lock_of(workspace.demo_data))


def _drawer(workspace: Workspace) -> Path:
    """Return the file that holds the handle of the process that draws the demo data."""
    return workspace.folder / "demo.handle"


def _resolve(folder: Path) -> Path:
    try:
        return Path(os.path.realpath(folder))
    except (OSError, ValueError):  # a NUL in it, or half a sign
        return folder


def _find_root(folder: Path) -> Path | None:
    """Return the root of the dataset in a folder; None if it holds none, or is none at all."""
    try:
        return recall_dataset(folder)[1]
    except (DatasetError, OSError, RuntimeError, ValueError):  # a loop of links, a NUL in a name
        return None


def _read_added(workspace: Workspace) -> list[Path]:
    path = workspace.folder / "datasets.json"
    if not path.is_file():
        return []
    try:
        return [Path(folder) for folder in read_json(path)]
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} is damaged: {error}. Repair or delete it; only the list is lost."
        ) from error
