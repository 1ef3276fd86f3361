"""JSRT: radiographs with and without a nodule, the place of each, and what it was.

    Nodule154images/JPCLN001.IMG            2048 x 2048 px of 16 bit; All247images has all
    NonNodule93images/JPCNN001.IMG
    Clinical_Information/CLNDAT_EN.txt      JPCLN001.IMG  5  15  53  male  1634  692  malignant  …
    Clinical_Information/CNNDAT_EN.TXT      JPCNN001.IMG  54  male  non-nodule
    images/images/JPCLN001.png              a copy on Kaggle, with jsrt_metadata.csv

Columns of the first text: file, subtlety (1 extremely subtle to 5 obvious), size in mm, age, sex,
x and y of the middle in px, malignant or benign, and the place and diagnosis in several cells. Its
lines end in one way or another, or not at all. A box is as wide and as high as the nodule's size,
at 0.175 mm a pixel, in px of the original, whatever the size of the file.

Verified: counts, sizes and the meaning of the columns on the database's page and in several public
programs that read the texts; the columns of Kaggle's table in programs that read it, its other
columns by none.
"""

import posixpath
import re
from typing import NamedTuple

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.known.entry import KnownDataset, Prepared
from xray_core.datasets.reader import count_remark
from xray_core.paths import read_bytes
from xray_core.tables.cells import parse_number
from xray_core.tables.lookup import match_columns
from xray_core.tables.sheet import read_sheet

SIDE, MM_PER_PX = 2048, 0.175  # px of the original, square
NODULE_TEXT, OTHER_TEXT = "clndat_en.txt", "cnndat_en.txt"
TABLE = "jsrt_metadata.csv"
RECORD = re.compile(r"(JPC[LN]N\d{3})\.IMG", re.IGNORECASE)
NODULE, NONE = "nodule", "non-nodule"
STATES = {"malignant": "malignant nodule", "benign": "benign nodule", NONE: NONE}
ROLES = ("label", "age", "gender", "reading", "x", "y", "width", "height")
SIZES = ("original_width", "original_height")
UNKNOWN = "?"


class _Case(NamedTuple):
    """What is said of an image, as text; "" for what is not. Box: left, top, width, height, px."""

    label: str
    age: str
    gender: str
    reading: str = ""
    x: str = ""
    y: str = ""
    width: str = ""
    height: str = ""


def add_cases(files: FolderFiles, rows: pd.DataFrame) -> Prepared:
    """Add what the texts or the table say to the rows of images; see `KnownDataset.beside`."""
    broken: list[str] = []
    said = _read_cases(files, broken)
    keys = rows["path"].map(_key)
    of_row = [said.get(key) or _Case(_label_of(key), "", "") for key in keys]
    for role in ROLES:
        cells = [getattr(case, role) or None for case in of_row]
        rows[role] = pd.Series(cells, rows.index, dtype="string")
    for role in SIZES:
        rows[role] = pd.Series(str(SIDE), rows.index, dtype="string")
    without = list(rows.loc[~keys.isin(said), "path"]) if said else []
    message = (
        "CLNDAT_EN.txt and CNNDAT_EN.TXT are absent, so age, sex, the place of the nodule and what "
        "it was are unknown. Get Clinical_Information.zip from the database's page."
    )
    return Prepared(
        rows,
        (
            Remark("missing_table", 0 if said else 1, message, ("CLNDAT_EN.txt",)),
            count_remark("unjoined_row", without, "Images of which the texts say nothing"),
            count_remark("broken_boxes", broken, "Boxes left out, as they are not three numbers"),
        ),
        tuple(path for path in files.inventory.tables if _is_table(path)),
    )


def _read_cases(files: FolderFiles, broken: list[str]) -> dict[str, _Case]:
    """Return image -> what the texts say, and where they are silent, the table."""
    said: dict[str, _Case] = {}
    for path in sorted(files.inventory.others):
        name = posixpath.basename(path).lower()
        if name in (NODULE_TEXT, OTHER_TEXT):
            text = read_bytes(files.root / path).decode("utf-8-sig", "replace")
            parts = RECORD.split(text)[1:]
            for key, words in zip(parts[::2], parts[1::2], strict=True):
                parse = _parse_nodule if name == NODULE_TEXT else _parse_other
                said.setdefault(key.casefold(), parse(key, words.split(), broken))
    for path in sorted(files.inventory.tables):
        if _is_table(path):
            _read_table(files, path, said, broken)
    return said


def _is_table(path: str) -> bool:
    return posixpath.basename(path).lower() == TABLE


def _parse_nodule(key: str, words: list[str], broken: list[str]) -> _Case:
    """Return what a record of CLNDAT_EN.txt says."""
    if len(words) < 7:
        broken.append(key)
        return _Case(NODULE, "", "")
    subtlety, size, age, gender, x, y, state = words[:7]
    note = " ".join(words[7:])
    return _build(key, state, age, gender, (x, y, size), (note, f"subtlety {subtlety}"), broken)


def _parse_other(key: str, words: list[str], broken: list[str]) -> _Case:
    """Return what a record of CNNDAT_EN.TXT says."""
    age, gender = words[:2] if len(words) > 1 else ("", "")
    return _Case(_label_of(key.casefold()), _known(age), _known(gender))


def _read_table(files: FolderFiles, path: str, said: dict[str, _Case], broken: list[str]) -> None:
    rows = read_sheet(files.root / path).rows
    names = ["study_id", "state", "age", "gender", "x", "y", "size", "position", "diagnosis"]
    columns = match_columns(rows.columns, names, files.root / path)
    rows = rows.rename(columns={column: name for name, column in columns.items()})
    table = rows.reindex(columns=names, fill_value="").fillna("")
    for cells in table.itertuples(index=False, name=None):
        name, state, age, gender, x, y, size, position, diagnosis = map(str, cells)
        key = _key(name)
        case = _build(key, state, age, gender, (x, y, size), (position, diagnosis), broken)
        said.setdefault(key, case)


def _build(
    key: str,
    state: str,
    age: str,
    gender: str,
    place: tuple[str, str, str],
    notes: tuple[str, str],
    broken: list[str],
) -> _Case:
    """Return a case; `place` is x, y (px) and size (mm) of the nodule."""
    label = STATES.get(state.strip().lower(), _label_of(key.casefold()))
    if label == NONE:
        return _Case(label, _known(age), _known(gender))
    reading = ", ".join(filter(None, (state.strip().lower(), *map(_known, notes))))
    x, y, size = map(parse_number, place)
    if x is None or y is None or not size:
        broken.append(key)
        return _Case(label, _known(age), _known(gender), reading)
    side = size / MM_PER_PX
    box = (x - side / 2, y - side / 2, side, side)
    return _Case(label, _known(age), _known(gender), reading, *(f"{n:.2f}" for n in box))


def _label_of(key: str) -> str:
    """Return what the name of an image says: JPCLN has a nodule, JPCNN none."""
    return NODULE if key.startswith("jpcl") else NONE


def _known(cell: str) -> str:
    return "" if cell.strip() == UNKNOWN else " ".join(cell.split())


def _key(path: str) -> str:
    return without_suffix(posixpath.basename(path)).casefold()


JSRT = KnownDataset(
    name="jsrt",
    title="JSRT nodules",
    expects="names JPCLN001 to JPCLN154 and JPCNN001 to JPCNN093, with CLNDAT_EN.txt or a table",
    about=(
        "247 radiographs of 14 hospitals, digitized for the Japanese Society of Radiological "
        "Technology: 154 with a nodule (100 malignant, 54 benign) and its place, 93 without."
    ),
    known_issues=(
        "The files as published are raw gray levels without a header; high values are dark.",
        "The images are few and were chosen: a nodule in most of them, many hard to see.",
        "A box is a square around the middle of the nodule, as wide as its size in mm says.",
        "No patients are published: each image is taken for a patient of its own, which nobody "
        "vouches for.",
    ),
    address="https://db.jsrt.or.jp/eng.php",
    citation="Shiraishi et al., AJR 174 (2000), doi:10.2214/ajr.174.1.1740071",
    licence="free for research after registration; cite the paper",
    kaggle="raddar/nodules-in-chest-xrays-jsrt",
    images=(r"(^|/)JPC(LN(00[1-9]|0[1-9]\d|1[0-4]\d|15[0-4])|NN(00[1-9]|0[1-8]\d|09[0-3]))\.\w+$"),
    folders=(
        *("Nodule154images", "NonNodule93images", "All247images"),
        *("images/images", "images", ""),
    ),
    beside=add_cases,
    beside_roles=(*ROLES, *SIZES),
)
