"""Which column of a table says what: a first guess from its name and its cells."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from xray_core.datasets.folder.findings import STATES
from xray_core.datasets.folder.mapping import BOX_CORNERS, BOX_SIDES, ORIGINAL_SIZE
from xray_core.datasets.folder.names import is_label, split_words, word_set
from xray_core.tables.cells import (
    PARSERS,
    parse_number,
    parse_subset,
)
from xray_core.tables.header import is_index
from xray_core.tables.labels import guess_separator, split_cell
from xray_core.tables.regions import is_box_column, is_run_lengths, parse_box_cell

N_LOOKED = 2000  # cells of a column that a guess is made from
MAX_LABELS = 60  # different ones; more are no classes
LONGEST_LABEL = 80  # signs; longer ones are sentences
FITTING = 0.9  # share of the cells that must be as a role has them
# Role -> names of columns, in lower case and letters only; the first that is there is taken.
NAMES: Mapping[str, tuple[str, ...]] = {
    "path": (
        *("filename", "file", "filepath", "imagepath", "imagefile", "imagename", "imageindex"),
        *("path", "image", "xrayimagename", "imageid", "img", "imageuid", "fname", "dicomid"),
        *("datei", "dateiname", "bild", "archivo", "imagen", "fichero", "fichier", "arquivo", "id"),
    ),
    "folder": ("folder", "foldername", "directory", "dir", "imagedir", "ordner", "carpeta"),
    "label": (
        *("label", "labels", "finding", "findings", "findinglabel", "findinglabels", "classname"),
        *(
            "class",
            "classes",
            "diagnosis",
            "diagnose",
            "category",
            "target",
            "pathology",
            "problems",
        ),
        *("disease", "condition", "mesh", "befund", "klasse", "etiqueta", "etiquetas", "clase"),
        *("hallazgo", "diagnostico", "rotulo", "etichetta", "etiquette", "result", "outcome"),
        *("status", "imagetype", "type", "group", "y"),
    ),
    "patient": (
        *("patientid", "patient", "subjectid", "subject", "personid", "person", "pid", "patid"),
        *("paciente", "patientnumber", "patientcode"),
    ),
    "study": ("studyid", "study", "studyinstanceuid", "examid", "accession", "accessionnumber"),
    "split": ("split", "datasettype", "part", "partition", "subset", "set", "phase", "usage"),
    "site": ("site", "hospital", "institution", "center", "centre", "collection"),
    "view_position": (
        *("viewposition", "view", "projection", "position", "viewpositiondicom", "appa"),
    ),
    "age": ("age", "patientage", "ageyears", "alter", "edad", "idade", "eta"),
    "gender": (
        "gender",
        "sex",
        "patientgender",
        "patientsex",
        "patientsexdicom",
        "geschlecht",
        "sexo",
    ),
    "follow_up": ("followup", "followupnumber"),
    "x": ("x", "left", "boxx", "bboxx"),
    "y": ("y", "top", "boxy", "bboxy"),
    "width": ("width", "w", "boxwidth", "bboxwidth", "boxw", "bboxw"),
    "height": ("height", "h", "boxheight", "bboxheight", "boxh", "bboxh"),
    "x1": ("x1", "xmin", "left"),
    "y1": ("y1", "ymin", "top"),
    "x2": ("x2", "xmax", "right"),
    "y2": ("y2", "ymax", "bottom"),
    "box": ("bbox", "box", "boxes", "bboxes", "boundingbox", "boundingboxes", "bboxxywh"),
    "runs": ("encodedpixels", "rle", "mask", "maskrle", "segmentation", "runlengths"),
    "original_width": ("originalwidth", "originalimagewidth", "imagewidth", "columns"),
    "original_height": ("originalheight", "originalimageheight", "imageheight", "rows"),
}
TEXT_ROLES = ("patient", "study", "site")
UNNAMED = re.compile(r"Column \d+")  # as a sheet without header calls them
# Words of columns of 0 and 1 that say something else than a finding.
NO_FINDING_WORDS = word_set(
    "id index fold split train test val valid validation sex gender male female pediatric "
    "portable ap pa frontal lateral inpatient icu survival deceased age"
)


def plain(name: str) -> str:
    """Return a column's name as `NAMES` has it: letters and digits, without case or accents."""
    text = unicodedata.normalize("NFKD", name)
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())


def _name_plainly(columns: Sequence[str]) -> dict[str, str]:
    """Return plain name -> column: one that is spelt so to the letter, or else the first."""
    named = {plain(column): column for column in reversed(columns)}
    return named | {column: column for column in columns if plain(column) == column}


def guess_columns(rows: pd.DataFrame, taken: Iterable[str]) -> dict[str, str]:
    """Return role -> column for all roles but those of files and labels.

    Args:
        rows: text columns; see `Sheet.rows`.
        taken: columns that name files.
    """
    columns: dict[str, str] = {}
    left = [column for column in rows.columns if column not in set(taken)]
    by_name = _name_plainly(left)
    for role, names in NAMES.items():
        if role in ("path", "folder", "label"):
            continue
        for name in names:
            if name in by_name and _fits(role, rows[by_name[name]]):
                columns[role] = by_name[name]
                break
    if "split" not in columns:
        _take_first(columns, "split", (c for c in left if _fits("split", rows[c])))
    if "runs" not in columns:
        _take_first(columns, "runs", (c for c in left if _fits("runs", rows[c])))
    if "box" not in columns:
        named = (c for c in left if plain(c).startswith(("bbox", "box")))
        _take_first(columns, "box", (c for c in named if _fits("box", rows[c])))
    _settle_boxes(columns)
    return {role: columns[role] for role in NAMES if role in columns}


def _take_first(columns: dict[str, str], role: str, fitting: Iterable[str]) -> None:
    if column := next(iter(fitting), ""):
        columns[role] = column


def guess_labels(rows: pd.DataFrame, taken: Iterable[str]) -> tuple[str, tuple[str, ...], bool]:
    """Return the column of the label, or the columns of findings, and whether names say so.

    A column that is called label goes before columns of 0 and 1, such as "intubated", unless
    several of them are called like findings.
    """
    findings = guess_findings(rows, taken)
    label, by_name = guess_label(rows, [*taken, *findings])
    if sum(map(is_label, findings)) > 1 or (findings and not by_name):
        return "", findings, True
    if not label and len(states := _list_states(rows, taken)) == 1:
        is_told = rows[states[0]].nunique() > 1
        return "", states if is_told else (), False  # "has_pneumo"
    return label, (), by_name


def guess_findings(rows: pd.DataFrame, taken: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of 0 and 1 that stand for findings; none if there is but one.

    One is enough where its name is that of a finding.
    """
    findings = _list_states(rows, taken)
    labels = [column for column in findings if plain(column) in NAMES["label"]]
    findings = tuple(column for column in findings if column not in labels)
    enough = len(findings) > 1 or any(map(is_label, findings))
    return findings if enough else ()


def _list_states(rows: pd.DataFrame, taken: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of 0 and 1 of which nothing says that they are no findings."""
    findings = []
    for column in rows.columns:
        cells = rows[column].dropna().str.lower()
        values = set(cells.unique())
        if UNNAMED.fullmatch(column) or is_index(rows[column]):
            continue
        is_state = bool(values) and values <= STATES.keys() and any(STATES[v] == 1 for v in values)
        words = set(split_words(column))
        if column not in set(taken) and is_state and not words & NO_FINDING_WORDS:
            findings.append(column)
    return tuple(findings)


def guess_label(rows: pd.DataFrame, taken: Iterable[str]) -> tuple[str, bool]:
    """Return the column of the label and whether its name says so; ("", False) if there is none."""
    left = [column for column in rows.columns if column not in set(taken)]
    by_name = _name_plainly(left)
    called = [by_name[name] for name in NAMES["label"] if name in by_name]
    called = [column for column in called if _may_be_label(rows[column])]
    if called:
        return next((c for c in called[1:] if _names_numbers(rows, c, called[0])), called[0]), True
    fitting = [column for column in left if _may_be_label(rows[column], repeated=True)]
    named = [column for column in fitting if _holds_labels(rows[column])]
    return ((named or fitting)[0], False) if fitting else ("", False)


def _names_numbers(rows: pd.DataFrame, column: str, label: str) -> bool:
    """Whether a column says in words what the numbers of the label's column mean, one word each."""
    pairs = rows[[column, label]].dropna().drop_duplicates()
    numbers = pairs[label].map(lambda cell: parse_number(cell) is not None)
    words = pairs[column].map(lambda cell: parse_number(cell) is None)
    is_each = pairs[column].is_unique and pairs[label].is_unique
    return is_each and bool(numbers.all()) and bool(words.all()) and len(pairs) > 1


def are_fractions(rows: pd.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether boxes are fractions of the image: no number of any is above 1."""
    roles = next((r for r in (BOX_SIDES, BOX_CORNERS) if r[0] in columns), ())
    numbers = [
        number
        for role in roles
        for cell in rows[columns[role]].dropna().head(N_LOOKED)
        if (number := parse_number(cell)) is not None
    ]
    if "box" in columns:
        cells = rows[columns["box"]].dropna().head(N_LOOKED)
        boxes = (parse_box_cell(cell) or () for cell in cells)
        numbers += [side for many in boxes for box in many for side in box]
    return bool(numbers) and max(numbers) <= 1 and any(0 < number < 1 for number in numbers)


def _fits(role: str, cells: pd.Series) -> bool:
    """Whether most filled cells of a column are as a role has them."""
    filled = cells.dropna().head(N_LOOKED)
    if filled.empty:
        return False
    if role in TEXT_ROLES:
        return True
    if role == "split":
        return share(filled, lambda cell: parse_subset(cell) is not None) == 1
    if role == "box":
        return is_box_column(filled)
    if role == "runs":
        return is_run_lengths(filled)
    if role in PARSERS:
        return share(filled, lambda cell: PARSERS[role](cell) is not None) >= 1 - FITTING
    return share(filled, lambda cell: parse_number(cell) is not None) >= FITTING


def share(cells: pd.Series, test: object) -> float:
    """Return the share of cells that pass a test; each different cell is tested once."""
    assert callable(test)
    counts = cells.value_counts()
    return float(sum(n for cell, n in counts.items() if test(str(cell))) / len(cells))


def _may_be_label(cells: pd.Series, repeated: bool = False) -> bool:
    """Whether a column may be that of labels: few different ones, none a sentence."""
    filled = cells.dropna()
    if filled.empty or filled.str.len().quantile(0.9) > LONGEST_LABEL:
        return False
    if filled.str.startswith("{").mean() > 1 - FITTING:  # objects as JSON writes them
        return False
    separator = guess_separator(filled)
    labels = {label for cell in filled.unique() for label in split_cell(cell, separator)}
    if not 2 <= len(labels) <= MAX_LABELS:
        return False
    is_number = share(filled, lambda cell: parse_number(cell) is not None) > FITTING
    if repeated and (is_number or len(labels) > len(filled) / 2):
        return False
    return not (is_number and len(labels) > 20)


def _holds_labels(cells: pd.Series) -> bool:
    return any(is_label(cell) for cell in cells.dropna().unique()[:MAX_LABELS])


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
        *(("box",) if corners or sides else ()),
    ]
    if not (corners or sides or "box" in columns) or not set(ORIGINAL_SIZE) <= columns.keys():
        unwanted += ORIGINAL_SIZE
    for role in unwanted:
        columns.pop(role, None)
