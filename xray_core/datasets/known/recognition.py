"""Whether a folder is a known dataset: by the names and headers of its tables, or its file names.

Cheap, as it is asked of every folder that is opened, for every known dataset: a folder is listed
once, and only the first kilobytes of tables of the right name are read.
"""

import posixpath
import re
import time
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from xray_core.datasets.known.entry import KnownDataset, KnownTable
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_file, is_image_name
from xray_core.imagefiles.raw_jsrt import SUFFIX as JSRT_SUFFIX
from xray_core.paths import is_folder, list_folder
from xray_core.tables.sheet import SUFFIXES, read_header

N_LOOKED_AT = 200  # image names of a folder
MOSTLY = 0.5  # share of them that must be as the dataset's are
AT_REST = 2.0  # s since the last change of a folder, after which its time of change is reliable


def match_tables(known: KnownDataset, folder: Path) -> dict[str, KnownTable]:
    """Return file -> the table of the dataset that it is, of those that are to be read.

    Returns:
        Nothing if the folder is another dataset: none is there, or a file is called like one of
        them, but has other columns.
    """
    matched: dict[str, KnownTable] = {}
    kinds: set[str] = set()
    for table in known.tables:
        if table.kind and table.kind in kinds:
            continue
        for file in _list_files(folder, table):
            if not _fits(folder / file, table):
                if table.is_extra:
                    continue
                return {}
            matched[file] = table
            kinds.add(table.kind)
            break
    names_images = any("path" in table.columns for table in matched.values())
    return matched if names_images or known.roles_in_names else {}


def has_named_images(known: KnownDataset, folder: Path) -> bool:
    """Whether a folder of a dataset without tables holds images called as the dataset's are."""
    return any(_names_fit(known, folder, place) for place in known.folders)


def _list_files(folder: Path, table: KnownTable) -> list[str]:
    """Return the files that are called like a table, relative to the folder."""
    fits = re.compile(table.pattern, re.IGNORECASE).fullmatch
    return [
        posixpath.join(place, file)
        for place in table.places
        for file in look_into(folder / place).tables
        if fits(file)
    ]


def _fits(path: Path, table: KnownTable) -> bool:
    try:
        header = read_header(path)
    except DatasetError:
        return False
    if table.first_line:
        return re.match(table.first_line, " ".join(header)) is not None
    return {name.casefold() for name in table.header} <= {name.casefold() for name in header}


def _names_fit(known: KnownDataset, folder: Path, place: str) -> bool:
    names = look_into(folder / place).images
    fits = re.compile(known.images, re.IGNORECASE).search
    n_fitting = sum(bool(fits(posixpath.join(place, name))) for name in names)
    return n_fitting > MOSTLY * len(names)


class Glance(NamedTuple):
    """What of a folder tells a dataset.

    Attributes:
        tables: the files that may be tables.
        images: the names of its first images.
        others: the names of its first other files.
        folders: the folders in it.
    """

    tables: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def look_into(folder: Path) -> Glance:
    """Return what lies in a folder, from memory while it is at rest; nothing if it is no folder.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    if not is_folder(folder):
        return Glance()
    changed = folder.stat().st_mtime_ns
    if time.time() - changed / 1e9 < AT_REST:
        return _look(folder, changed)
    return _look_again(folder, changed)


def _look(folder: Path, changed: int) -> Glance:
    listing = list_folder(folder)

    def is_image(name: str) -> bool:
        if name.lower().endswith(JSRT_SUFFIX):  # of many other things as well
            return is_image_file(folder / name)
        return is_image_name(name)

    tables = tuple(name for name in listing.files if name.lower().endswith(SUFFIXES))
    images = islice(filter(is_image, listing.files), N_LOOKED_AT)
    others = islice((name for name in listing.files if not is_image_name(name)), N_LOOKED_AT)
    return Glance(tables, tuple(images), tuple(others), tuple(listing.folders))


_look_again = lru_cache(64)(_look)
