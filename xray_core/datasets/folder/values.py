"""What rows of mapped tables, and folders around images, say of patients and examinations."""

import posixpath
from typing import Any

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.branches import Place
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.titles import ROLE_TITLES
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import PARSERS, parse_genders

# Role -> column of the catalog, for what a row says of its image.
COLUMNS = {
    "patient": "patient_id",
    "study": "study_id",
    "split": "published_split",
    "site": "site",
    "view_position": "view_position",
    "age": "age",
    "gender": "gender",
    "follow_up": "follow_up",
    "reading": "reading",
    "original_width": "original_width",
    "original_height": "original_height",
}
ONE_EACH = ("patient", "study", "split")  # two of them for one image contradict each other


def read_values(
    rows: pd.DataFrame, of_row: Any, images: pd.DataFrame
) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the columns of the catalog that roles give; the first row of an image counts."""
    values = pd.DataFrame(index=images.index)
    conflicts, remarks = list[str](), list[Remark]()
    for role, column in COLUMNS.items():
        if role not in rows:
            values[column] = None
            continue
        cells = rows[role]
        if role in PARSERS:
            parse = PARSERS[role]
            of_cell = {cell: parse(str(cell)) for cell in cells.dropna().unique()}
            parsed = cells.map(lambda cell, known=of_cell: known.get(cell))
            if role == "gender":  # what "M" means, the other cells say
                parsed = parse_genders(cells.astype("string")).astype(object)
            lost = cells[cells.notna() & parsed.isna()]
            title = ROLE_TITLES[role].lower()
            what = f"Cells of the column for {title!r} that are not understood, left unknown"
            names = tuple(dict.fromkeys(map(str, lost)))
            message = f"{what}: {len(lost):,}."
            remarks.append(Remark("unclear_cell", len(lost), message, names[:5], names))
            cells = parsed
        known = pd.DataFrame({"image": of_row, "value": cells.astype(object)}).dropna()
        different = known.drop_duplicates()
        if role in ONE_EACH:
            again = different[different["image"].duplicated()]
            conflicts += list(images.loc[again["image"], "cell"])
        first = different.drop_duplicates("image").set_index("image")["value"]
        values[column] = first.reindex(images.index).astype(object)
    what = "Rows that give an image another patient, study or subset than its first row"
    return values, [count_remark("conflicting_rows", conflicts, what), *remarks]


def fill_from_folders(
    files: FolderFiles, images: pd.DataFrame
) -> tuple[pd.DataFrame, list[Remark]]:
    """Fill subset, patient and study with what the names of folders say, where no table does."""
    places = files.layout.places
    of_image = [places.get(posixpath.dirname(path or "?"), Place()) for path in images["path"]]
    filled: set[str] = set()
    for column, name in (
        ("published_split", "subset"),
        ("patient_id", "patient"),
        ("study_id", "study"),
    ):
        values = pd.Series([getattr(p, name) or None for p in of_image], images.index, dtype=object)
        if images[column].isna().all() and values.notna().any():
            images[column] = values
            filled |= set(images.loc[values.notna(), "image_id"])
    of_folder = pd.Series([place.subset for place in of_image], images.index)
    said = images["published_split"]
    other = images.loc[said.notna() & of_folder.ne("") & of_folder.ne(said.fillna("")), "cell"]
    what = "Images whose subset, patient or study is read from the names of folders"
    contrary = "Images that lie in the folder of another subset than the table gives, which counts"
    return images, [
        count_remark("values_from_folders", sorted(filled), what),
        count_remark("other_subset", list(other), contrary),
    ]
