"""What lies in a folder, listed once: image files, tables, other files, and what is refused.

Only names are read, but for files without a suffix, of which the first bytes say whether they are
DICOM. 100,000 files take about a second; `benchmarks/opening.py` measures it.
"""

import posixpath
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from xray_core.datasets.state import MAX_FILES
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_file, is_image_name
from xray_core.paths import list_folder, walk_folders
from xray_core.tables.sheet import OTHER_SUFFIXES, SUFFIXES

TABLE_SUFFIXES = (*SUFFIXES, *OTHER_SUFFIXES)
# What holds tables of programs, which are not read.
OTHER_TABLES = (
    *(".parquet", ".feather", ".arrow", ".sav", ".dta", ".sas7bdat", ".rds", ".rdata", ".mat"),
    *(".pkl", ".pickle", ".db", ".sqlite", ".mdb", ".accdb", ".csv.zip"),
)
# What has no suffix of its own: IM000001, or the number of a DICOM object, 1.2.840.113.
NO_SUFFIX = re.compile(r"[^.]+|[0-9.]+", re.ASCII)


@dataclass(frozen=True)
class Inventory:
    """What lies below a folder; paths are relative to it, with forward slashes, sorted.

    Attributes:
        root: the folder.
        images: image files, masks among them.
        others: all other files.
        refused: what is no plain file or may not be followed; see `paths.Listing`.
        folders: all folders below `root`, "" for itself, also empty ones.
    """

    root: Path
    images: tuple[str, ...]
    others: tuple[str, ...]
    refused: tuple[str, ...] = ()
    folders: tuple[str, ...] = field(default=("",), repr=False)

    @cached_property
    def image_folders(self) -> Counter[str]:
        """Folder -> how many image files lie directly in it."""
        return Counter(map(posixpath.dirname, self.images))

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The files that may be tables by their names, the nearest first."""
        tables = [path for path in self.others if path.lower().endswith(TABLE_SUFFIXES)]
        return tuple(sorted(tables, key=lambda path: (path.count("/"), path)))

    @cached_property
    def empty_folders(self) -> tuple[str, ...]:
        """The folders in and below which no image lies, but not those that lie in such."""
        held = {""}
        for folder in self.image_folders:
            while folder not in held:
                held.add(folder)
                folder = posixpath.dirname(folder)
        return tuple(
            folder
            for folder in self.folders
            if folder not in held and posixpath.dirname(folder) in held
        )

    def below(self, folder: str) -> "Inventory":
        """Return what lies below one of `folders`, relative to it."""
        if not folder:
            return self
        start = f"{folder}/"

        def cut(paths: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(path[len(start) :] for path in paths if path.startswith(start))

        return Inventory(
            self.root / folder,
            cut(self.images),
            cut(self.others),
            cut(self.refused),
            ("", *cut(self.folders)),
        )


def take_inventory(root: Path) -> Inventory:
    """List all that lies below `root`, but for what is hidden.

    Raises:
        DatasetError: a folder cannot be listed, or there are more than `MAX_FILES` files.
    """
    images: list[str] = []
    others: list[str] = []
    refused: list[str] = []
    folders: list[str] = []
    for folder, names in walk_folders(root, refused):
        folders.append(folder)
        for name in names:
            path = f"{folder}/{name}" if folder else name
            is_image = is_image_name(name) or is_image_file(root / path)
            (images if is_image else others).append(path)
        if len(images) + len(others) > MAX_FILES:
            raise DatasetError(
                f"{root} holds more than {MAX_FILES:,} files. Choose the folder of one dataset."
            )
    return Inventory(
        root,
        tuple(sorted(images)),
        tuple(sorted(others)),
        tuple(sorted(refused)),
        tuple(sorted(folders)),
    )


def list_wrappers(root: Path) -> list[Path]:
    """Return `root` and the folders that archives wrap a dataset in: each the only one in the last.

    A folder beside which a table or an image lies wraps nothing. Licences and notes do.
    """
    levels = [root]
    while True:
        listing = list_folder(levels[-1])
        if len(listing.folders) != 1 or any(map(_is_data, listing.files)):
            return levels
        levels.append(levels[-1] / listing.folders[0])


def _is_data(name: str) -> bool:
    is_table = name.lower().endswith(TABLE_SUFFIXES) and not name.lower().endswith(".txt")
    return (
        is_image_name(name)
        or is_table
        or name.lower().endswith((".json", ".jsonl", ".xml", *OTHER_TABLES))
    )
