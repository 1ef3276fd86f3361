"""Radiologists' readings, a text file for each image, as the tuberculosis sets have them.

    Patient's Sex: F                 Montgomery
    Patient's Age: 027Y
    normal

    male 45yrs                       Shenzhen; also "Female, 28yrs", "femal 32yrs", "male 16month"
    bilateral PTB

Copies on Kaggle have the same in a table: study_id, gender or sex, age, findings.
"""

import posixpath
import re
from typing import NamedTuple

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.known.entry import Prepared
from xray_core.datasets.reader import count_remark
from xray_core.paths import read_bytes
from xray_core.tables.lookup import match_columns
from xray_core.tables.sheet import read_sheet

FOLDER = "clinicalreadings"  # of the text files, in lower case
TABLE = re.compile(r"(montgomery|shenzhen)_metadata\.csv", re.IGNORECASE)
COLUMNS = {"study_id": "path", "gender": "gender", "sex": "gender", "age": "age"}
READING = "findings"  # the column of the table
MAX_CHARACTERS = 5000
FORMS = (
    re.compile(
        r"\s*Patient'?s?\s+Sex:\s*(?P<sex>[A-Z]+)\s+Patient'?s?\s+Age:\s*0*(?P<age>\d{1,3})\s*"
        r"(?P<unit>[YMWD])\b(?P<reading>.*)",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"\s*(?P<sex>female?|male|[FM])[\s,]*0*(?P<age>\d{1,3})\s*"
        r"(?P<unit>y(?:(?:ea)?rs?)?|m(?:onths?)?|d(?:ays?)?)\b\.?(?P<reading>.*)",
        re.IGNORECASE | re.DOTALL,
    ),
)
ROLES = ("gender", "age", "reading")


class Reading(NamedTuple):
    """What a reading says; "" for what it does not. `age` is a number and its unit's letter."""

    gender: str
    age: str
    reading: str
    is_clear: bool


def parse_reading(text: str) -> Reading:
    r"""Return what the text of a reading says.

    >>> parse_reading("femal 32yrs\nleft upper TB")
    Reading(gender='F', age='32Y', reading='left upper TB', is_clear=True)
    """
    for form in FORMS:
        if match := form.match(text):
            age = f"{match['age']}{match['unit'][0].upper()}"
            return Reading(match["sex"][0].upper(), age, _tidy(match["reading"]), True)
    return Reading("", "", _tidy(text), not text.strip())


def add_readings(files: FolderFiles, rows: pd.DataFrame) -> Prepared:
    """Add sex, age and reading to the rows of images; see `KnownDataset.beside`."""
    said, unclear, are_there = _read_texts(files)
    tables: list[str] = []
    if not said:
        said, tables = _read_tables(files)
        are_there = bool(said)
    keys = rows["path"].map(_key)
    of_row = [said.get(key, Reading("", "", "", True)) for key in keys]
    for role in ROLES:
        cells = [getattr(reading, role) or None for reading in of_row]
        rows[role] = pd.Series(cells, rows.index, dtype="string")
    without = list(rows.loc[~keys.isin(said), "path"]) if are_there else []
    return Prepared(
        rows,
        (
            _remark_absent(are_there),
            count_remark("unjoined_row", without, "Images whose reading is not there"),
            count_remark(
                "unclear_cell",
                unclear,
                "Readings that do not begin with sex and age, kept whole",
            ),
        ),
        tuple(tables),
    )


def _read_texts(files: FolderFiles) -> tuple[dict[str, Reading], list[str], bool]:
    """Return image -> reading of the text files, the unclear ones, and whether any is there."""
    said: dict[str, Reading] = {}
    unclear: list[str] = []
    for path in files.inventory.others:
        folder, name = posixpath.split(path)
        if posixpath.basename(folder).lower() != FOLDER or not name.lower().endswith(".txt"):
            continue
        text = read_bytes(files.root / path).decode("utf-8-sig", "replace")
        reading = parse_reading(text[:MAX_CHARACTERS])
        said.setdefault(posixpath.splitext(name)[0].casefold(), reading)
        unclear += [] if reading.is_clear else [path]
    return said, unclear, bool(said)


def _read_tables(files: FolderFiles) -> tuple[dict[str, Reading], list[str]]:
    """Return image -> reading of the tables that copies have, and which these are."""
    said: dict[str, Reading] = {}
    tables: list[str] = []
    for path in files.inventory.tables:
        if not TABLE.fullmatch(posixpath.basename(path)):
            continue
        rows = read_sheet(files.root / path).rows
        spelt = match_columns(rows.columns, (*COLUMNS, READING), files.root / path)
        rows = rows.rename(columns={c: COLUMNS.get(name, name) for name, c in spelt.items()})
        if not {"path", READING} <= set(rows.columns):
            continue
        tables.append(path)
        columns = ["path", "gender", "age", READING]
        cells = rows.reindex(columns=columns, fill_value="").fillna("")
        for name, gender, age, reading in cells.itertuples(index=False, name=None):
            said.setdefault(_key(str(name)), Reading(gender, age, _tidy(reading), True))
    return said, tables


def _remark_absent(are_there: bool) -> Remark:
    message = (
        "The folder ClinicalReadings is absent, so sex, age and readings are unknown. Get it from "
        "the dataset's page and put it beside the images."
    )
    return Remark("missing_table", 0 if are_there else 1, message, ("ClinicalReadings",))


def _key(path: str) -> str:
    return without_suffix(posixpath.basename(path)).casefold()


def _tidy(text: str) -> str:
    return " ".join(text.split())
