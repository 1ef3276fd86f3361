"""The tables of NIH ChestX-ray14: what their headers and cells say, in all their spellings.

`nih_chestxray14.py` says which files there are and what is known to be wrong with them.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import BOX_COLUMNS, Remark
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.reader import count_remark
from xray_core.paths import is_file
from xray_core.tables.cells import AGE, MAX_AGE, parse_age
from xray_core.tables.text import read_table

# How the headers write what is no column of its own in all releases.
ALIASES = {
    "OriginalImageWidth": ("OriginalImage[Width",),
    "OriginalImageHeight": ("Height]",),
    "x": ("Bbox [x",),
}
NO_FINDING = "No Finding"
FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis",
    "Hernia", "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip
# Spelling without blanks and capitals -> the published name.
NAMES = {name.replace("_", "").replace(" ", "").lower(): name for name in (*FINDINGS, NO_FINDING)}
NAMES["infiltrate"] = "Infiltration"
GENDERS = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F"}
VIEWS = ("PA", "AP", "LATERAL")
BOX_FRAME = 1024  # px, both sides of the image that the boxes were measured on
MAX_PX = 100_000  # no radiograph is larger: whatever says so is junk


def read_image_rows(path: Path) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the catalog's columns as far as the table of images gives them.

    Raises:
        DatasetError: the table is no CSV or lacks a column.
    """
    table = read_table(
        path,
        ("Image Index", "Finding Labels", "Patient ID"),
        optional=(
            "Patient Age",
            "Patient Gender",
            "View Position",
            "Follow-up #",
            "OriginalImageWidth",
            "OriginalImageHeight",
        ),
        aliases=ALIASES,
    )
    image_ids = clean_ids(table["Image Index"])
    nameless = image_ids.isna()
    n_nameless = int(nameless.sum())
    repeated = image_ids.duplicated() & ~nameless
    kept = ~nameless & ~repeated
    table = table[kept].reset_index(drop=True)
    images = pd.DataFrame({"image_id": image_ids[kept].reset_index(drop=True)})
    images["patient_id"] = table["Patient ID"].str.removesuffix(".0").str.zfill(8)
    images["findings"] = _map_texts(table["Finding Labels"], parse_findings).astype("string")
    images["age"] = _map_texts(table["Patient Age"], parse_age).astype("Float64")
    images["gender"] = table["Patient Gender"].str.upper().map(GENDERS).astype("string")
    views = table["View Position"].str.upper()
    images["view_position"] = views.where(views.isin(VIEWS))
    images["follow_up"] = _to_whole(table["Follow-up #"], 0)
    images["original_width"] = _to_whole(table["OriginalImageWidth"], 1)
    images["original_height"] = _to_whole(table["OriginalImageHeight"], 1)
    message = f"Rows left out, as they lack an Image Index: {n_nameless:,}."
    what = "Rows left out, as they repeat an image"
    return images, [
        Remark("nameless_row", n_nameless, message),
        count_remark("repeated_row", list(image_ids[repeated]), what),
        *_count_empty_cells(table, images),
    ]


def _count_empty_cells(table: pd.DataFrame, images: pd.DataFrame) -> list[Remark]:
    """Return remarks on what `images` lacks of the same rows of `table`, or could not use."""
    unaged = table["Patient Age"].notna() & images["age"].isna()
    impossible = unaged & _map_texts(table["Patient Age"], AGE.fullmatch).notna()
    columns = {
        "gender": "Patient Gender",
        "view_position": "View Position",
        "follow_up": "Follow-up #",
    }
    unclear = pd.Series(False, index=images.index)
    for column, name in columns.items():
        unclear |= table[name].notna() & images[column].isna()
    no_findings = table["Finding Labels"].isna()
    sizeless = images[["original_width", "original_height"]].isna().any(axis=1)
    counted = [
        ("unlabelled_image", no_findings, "Images without findings, left unlabelled"),
        ("unclear_label", images["findings"].isna() & ~no_findings,
         "Images whose findings are unknown or contradict each other, left unlabelled"),
        ("unknown_patient", images["patient_id"].isna(), "Images without a patient"),
        ("impossible_age", impossible, f"Ages above {MAX_AGE} years, left empty"),
        ("unclear_age", unaged & ~impossible, "Ages that are not understood, left empty"),
        ("unclear_cell", unclear,
         "Images with a gender, view or follow-up number that is not understood, left empty"),
        ("unknown_original_size", sizeless, "Images without an original size, so without boxes"),
    ]  # fmt: skip
    return [
        count_remark(kind, list(images.loc[rows, "image_id"]), what) for kind, rows, what in counted
    ]


def read_boxes(path: Path, images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the boxes in px of the original image; none if there is no table of them.

    Args:
        path: the table of boxes, which need not be there.
        images: as `read_image_rows` returns them.

    Raises:
        DatasetError: the table is no CSV or lacks a column.
    """
    if not is_file(path):
        return pd.DataFrame(columns=list(BOX_COLUMNS)), []
    columns = ("Image Index", "Finding Label", "x", "y", "w", "h")
    return place_boxes(read_table(path, columns, aliases=ALIASES), images)


def place_boxes(table: pd.DataFrame, images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Scale published boxes to the original images, and clip them.

    Args:
        table: text columns Image Index, Finding Label, x, y, w, h; the last four are px of
            the 1024 x 1024 image.
        images: `image_id`, unique, and `original_width`, `original_height`, px or <NA>.

    Returns:
        `BOX_COLUMNS`, px of the original image, and remarks on the boxes left out.
    """
    numbers = table[["x", "y", "w", "h"]].apply(pd.to_numeric, errors="coerce")
    boxes = numbers.astype("float64").set_axis(["x", "y", "width", "height"], axis=1)
    boxes.insert(0, "image_id", clean_ids(table["Image Index"]))
    labels = _map_texts(table["Finding Label"], parse_findings)
    boxes.insert(1, "finding", labels.astype("string"))
    usable = boxes["image_id"].notna() & boxes["finding"].isin(FINDINGS)
    usable &= boxes[["x", "y", "width", "height"]].abs().le(MAX_PX).all(axis=1)
    strange = usable & ~is_among(boxes["image_id"], images["image_id"])
    broken = table.loc[~usable, "Image Index"].fillna("a row without a name")

    boxes = boxes[usable & ~strange].reset_index(drop=True)
    sizes = images.set_index("image_id")[["original_width", "original_height"]]
    scales = sizes.astype("float64").reindex(boxes["image_id"]).to_numpy() / BOX_FRAME
    boxes[["x", "y", "width", "height"]] *= np.hstack([scales, scales])
    boxes, remarks = fit_boxes(boxes, images)
    return boxes, [
        count_remark("broken_boxes", list(broken), "Boxes that cannot be read, left out"),
        count_remark("stray_box", list(table.loc[strange, "Image Index"]),
                     "Boxes left out, as their image is not in the table"),
        *remarks,
    ]  # fmt: skip


def parse_findings(text: str) -> str | None:
    """Return published names joined by "|", in the order given, each once.

    None if a name is unknown, none is given, or "No Finding" stands beside a finding.

    >>> parse_findings("Pleural Thickening|Mass")
    'Pleural_Thickening|Mass'
    """
    spelt = [name.replace("_", "").replace(" ", "").lower() for name in text.split("|")]
    names = dict.fromkeys(NAMES.get(name) for name in spelt)
    if None in names or (NO_FINDING in names and len(names) > 1):
        return None
    return "|".join(name for name in names if name)


def clean_ids(names: pd.Series) -> pd.Series:
    """Return image ids for file names: lower case, no suffix; <NA> for an empty one."""
    ids = names.str.lower()
    for suffix in (".png", ".jpg", ".jpeg"):
        ids = ids.str.removesuffix(suffix)
    return ids.where(ids != "")


def is_among(ids: pd.Series, known: pd.Series) -> pd.Series:
    """Return which of `ids` are in `known`; ten times as fast as `isin` on string columns."""
    return ids.astype(object).isin(known.astype(object))


def _map_texts(texts: pd.Series, parse: Callable[[str], object]) -> pd.Series:
    """Return `parse` of each text, called once per distinct one; None and <NA> stay."""
    distinct = texts.dropna().unique()
    return texts.map({text: parse(text) for text in distinct}).astype(object)


def _to_whole(texts: pd.Series, lowest: int) -> pd.Series:
    """Return whole numbers from `lowest` to `MAX_PX`; <NA> for whatever else is there."""
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    return numbers.where(numbers.between(lowest, MAX_PX)).round().astype("Int64")
