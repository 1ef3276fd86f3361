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

from xray_core.datasets.known.entry import KnownDataset, KnownTable
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_file, is_image_name
from xray_core.imagefiles.raw_jsrt import SUFFIX as JSRT_SUFFIX
from xray_core.paths import Listing, is_folder, list_folder
from xray_core.tables.sheet import read_header

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
    listings = {place: list_known_folder(folder / place) for place in table.places}
    return [
        posixpath.join(place, file)
        for place, listing in listings.items()
        for file in (listing.files if listing else ())
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
    listing = list_known_folder(folder / place)
    pattern = re.compile(known.images, re.IGNORECASE)

    def fits(name: str) -> bool:
        return pattern.search(posixpath.join(place, name)) is not None

    def is_image(name: str) -> bool:
        if name.lower().endswith(JSRT_SUFFIX):  # of many other things as well
            return fits(name) and is_image_file(folder / place / name)
        return is_image_name(name)

    names = filter(is_image, listing.files if listing else [])
    looked_at = list(islice(names, N_LOOKED_AT))
    return sum(map(fits, looked_at)) > MOSTLY * len(looked_at)


def list_known_folder(folder: Path) -> Listing | None:
    """Return what lies in a folder, from memory while it is at rest; None if it is no folder."""
    if not is_folder(folder):
        return None
    changed = folder.stat().st_mtime_ns
    if time.time() - changed / 1e9 < AT_REST:
        return list_folder(folder)
    return _list_again(folder, changed)


@lru_cache(64)
def _list_again(folder: Path, changed: int) -> Listing:
    return list_folder(folder)
