"""The shelf: which dataset folders this workspace knows, by name.

Every folder in the workspace's `data/` is on it, and every folder that a user added; those
are listed in `datasets.json`. The environment variable XRAY_DATA_ROOTS (folders joined by
the system's path separator) limits what may be added, for an app that is opened to a class.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from xray_core.datasets import READERS, detect_dataset
from xray_core.datasets.filling import lock_of
from xray_core.datasets.phantom import is_phantom
from xray_core.errors import DatasetError
from xray_core.files import read_json, replaced_file
from xray_core.home import Home
from xray_core.processes import is_alive, start_detached, xray_command

DEMO = "demo"
N_DEMO_IMAGES = 600

_recognised: set[tuple[Path, int]] = set()  # folders, as they were when a reader knew them


def list_datasets(home: Home) -> dict[str, Path]:
    """Return name -> folder of every known dataset whose folder is still there; demo first."""
    found: dict[str, Path] = {}
    if is_phantom(home.demo_data):
        found[DEMO] = home.demo_data
    # A dot marks what is still being written.
    inside = sorted(home.data.glob("[!.]*"))
    for folder in [*inside, *_read_added(home)]:
        if folder in found.values() or not _is_dataset(folder):
            continue
        name = folder.name
        while name in found:  # two folders of one name: tell them apart by their parents
            name = f"{folder.parent.name}/{name}" if "/" not in name else f"{name}'"
        found[name] = folder
    return found


def find_allowed(folder: Path) -> Path:
    """Return `folder` resolved; what lies in it is not looked at.

    Raises:
        DatasetError: it lies outside XRAY_DATA_ROOTS, or is no path.
    """
    try:
        folder = folder.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # an unknown user's home, a NUL, a loop
        raise DatasetError(f"{str(folder)!r} is no folder: {error}.") from error
    roots = [Path(root).resolve() for root in _allowed_roots()]
    if roots and not any(folder.is_relative_to(root) for root in roots):
        raise DatasetError(
            f"{folder} lies outside the folders that this app may read: "
            f"{', '.join(map(str, roots))}. Ask whoever runs the app to add it to XRAY_DATA_ROOTS."
        )
    return folder


def add_dataset(home: Home, folder: Path) -> Path:
    """Put `folder` on the shelf, and return it resolved.

    Raises:
        DatasetError: it is no dataset, lies outside XRAY_DATA_ROOTS, or the disk refuses.
    """
    folder = find_allowed(folder)
    reader = READERS[detect_dataset(folder)]
    root = reader.find_root(folder)
    if reader.roots and root:  # a union's members may lie elsewhere
        for member in reader.roots(root):
            find_allowed(member)
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(home.folder / "datasets.lock"):
            folders = dict.fromkeys([*_read_added(home), folder])
            with replaced_file(home.folder / "datasets.json") as partial:
                partial.write_text(json.dumps([str(one) for one in folders], indent=2), "utf-8")
    except OSError as error:
        raise DatasetError(f"{home.folder} cannot be written to: {error.strerror}.") from error
    return folder


def start_drawing_demo(home: Home) -> None:
    """Draw the demo data in a process of its own, unless it is there or being drawn.

    However many visitors come first at once, one process draws.
    """
    if is_phantom(home.demo_data) or is_drawing_demo(home):
        return
    with FileLock(home.folder / "demo.lock"):  # a process is noted before the next one looks
        if is_phantom(home.demo_data) or is_drawing_demo(home):
            return
        arguments = ("demo", str(home.demo_data), "--images", str(N_DEMO_IMAGES))
        handle = start_detached(xray_command(*arguments), home.folder / "demo.log")
        with replaced_file(_drawer(home)) as partial:
            partial.write_text(handle, encoding="utf-8")


def count_drawn(home: Home) -> int:
    """Return how many of the `N_DEMO_IMAGES` films of an unfinished demo dataset are there."""
    return sum(1 for _ in home.data.glob(f".{DEMO}.*.partial/train/*"))


def is_drawing_demo(home: Home) -> bool:
    """Whether a process draws into the demo folder just now, or is about to."""
    # It takes a moment from its start to its lock, for which nobody else may reach meanwhile.
    with suppress(FileNotFoundError):
        if is_alive(_drawer(home).read_text(encoding="utf-8", errors="replace")):
            return True
    home.data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_of(home.demo_data))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _drawer(home: Home) -> Path:
    """Return the file that holds the handle of the process that draws the demo data."""
    return home.folder / "demo.handle"


def _is_dataset(folder: Path) -> bool:
    try:
        state = (folder, folder.stat().st_mtime_ns)
        if state not in _recognised:  # looking into all folders at every click would be slow
            detect_dataset(folder)
            _recognised.add(state)
    except (DatasetError, OSError):
        return False
    return True


def _read_added(home: Home) -> list[Path]:
    path = home.folder / "datasets.json"
    if not path.is_file():
        return []
    try:
        return [Path(one) for one in read_json(path)]
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} is damaged: {error}. Mend or delete it; only the list is lost."
        ) from error


def _allowed_roots() -> list[str]:
    return [root for root in os.environ.get("XRAY_DATA_ROOTS", "").split(os.pathsep) if root]
