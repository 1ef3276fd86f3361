"""Dataset readers: folder in, catalog out.

To add a dataset: write one module with `find_root`, `read_<name>` and a `READER` (see
`kermany.py`), add one line to `READERS`, and a fake folder to `tests/datasets/fakes.py`.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from xray_core.catalog import TABLES, Catalog, read_catalog, write_catalog
from xray_core.datasets import (
    coronahack,
    covid19_radiography,
    kermany,
    nih_chestxray14,
    rsna_pneumonia,
    siim_covid19,
    union,
)
from xray_core.datasets import folder as any_folder
from xray_core.datasets.images import measure_images
from xray_core.datasets.reader import Reader
from xray_core.errors import DatasetError

READERS: dict[str, Reader] = {
    "coronahack": coronahack.READER,
    "covid19_radiography": covid19_radiography.READER,
    "kermany": kermany.READER,
    "nih_chestxray14": nih_chestxray14.READER,
    "rsna_pneumonia": rsna_pneumonia.READER,
    "siim_covid19": siim_covid19.READER,
    "siim_radiography": union.READER,
    "folder": any_folder.READER,
}
# Collections of which one took images from another, or both from a third.
SAME_IMAGES = (
    {"siim_covid19", "covid19_radiography", "siim_radiography"},  # the last is both together
    {"kermany", "coronahack", "covid19_radiography", "siim_radiography"},
    {"nih_chestxray14", "rsna_pneumonia", "covid19_radiography", "siim_radiography"},
)

READERS_VERSION = 3  # raise it when a reader returns something else for the same folder
TABLE_SUFFIXES = (".csv", ".txt", ".xlsx", ".json")
N_SHOWN = 5


def may_share_images(one: str, other: str) -> bool:
    """Return whether datasets of the readers `one` and `other` may hold the same images."""
    if one == other or READERS[one].generic or READERS[other].generic:
        return True
    return any({one, other} <= together for together in SAME_IMAGES)


def detect_dataset(folder: Path) -> str:
    """Return the name of the reader that understands `folder`.

    Raises:
        DatasetError: the folder is missing, a file, empty, of no known layout (the message
            says what was seen and what each reader expects), or holds several datasets.
    """
    _check_folder(folder)
    with _refusals_in_words(folder):
        found = [name for name, one in READERS.items() if not one.generic and one.find_root(folder)]
        if not found:
            found = [name for name, one in READERS.items() if one.generic and one.find_root(folder)]
    if len(found) > 1:
        raise DatasetError(
            f"{folder} holds several datasets: {', '.join(found)}. "
            "Choose the folder of one of them."
        )
    if not found:
        expected = "; ".join(f"{reader.title}: {reader.expects}" for reader in READERS.values())
        raise DatasetError(
            f"{folder} is no known dataset. It holds {_describe(folder)}. Expected one of: "
            f"{expected}."
        )
    return found[0]


def open_dataset(
    folder: Path, cache: Path, progress: Callable[[int, int], None] | None = None
) -> Catalog:
    """Read and measure a dataset once; later calls read the result from `cache`.

    The folder is read anew when files come or go, or when one of its tables changes.

    Args:
        folder: the dataset folder, or one that holds it.
        cache: the workspace's cache; `catalogs/<key>` in it is written.
        progress: called with (done, total) as images are measured, on the first opening.

    Raises:
        DatasetError: see `detect_dataset` and the reader's own `read`.
    """
    name = detect_dataset(folder)
    with _refusals_in_words(folder):
        root = READERS[name].find_root(folder)
        assert root is not None  # detect_dataset found it
        root = root.resolve()
        kept = cache / "catalogs" / _fingerprint(name, root)
    if kept.is_dir():
        try:
            return read_catalog(kept)
        except DatasetError:
            pass  # damaged: built again below, in the same place
    with _refusals_in_words(folder):
        catalog = measure_images(READERS[name].read(root), progress)
    write_catalog(catalog, kept)
    return catalog


@contextmanager
def _refusals_in_words(folder: Path) -> Iterator[None]:
    """Let a folder or a table below `folder` that the system refuses leave as a DatasetError."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{error.filename or folder} cannot be read: {error.strerror or error}. Change its "
            f"permissions, or take it out of {folder}."
        ) from error


def _refuse(error: OSError) -> NoReturn:
    """Raise `error`: a folder that may not be listed would else be left out without a word."""
    raise error


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise DatasetError(f"{folder} does not exist. Choose the folder of an extracted dataset.")
    if not folder.is_dir():
        raise DatasetError(f"{folder} is a file. Extract it first and choose the folder.")
    try:
        empty = not any(_visible(folder))
    except OSError as error:
        raise DatasetError(f"{folder} cannot be listed: {error.strerror}.") from error
    if empty:
        raise DatasetError(f"{folder} is empty. Choose the folder of an extracted dataset.")


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))


def _describe(folder: Path) -> str:
    """Say what a folder holds, e.g. "1 folder and 2 files: images, a.csv, b.csv"."""
    entries = sorted(_visible(folder), key=lambda path: (path.is_file(), path.name))
    n_folders = sum(path.is_dir() for path in entries)
    counts = ((n_folders, "folder"), (len(entries) - n_folders, "file"))
    text = " and ".join(f"{n:,} {kind}{'s' * (n != 1)}" for n, kind in counts if n)
    names = ", ".join(path.name for path in entries[:N_SHOWN])
    return f"{text}: {names}{', ...' * (len(entries) > N_SHOWN)}"


def _fingerprint(name: str, root: Path) -> str:
    """Return a name for the state of a dataset: its folders' times, its tables' times and sizes."""
    state: list[object] = [READERS_VERSION, TABLES, name, str(root)]
    list_roots = READERS[name].roots
    for top in list_roots(root) if list_roots else [root]:
        for folder, subfolders, files in os.walk(top, onerror=_refuse):
            hidden = (".", "__MACOSX")
            subfolders[:] = sorted(one for one in subfolders if not one.startswith(hidden))
            tables = sorted(file for file in files if file.lower().endswith(TABLE_SUFFIXES))
            for path in (Path(folder), *(Path(folder, table) for table in tables)):
                found = path.stat()
                size = 0 if path.is_dir() else found.st_size
                state.append([path.as_posix(), size, found.st_mtime_ns])
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:20]
