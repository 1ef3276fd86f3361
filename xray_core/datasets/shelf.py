"""The shelf: which dataset folders this workspace knows, by name.

Every folder in the workspace's `data/` is on it, and every folder that a user added; those
are listed in `datasets.json`. What may be added, `xray_core.paths` says.
"""

import json
from pathlib import Path

from filelock import FileLock, Timeout

from xray_core.datasets import READERS, detect_dataset
from xray_core.datasets.filling import lock_of
from xray_core.datasets.phantom import is_phantom
from xray_core.errors import DatasetError
from xray_core.files import replaced_file
from xray_core.home import Home
from xray_core.paths import find_allowed
from xray_core.processes import start_detached, xray_command

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


def add_dataset(home: Home, folder: Path) -> Path:
    """Put `folder` on the shelf, and return it resolved.

    Raises:
        DatasetError: it is no dataset, lies outside XRAY_DATA_ROOTS, or the disk refuses.
    """
    folder = find_allowed(folder)
    reader = READERS[detect_dataset(folder)]
    root = find_allowed(reader.find_root(folder) or folder)
    if reader.roots:
        reader.roots(root)  # a union's members may lie elsewhere
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
    """Draw the demo data in a process of its own, unless it is there or being drawn."""
    if is_phantom(home.demo_data) or is_drawing_demo(home):
        return
    arguments = ("demo", str(home.demo_data), "--images", str(N_DEMO_IMAGES))
    start_detached(xray_command(*arguments), home.folder / "demo.log")


def count_drawn(home: Home) -> int:
    """Return how many of the `N_DEMO_IMAGES` films of an unfinished demo dataset are there."""
    return sum(1 for _ in home.data.glob(f".{DEMO}.*.partial/train/*"))


def is_drawing_demo(home: Home) -> bool:
    """Whether a process draws into the demo folder just now."""
    home.data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_of(home.demo_data))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


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
        return [Path(one) for one in json.loads(path.read_text("utf-8"))]
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} is damaged: {error}. Mend or delete it; only the list is lost."
        ) from error
