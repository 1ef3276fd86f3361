"""Folders of any origin: class folders, split folders with class folders, or a mapped CSV.

    COVID/a.png  normal/b.png                     the class is the first folder level
    train/COVID/a.png  valid/normal/b.png         train, val and test under their usual names
    xray_dataset.json  metadata.csv  images/      which column says what: see folder_mapping.py

A mapping counts before folder names. Masks beside a class's images (`images` and `masks`)
are no images of the class.

Known issues:
    - Nothing is known about where such images come from. Patients are unknown, unless a table
      gives them or all names are as those of NIH ChestX-ray14 are (00000231_013.png).
    - Folders in a class folder may stand for patients, views or dates; they are not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import COLUMNS, Catalog, build_catalog
from xray_core.datasets.folder.files import (
    IMAGE_FOLDERS,
    MASK_FOLDERS,
    FolderFiles,
    list_files,
    name_images,
)
from xray_core.datasets.folder.mapping import (
    MAPPING_FILE,
    find_mapping,
    place_in_workspace,
    read_mapping,
)
from xray_core.datasets.folder.table import SOURCE, add_patients, read_mapped
from xray_core.datasets.reader import Reader, count_remark, refused_remark
from xray_core.errors import DatasetError
from xray_core.imagefiles.images import is_image_name
from xray_core.paths import list_folder
from xray_core.tables.cells import SEPARATOR, SPLITS, split_findings

EXPECTS = (
    "two or more class folders with images, also inside train, val and test folders, or "
    f"{MAPPING_FILE} beside a CSV file and its images"
)
N_WRAPPERS = 2  # folders around the dataset that hold nothing else, as archives leave them
N_LOOKED = 200  # entries of a folder that are looked at to tell what it holds
MAX_CLASSES = 200  # more are not classes but, for instance, patients
# A folder of these names says nothing about what its images show.
NO_CLASS = re.compile(r"(images?|imgs?|masks?|dicoms?|pngs?|jpe?gs?|data|all)([_-]?\d+)?", re.I)
# These may divide each class; any other name that returns in two folders is itself a class.
NO_SUBCLASS = re.compile(r".*\d.*|front(al)?|lat(eral)?|left|right|pa|ap", re.I)
TABLES = (".csv", ".xlsx")


@dataclass(frozen=True)
class _Sight:
    """What a look at the first entries of a folder shows."""

    folders: tuple[Path, ...] = ()
    has_image: bool = False
    has_table: bool = False


def find_root(folder: Path) -> Path | None:
    """Return `folder`, or the one inside it, that is laid out as above; see `Reader.find_root`."""
    for _ in range(N_WRAPPERS + 1):
        if find_mapping(folder) or find_layout(folder):
            return folder
        inner = _look(folder).folders
        if len(inner) != 1:
            return None
        folder = inner[0]
    return None


def find_layout(folder: Path) -> str:
    """Return "classes" or "splits" if the names of folders are labels, else "".

    A few hundred entries are looked at, at most three levels deep, and no file is opened.
    """
    folders = _look(folder, n_entries=2 * MAX_CLASSES).folders
    subsets = [subset for subset in folders if subset.name.lower() in SPLITS]
    if subsets:
        classes = {
            inner.name
            for subset in subsets
            for inner in _look(subset).folders
            if _may_be_class(inner.name) and _holds_images(inner)
        }
        return "splits" if 2 <= len(classes) <= MAX_CLASSES else ""
    classes = {
        inner.name for inner in folders if _may_be_class(inner.name) and _holds_images(inner)
    }
    if not 2 <= len(classes) <= MAX_CLASSES or _are_datasets(folders):
        return ""
    return "classes"


def read_folder(folder: Path) -> Catalog:
    """Read a folder laid out as above, or one that holds it.

    Returns:
        A catalog; `image_id` is the path without its suffix, `findings` the name of the class
        folder as it is, or what the table says.

    Raises:
        DatasetError: the folder is laid out in another way, or its mapping or table is damaged.
    """
    root = find_root(folder)
    if root is None:
        raise DatasetError(f"{folder} is not a folder of labelled images: expected {EXPECTS}.")
    mapping = read_mapping(root)
    files = list_files(root)
    return read_mapped(files, mapping) if mapping else _read_layout(files, find_layout(root))


def _read_layout(files: FolderFiles, layout: str) -> Catalog:
    depth = 1 if layout == "splits" else 0  # of the class folder
    ids = name_images(files.images)
    rows, stray = [], []
    for path in files.images:
        folders = path.split("/")[:-1]
        findings = SEPARATOR.join(split_findings(folders[depth])) if len(folders) > depth else ""
        split = SPLITS.get(folders[0].lower()) if depth and folders else None
        if not findings or not _may_be_class(folders[depth]) or (depth and split is None):
            stray.append(path)
            continue
        rows.append(
            {
                "image_id": ids[path],
                "path": path,
                "findings": findings,
                "published_split": split,
                "mask_path": files.masks.get(path),
            }
        )
    stray += [path for path in files.others if "/" in path]  # a licence or table lies on top
    images, name_remarks = add_patients(pd.DataFrame(rows, columns=list(COLUMNS)))
    remarks = [
        count_remark("stray_file", stray, "Files left out, as they are no image of a class"),
        refused_remark(files.refused),
    ]
    return build_catalog(files.root, SOURCE, images, remarks=[*remarks, *name_remarks])


def _may_be_class(name: str) -> bool:
    return name.lower() not in SPLITS and not NO_CLASS.fullmatch(name)


def _holds_images(folder: Path) -> bool:
    """Whether images lie in a folder, or in one of the first folders in it."""
    sight = _look(folder)
    return sight.has_image or any(_look(inner).has_image for inner in sight.folders[:N_LOOKED])


def _are_datasets(folders: Sequence[Path]) -> bool:
    """Whether folders look like whole datasets side by side, rather than like classes."""
    seen: set[str] = set()
    for folder in folders:
        sight = _look(folder)
        names = {inner.name.lower() for inner in sight.folders}
        if sight.has_table or names & SPLITS.keys():
            return True
        subclasses = {
            re.sub(r"^\d+_", "", name)
            for name in names
            if name not in (*MASK_FOLDERS, *IMAGE_FOLDERS)
        }
        subclasses = {name for name in subclasses if not NO_SUBCLASS.fullmatch(name)}
        if subclasses & seen:
            return True
        seen |= subclasses
    return False


def _look(folder: Path, n_entries: int = N_LOOKED) -> _Sight:
    try:
        listing = list_folder(folder, n_entries)
    except DatasetError:  # what may not be read holds nothing
        return _Sight()
    return _Sight(
        tuple(folder / name for name in listing.folders),
        any(map(is_image_name, listing.files)),
        any(name.lower().endswith(TABLES) or name == MAPPING_FILE for name in listing.files),
    )


READER = Reader(
    title="A folder of your own",
    expects=EXPECTS,
    find_root=find_root,
    read=read_folder,
    citation="whoever published the images",
    licence="as the publisher of the images says",
    address="",
    kaggle="",
    not_on_kaggle="It is no published dataset: add the folder where you have it.",
    about="Images from anywhere, labelled by the names of their folders or by a CSV file.",
    known_issues=(
        "Nothing is known about where the images come from, so classes may differ by origin "
        "instead of by disease.",
        "Patients are unknown unless a table or the file names give them.",
    ),
    generic=True,
    beside=place_in_workspace,
)
