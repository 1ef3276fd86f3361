"""A first guess at which column of which CSV says what, for a person to check."""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from xray_core.datasets.folder.files import FolderFiles, without_suffix
from xray_core.datasets.folder.mapping import (
    BOX_CORNERS,
    BOX_SIDES,
    FolderMapping,
)
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import read_bytes
from xray_core.tables.text import ENCODINGS, read_table

N_TABLES = 20
MAX_TABLE_BYTES = 500_000_000
SEPARATORS = ("|", ";", ",")
# Role -> names of columns, in lower case and letters only; the first that is there is taken.
NAMES = {
    "path": (
        *("filename", "file", "filepath", "imagepath", "imagefile", "imagename", "imageindex"),
        *("path", "image", "xrayimagename", "imageid", "img", "imageuid", "id"),
    ),
    "label": (
        *("label", "labels", "finding", "findings", "findinglabels", "class", "classname"),
        *("diagnosis", "category", "target", "pathology", "disease", "condition"),
    ),
    "patient": ("patientid", "patient", "subjectid", "subject", "personid", "pid"),
    "study": ("studyid", "study", "studyinstanceuid", "examid", "accession", "accessionnumber"),
    "split": ("split", "datasettype", "part", "partition", "subset", "set", "phase"),
    "view_position": ("view", "viewposition", "projection", "position"),
    "age": ("age", "patientage", "ageyears"),
    "gender": ("gender", "sex", "patientgender", "patientsex"),
    "x": ("x", "left", "boxx", "bboxx"),
    "y": ("y", "top", "boxy", "bboxy"),
    "width": ("width", "w", "boxwidth", "bboxwidth", "boxw", "bboxw"),
    "height": ("height", "h", "boxheight", "bboxheight", "boxh", "bboxh"),
    "x1": ("x1", "xmin", "left"),
    "y1": ("y1", "ymin", "top"),
    "x2": ("x2", "xmax", "right"),
    "y2": ("y2", "ymax", "bottom"),
    "original_width": ("originalwidth", "originalimagewidth", "imagewidth"),
    "original_height": ("originalheight", "originalimageheight", "imageheight"),
}


def list_tables(files: FolderFiles) -> list[str]:
    """Return the CSV files of a folder, the nearest first."""
    tables = [path for path in files.others if path.lower().endswith(".csv")]
    return sorted(tables, key=lambda path: (path.count("/"), path))[:N_TABLES]


def list_columns(path: Path) -> list[str]:
    """Return the columns of a CSV file that have a name, each once.

    Raises:
        DatasetError: the file cannot be read, or is no comma-separated table.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise DatasetError(f"{path} is larger than {format_bytes(MAX_TABLE_BYTES)}.")
        content = read_bytes(path)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    text = content.decode(ENCODINGS[-1])
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    try:
        header = next((row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row), [])
    except csv.Error as error:
        raise DatasetError(f"{path} is not a readable CSV file: {error}.") from error
    names: dict[str, str] = {}
    for name in header:
        if name.strip():
            names.setdefault(name.strip().lower(), name.strip())
    if len(names) == 1 and re.search(r"[;\t]", next(iter(names))):
        raise DatasetError(
            f"The columns of {path} are not separated by commas. Open it in a spreadsheet and "
            "save it as comma-separated CSV."
        )
    if not names:
        raise DatasetError(f"{path} has no header. Its first row must name the columns.")
    return list(names.values())


def read_rows(path: Path) -> pd.DataFrame:
    """Return all named columns of a CSV file as text; see `read_table`.

    Raises:
        DatasetError: the file cannot be read as a table.
    """
    return read_table(path, (), optional=list_columns(path))


def suggest_mapping(files: FolderFiles) -> FolderMapping | None:
    """Guess the table whose cells name the most images of the folder, and its columns.

    Returns:
        None if no table has a column that names an image file, or is called as if it did.
    """
    best, most = None, (False, -1)
    for table in list_tables(files):
        try:
            rows = read_rows(files.root / table)
            mapping = suggest_columns(files, table, rows)
        except DatasetError:
            continue  # another table may do
        if mapping is not None:
            n_named = count_named(files, rows[mapping.columns["path"]])
            score = (n_named > 0 and "label" in mapping.columns, n_named)
            if score > most:
                best, most = mapping, score
    return best


def suggest_columns(files: FolderFiles, table: str, rows: pd.DataFrame) -> FolderMapping | None:
    """Guess the columns of one table, from their names and, for the image, their cells."""
    plain: dict[str, str] = {}
    for column in rows.columns:
        plain.setdefault(re.sub("[^a-z0-9]", "", column.lower()), column)
    columns = {
        role: plain[name]
        for role, names in NAMES.items()
        if (name := next((spelling for spelling in names if spelling in plain), None))
    }
    counts = {column: count_named(files, rows[column]) for column in rows.columns}
    most = max(counts.values(), default=0)
    if most and counts.get(columns.get("path", ""), 0) < most:
        columns["path"] = next(column for column, n in counts.items() if n == most)
    if "path" not in columns:
        return None
    for role in [role for role in columns if columns[role] == columns["path"] and role != "path"]:
        del columns[role]
    _settle_boxes(columns)
    cells = rows[columns["label"]].dropna() if "label" in columns else pd.Series(dtype="string")
    separator = next((s for s in SEPARATORS[:2] if cells.str.contains(s, regex=False).any()), "")
    order = {role: columns[role] for role in NAMES if role in columns}
    return FolderMapping(table, order, separator)


def _settle_boxes(columns: dict[str, str]) -> None:
    """Keep one whole way of giving boxes; beside corners, width and height are the image's."""
    corners = all(role in columns for role in BOX_CORNERS)
    sides = all(role in columns for role in BOX_SIDES)
    if corners and "original_width" not in columns and {"width", "height"} <= columns.keys():
        columns["original_width"] = columns["width"]
        columns["original_height"] = columns["height"]
    unwanted = [
        *(BOX_SIDES if corners or not sides else ()),
        *(() if corners else BOX_CORNERS),
    ]
    if not (corners or sides) or not {"original_width", "original_height"} <= columns.keys():
        unwanted += ["original_width", "original_height"]
    for role in unwanted:
        columns.pop(role, None)


def count_named(files: FolderFiles, cells: pd.Series) -> int:
    """Count the different cells whose last part is the name of an image of the folder."""
    names = {path.rpartition("/")[2].lower() for path in files.images}
    names |= {without_suffix(name) for name in names}
    cell_names = cells.dropna().str.replace(r"^.*[/\\]", "", regex=True).str.lower()
    return int(cell_names[cell_names.isin(names)].nunique())
