"""The table beside exported images, the mapping by which it is opened again, and who made it."""

import json
from collections.abc import Sequence

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable, format_mapping
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import SEPARATOR, align_states, list_findings

TABLE, MAPPING, ABOUT = "labels.csv", "xray_dataset.json", "about.txt"
IMAGES = "images"  # the folder of the image files
# Column of the catalog -> role of a mapping; the table's column is called after the role.
ROLES = {
    "patient_id": "patient",
    "study_id": "study",
    "published_split": "split",
    "site": "site",
    "view_position": "view_position",
    "age": "age",
    "gender": "gender",
    "follow_up": "follow_up",
    "reading": "reading",
}
DAYS_PER_YEAR = 365.25
SIZES = ("original_width", "original_height")
ROLE_TITLES = {"split": "subset"}  # role -> the table's column, where it is called otherwise


def describe_originals(
    catalog: Catalog, rows: pd.DataFrame, files: Sequence[str]
) -> tuple[pd.DataFrame, FolderMapping]:
    """Return all that is known of some images as a table, and how it is read again.

    Args:
        catalog: the dataset.
        rows: of `catalog.images`.
        files: the exported file of each, relative to the folder of the table.

    Returns:
        A row for each image; what no image has is no column. Boxes are in one cell, in px of the
        original image.
    """
    table = pd.DataFrame({"file": list(files), "image_id": rows["image_id"].to_numpy()})
    columns = {"path": "file"}
    known = {"findings": "label", **ROLES, **{name: name for name in SIZES}}
    for column, role in known.items():
        if rows[column].notna().any():
            columns[role] = ROLE_TITLES.get(role, role)
            values = rows[column].map(_format_age) if role == "age" else rows[column]
            table[columns[role]] = values.to_numpy()
    if rows["image_findings"].notna().any():
        table["image_label"] = rows["image_findings"].to_numpy()
    boxes = _list_boxes(catalog, rows)
    if boxes.notna().any():
        columns["box"] = "boxes"
        table["boxes"] = boxes.to_numpy()
    findings = [name for name in list_findings(catalog) if name not in table]
    if findings:
        states = align_states(catalog).loc[rows.index, findings]
        table = pd.concat([table, states.reset_index(drop=True)], axis=1)
    mapped = MappedTable(TABLE, columns, tuple(findings))
    return table, FolderMapping(tables=(mapped,), separator=SEPARATOR)


def describe_prepared(
    rows: pd.DataFrame, files: Sequence[str], labels: pd.Series, subsets: pd.Series
) -> tuple[pd.DataFrame, FolderMapping]:
    """Return the table of prepared images, and how it is read again.

    Args:
        rows: of `catalog.images`.
        files: the exported file of each, relative to the folder of the table.
        labels: of each row, index of `rows`; <NA> where it has none.
        subsets: likewise.
    """
    known = {"label": labels, "patient": rows["patient_id"], "split": subsets}
    table = pd.DataFrame({"file": list(files), "image_id": rows["image_id"].to_numpy()})
    columns = {"path": "file"}
    for role, values in known.items():
        columns[role] = ROLE_TITLES.get(role, role)
        table[columns[role]] = values.loc[rows.index].to_numpy()
    filled = {role: name for role, name in columns.items() if table[name].notna().any()}
    return table, FolderMapping(tables=(MappedTable(TABLE, filled),), separator=SEPARATOR)


def format_table(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8."""
    return table.to_csv(index=False).encode()


def write_mapping_text(mapping: FolderMapping) -> bytes:
    """Return the content of the mapping file."""
    return format_mapping(mapping).encode()


def describe_origin(catalog: Catalog, what: str) -> str:
    """Return a text on what an export is, whose the data is, its licence and what to cite.

    Args:
        catalog: the dataset.
        what: the export in a sentence or more.
    """
    lines = [what, ""]
    if is_synthetic(catalog.root):
        lines += ["The images are synthetic: they show no real patient.", ""]
    for source in dict.fromkeys([*catalog.images["source"].dropna().unique(), catalog.source]):
        reader = READERS.get(str(source))
        if reader is None:
            continue
        lines += [
            f"Dataset: {reader.title}",
            *([f"Published at: {reader.address}"] if reader.address else []),
            f"Licence: {reader.licence}",
            f"To cite: {reader.citation}",
            "Known issues:",
            *(f"- {issue}" for issue in reader.known_issues),
            "",
        ]
    lines.append("For learning, never for diagnosis.")
    return "\n".join(lines) + "\n"


def _format_age(years: float) -> str | None:
    """Return an age as tables give it: whole years, of the youngest months or days."""
    if pd.isna(years):
        return None
    for number, unit in ((years, ""), (years * 12, "M"), (years * DAYS_PER_YEAR, "D")):
        if abs(number - round(number)) < 1e-6:
            return f"{round(number)}{unit}"
    return f"{years:.6f}"


def _list_boxes(catalog: Catalog, rows: pd.DataFrame) -> pd.Series:
    """Return the boxes of each image as text: [[x, y, width, height], …], <NA> for none."""
    sides = catalog.boxes[["x", "y", "width", "height"]]
    texts: dict[str, str] = {}
    for image_id, group in sides.groupby(catalog.boxes["image_id"], observed=True):
        texts[str(image_id)] = json.dumps(group.to_numpy().round(3).tolist())
    return rows["image_id"].map(texts).astype("string")
