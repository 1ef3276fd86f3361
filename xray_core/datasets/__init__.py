"""Dataset readers: folder in, catalog out.

To add a dataset whose tables or file names say all: add an entry to `known`. To add one that needs
more: write one module with `find_root`, `read_<name>` and a `READER` (see `kermany.py`), add one
line to `READERS`, and a fake folder to `tests/datasets/fakes.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from xray_core.catalog import TABLES, Catalog, read_catalog, write_catalog
from xray_core.datasets import (
    coronahack,
    covid19_radiography,
    kermany,
    nih_chestxray14,
    rsna_pneumonia,
    siim_covid19,
    union,
    union_any,
)
from xray_core.datasets import folder as any_folder
from xray_core.datasets.accounting import account_for_images
from xray_core.datasets.choice import Choice, choose_reader
from xray_core.datasets.folder.mapping import place_in_workspace
from xray_core.datasets.inventory import list_wrappers
from xray_core.datasets.known import KNOWN_READERS
from xray_core.datasets.measure import measure_images
from xray_core.datasets.memory import (
    look_at,
    recall_choice,
    recall_refusal,
    recall_roughly,
    remember_choice,
    remember_refusal,
)
from xray_core.datasets.reader import READERS_VERSION, Reader
from xray_core.errors import DatasetError
from xray_core.paths import find_allowed, is_hidden

READERS: dict[str, Reader] = {
    "coronahack": coronahack.READER,
    "covid19_radiography": covid19_radiography.READER,
    "kermany": kermany.READER,
    "nih_chestxray14": nih_chestxray14.READER,
    "rsna_pneumonia": rsna_pneumonia.READER,
    "siim_covid19": siim_covid19.READER,
    "siim_radiography": union.READER,
    union_any.NAME: union_any.build_reader(lambda folder, name: _read_member(folder, name)),
    **KNOWN_READERS,
    "folder": any_folder.READER,
}
# Collections of which one took images from another, or both from a third.
SAME_IMAGES = (
    {"siim_covid19", "covid19_radiography", "siim_radiography"},  # the last is both together
    {"kermany", "coronahack", "covid19_radiography", "siim_radiography"},
    {"nih_chestxray14", "rsna_pneumonia", "covid19_radiography", "siim_radiography", "siim_acr"},
    {"vindr_cxr", "vinbigdata"},
    {"montgomery", "montgomery_shenzhen"},
    {"shenzhen", "montgomery_shenzhen"},
    {"openi", "openi_xml"},
    # Put together from others, not all of which are named.
    {"covidx", "covid_qu_ex", "covid19_radiography", "siim_radiography", "siim_covid19"},
    {"covidx", "covid_qu_ex", "rsna_pneumonia", "nih_chestxray14", "siim_acr"},
    {"covid_qu_ex", "kermany", "coronahack"},
)


def may_share_images(first: str, second: str) -> bool:
    """Return whether datasets of the readers `first` and `second` may hold the same images."""
    if first == second or any(READERS[x].generic or x == union_any.NAME for x in (first, second)):
        return True
    return any({first, second} <= together for together in SAME_IMAGES)


def detect_dataset(folder: Path) -> str:
    """Return the name of the reader that understands `folder`. Raises as `find_dataset`."""
    return find_dataset(folder)[0]


def find_dataset(folder: Path) -> tuple[str, Path]:
    """Return which dataset lies in `folder`: the name of its reader, and its root.

    The root is the folder that directly holds the dataset, links resolved. It may lie a level or
    two below `folder`, as in most archives, and is the same whatever way leads to it: two folders
    are of one dataset if their roots are equal, and a run's `data_folder` is a root.

    Raises:
        DatasetError: the folder is missing, a file, empty, of no known layout (the message
            says what was seen and what each reader expects), holds several datasets, or lies
            where this app may not read.
    """
    choice = choose(folder)
    return choice.name, choice.root


def choose(folder: Path, reader: str = "", cache: Path | None = None) -> Choice:
    """Return what `find_dataset` does, with the reasons.

    Args:
        folder: as there.
        reader: the name of the reader that is to read it; "" for the one that fits, or that the
            folder's xray_dataset.json names.
        cache: the workspace's cache, where the answer is kept for other processes; None for none.

    Raises:
        DatasetError: as there, or this reader cannot read it.
    """
    _check_folder(folder)
    with _format_refusals(folder):
        mappings = [place_in_workspace(level) for level in list_wrappers(folder)]
        state = look_at([folder, *mappings])
        choice = recall_choice(folder, reader, state.digest)
        if choice is None or choice.name not in READERS:
            try:
                choice = choose_reader(folder, READERS, reader)
            except DatasetError as error:
                remember_refusal(folder, [folder, *mappings], state, error)
                raise
            remember_choice(folder, reader, state.digest, choice, cache)
    find_allowed(choice.root)
    return choice


def recall_dataset(folder: Path) -> tuple[str, Path]:
    """Return what `find_dataset` does, from memory while `folder` and its root did not change.

    For lists that are shown at every click. A dataset whose files are taken away below its root
    is recalled all the same; whoever opens it is told. Of a folder that was refused the reason is
    recalled while nothing in it changes, which takes seconds to find out where it is large.

    Raises:
        DatasetError: see `find_dataset`.
    """
    choice = recall_roughly(folder)
    if choice is None or choice.name not in READERS:
        find_allowed(folder)
        if refusal := recall_refusal(folder):
            raise refusal.with_traceback(None)
        return find_dataset(folder)
    find_allowed(choice.root)  # other roots may be set by now
    return choice.name, choice.root


def open_dataset(
    folder: Path,
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
    reader: str = "",
) -> Catalog:
    """Read and measure a dataset once; later calls read the result from `cache`.

    The folder is read anew when its `fingerprint_dataset` is another.

    Args:
        folder: the dataset folder, or one that holds it.
        cache: the workspace's cache; `catalogs/<key>` in it is written.
        progress: called with (done, total) as images are measured, on the first opening.
        reader: see `choose`.

    Raises:
        DatasetError: see `find_dataset` and the reader's own `read`.
    """
    choice = choose(folder, reader, cache)
    name, root = choice.name, choice.root
    with _format_refusals(folder):
        kept = cache / "catalogs" / fingerprint_dataset(name, root)
    if kept.is_dir():
        try:
            return read_catalog(kept)
        except DatasetError:
            pass  # damaged: built again below, in the same place
    with _format_refusals(folder):
        catalog = choice.read() if choice.read else READERS[name].read(root)
        catalog = account_for_images(catalog, choice.inventory)
        catalog = measure_images(replace(catalog, root=root, notes=choice.notes), progress)
    write_catalog(catalog, kept)
    return catalog


def _read_member(folder: Path, reader: str) -> Catalog:
    """Read a dataset for a union of which it is a member; its images are measured there."""
    choice = choose(folder, reader)
    catalog = choice.read() if choice.read else READERS[choice.name].read(choice.root)
    return account_for_images(replace(catalog, root=choice.root), choice.inventory)


def fingerprint_dataset(name: str, root: Path, hurried: bool = False) -> str:
    """Return a name for the state of a dataset: another one whenever it must be read anew.

    That is when files or folders come or go, or when a table changes, in the dataset or in what
    belongs to it, such as the members of a union. `state` says what is not noticed: above all an
    image that is overwritten in place, of which the catalog then holds the old size. Trainings,
    thumbnails and the audit's reading of images look at each file for themselves.

    Args:
        name: one of `READERS`.
        root: as `find_dataset` returns it.
        hurried: see `DatasetState.is_current`.

    Raises:
        DatasetError: a union's members are not where it says.
    """
    list_roots = READERS[name].roots
    places = list(list_roots(root)) if list_roots else [root]
    state = look_at([*places, *map(place_in_workspace, places)], hurried)
    parts = [READERS_VERSION, TABLES, name, str(root), state.digest]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


@contextmanager
def _format_refusals(folder: Path) -> Iterator[None]:
    """Let a folder or a table below `folder` that the system refuses leave as a DatasetError.

    So does a full memory, which says nothing about the folder: nobody remembers it.
    """
    try:
        yield
    except MemoryError as error:
        raise DatasetError(
            f"The memory was full while {folder} was read. Close other programs, or take large "
            "tables out of the folder, and open it again."
        ) from error
    except OSError as error:
        raise DatasetError(
            f"{error.filename or folder} cannot be read: {error.strerror or error}. Change its "
            f"permissions, or take it out of {folder}."
        ) from error


def _check_folder(folder: Path) -> None:
    find_allowed(folder)  # before anything is looked at
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
    return (path for path in folder.iterdir() if not is_hidden(path.name))
