"""A folder's own tables and a mapping, put together with the files: one row per image.

Several rows of one image, as there are where each box has its own, become one image with
several boxes and all their findings.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_core.catalog import Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.folder.files import FolderFiles, unread_tables_remark
from xray_core.datasets.folder.finding_names import name_columns_of_findings
from xray_core.datasets.folder.findings import (
    name_findings,
    read_labels,
    read_states,
    unite_states,
)
from xray_core.datasets.folder.mapping import (
    FOLDER,
    FRACTIONS,
    FolderMapping,
)
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.folder.patients import add_patients
from xray_core.datasets.folder.rows import STATE, FolderTables, read_rows
from xray_core.datasets.folder.shapes import (
    get_column,
    label_by_shape,
    read_boxes,
    read_masks,
    unite_labels,
)
from xray_core.datasets.folder.sizes import add_original_sizes
from xray_core.datasets.folder.values import fill_from_folders, read_values
from xray_core.datasets.reader import count_remark, refused_remark
from xray_core.tables.cells import SEPARATOR
from xray_core.tables.labels import count_signs


@dataclass(frozen=True)
class MappedImages:
    """What the tables of a mapping say of each image, before files are opened.

    Attributes:
        images: columns of the catalog and `cell`, what names the image in its first row.
        boxes: `BOX_COLUMNS` in the mapping's unit, as given.
        masks: `MASK_COLUMNS`.
        states: `Catalog.finding_states`.
        n_rows, n_with_image: rows that name an image, and those whose file is there.
        remarks: what was odd.
    """

    images: pd.DataFrame
    boxes: pd.DataFrame
    masks: pd.DataFrame
    states: pd.DataFrame
    n_rows: int
    n_with_image: int
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class MappingPreview:
    """What a mapping makes of the tables, before it is kept.

    Attributes:
        rows: rows of the tables that name an image.
        rows_with_image: those whose image is in the folder.
        labels: finding -> images that are there, most frequent first.
        unlabelled: images that are there and have no finding.
        patients: of the images that are there; 0 if none is given.
        subsets: subset -> images that are there.
        boxes, masks: on the images that are there.
        images: the images that are there, as in the catalog.
        remarks: as of the catalog, but for the places of boxes.
        first: all images in the order of the rows, also those that are absent, and their `cell`.
        placed: `BOX_COLUMNS` of the boxes on the images that are there, in the mapping's unit.
    """

    rows: int
    rows_with_image: int
    labels: dict[str, int]
    unlabelled: int
    patients: int
    subsets: dict[str, int]
    boxes: int
    masks: int
    images: pd.DataFrame
    remarks: tuple[Remark, ...]
    first: pd.DataFrame
    placed: pd.DataFrame


def read_mapped(
    files: FolderFiles,
    mapping: FolderMapping,
    tables: FolderTables | None = None,
    source: str = FOLDER,
    originals: tuple[str, ...] | None = None,
) -> Catalog:
    """Return the catalog of the images that the tables name.

    A row without its file is kept, its path <NA>. Boxes without a given original size are on the
    file, so the headers of the images that have boxes are read here.

    Args:
        files: those of the folder.
        mapping: how its tables are read.
        tables: those that are read already, or made ready.
        source: the name of the reader.
        originals: the suffixes of the files that have the original size, where others may be
            copies of another size, whose boxes are left out and counted; None where all have it.

    Raises:
        DatasetError: a table is missing, lacks a column, or names no image.
    """
    said = gather_images(files, tables or FolderTables(files.root, files.images), mapping)
    images, boxes = said.images, said.boxes
    boxed = images["image_id"].isin(boxes["image_id"])
    if originals is not None:
        is_original = images["path"].astype("string").str.lower().str.endswith(originals)
        add_original_sizes(files.root, images, boxed & is_original.fillna(False).astype(bool))
    elif not any("original_width" in table.columns for table in mapping.tables):
        add_original_sizes(files.root, images, boxed)
    if mapping.box_unit == FRACTIONS:
        sizes = images.set_index("image_id")[["original_width", "original_height"]]
        scale = sizes.reindex(boxes["image_id"]).astype("float64").to_numpy()
        boxes[["x", "width"]] *= scale[:, [0]]
        boxes[["y", "height"]] *= scale[:, [1]]
    fitted, box_remarks = fit_boxes(boxes, images)
    return build_catalog(
        files.root,
        source,
        images,
        fitted,
        [*said.remarks, *box_remarks],
        said.masks,
        said.states if len(said.states.columns) > 1 else None,
    )


def preview_mapping(
    files: FolderFiles, tables: FolderTables, mapping: FolderMapping
) -> MappingPreview:
    """Return what `read_mapped` would make of the tables; no image is opened.

    Raises:
        DatasetError: a table is missing or lacks a column.
    """
    said = gather_images(files, tables, mapping)
    there = said.images[said.images["path"].notna()]
    counts = Counter(
        label for text in there["findings"].dropna() for label in text.split(SEPARATOR)
    )
    ids = set(there["image_id"])
    return MappingPreview(
        rows=said.n_rows,
        rows_with_image=said.n_with_image,
        labels=dict(counts.most_common()),
        unlabelled=int(there["findings"].isna().sum()),
        patients=int(there["patient_id"].nunique()),
        subsets={str(k): int(n) for k, n in there["published_split"].value_counts().items()},
        boxes=int(said.boxes["image_id"].isin(ids).sum()),
        masks=int(said.masks["image_id"].isin(ids).sum()),
        images=there,
        remarks=tuple(remark for remark in said.remarks if remark.count),
        first=said.images,
        placed=said.boxes[said.boxes["image_id"].isin(ids)],
    )


def gather_images(files: FolderFiles, tables: FolderTables, mapping: FolderMapping) -> MappedImages:
    """Put what the rows say together by image; no image is opened.

    Raises:
        DatasetError: a table is missing or lacks a column.
    """
    read = read_rows(tables, mapping)
    rows = read.rows[read.rows["cell"].notna()].reset_index(drop=True)
    n_nameless = len(read.rows) - len(rows)
    images, of_row = _list_images(files, rows)
    values, value_remarks = read_values(rows, of_row, images)
    images, place_remarks = fill_from_folders(files, images.join(values))
    labels, spelling = read_labels(get_column(rows, "label"), mapping.separator)
    boxes, box_remarks, has_box = read_boxes(rows, labels, mapping)
    masks, has_mask, mask_remark = read_masks(rows, labels)
    labels = label_by_shape(rows, read, labels, has_box, has_mask)
    named, name_remarks = name_columns_of_findings(read.findings)
    states, state_remarks = read_states(
        rows[[STATE + name for name in read.findings]].set_axis(named, axis=1), mapping
    )
    images["labels"] = unite_labels(labels, of_row, len(images))
    of_image, conflict = unite_states(states, of_row, images["cell"])
    findings, table, finding_remarks = name_findings(images, of_image)
    images = images.drop(columns="labels").assign(findings=findings)
    images, patient_remarks = add_patients(images)
    for shapes in (boxes, masks):
        shapes.insert(0, "image_id", images["image_id"].to_numpy()[of_row[shapes.index]])
    remarks = [
        *read.remarks,
        Remark(
            "nameless_row",
            n_nameless,
            f"Rows left out, as they name no image: {n_nameless:,}.",
        ),
        *_remark_files(files, rows, images),
        unread_tables_remark(files, [table.file for table in mapping.tables]),
        _remark_conflicts(of_row, images, labels, has_box | has_mask),
        spelling,
        _remark_signs(rows, mapping),
        *place_remarks,
        *value_remarks,
        *box_remarks,
        mask_remark,
        *name_remarks,
        *state_remarks,
        conflict,
        *finding_remarks,
        *patient_remarks,
        refused_remark(files.refused),
    ]
    own = [{"image_id": i, **m} for i, m in _own_masks(files, images)]
    return MappedImages(
        images,
        boxes.reset_index(drop=True),
        pd.concat([masks, pd.DataFrame(own)], ignore_index=True) if own else masks,
        table,
        len(rows),
        int(rows["path"].notna().sum()),
        tuple(remarks),
    )


def _list_images(files: FolderFiles, rows: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
    """Return image_id, path and cell of each image, and the place of its image for each row."""
    absent = rows.loc[rows["path"].isna(), "cell"]
    keys = rows["path"].copy()
    keys[absent.index] = "absent " + absent.map(_strip_cell).str.casefold()
    of_row, _ = pd.factorize(keys)
    images = rows[["path", "cell"]][~keys.duplicated()].reset_index(drop=True)
    of_path = files.ids
    taken = {of_path[path] for path in images["path"].dropna()}
    ids = []
    for path, cell in images.itertuples(index=False):
        image_id = of_path[path] if path is not None else _strip_cell(cell)
        while path is None and image_id in taken:
            image_id += " (absent)"
        taken.add(image_id)
        ids.append(image_id)
    images.insert(0, "image_id", ids)
    return images, of_row


def _strip_cell(cell: str) -> str:
    """Return what names an image that is absent: no suffix, nothing of another machine's disk."""
    parts = unicodedata.normalize("NFC", without_suffix(cell)).replace("\\", "/").split("/")
    kept = [part for part in parts if part.strip(". ") and not part.endswith(":")]
    return "/".join(kept) or cell


def _remark_conflicts(
    of_row: Any, images: pd.DataFrame, labels: pd.Series, has_shape: pd.Series
) -> Remark:
    """Return a remark on images of which several rows, none of them a box's, say different things.

    They may be several findings, or readers that disagree.
    """
    conflicts: list[str] = []
    again = pd.Series(of_row).duplicated(keep=False).to_numpy()
    again = again & ~has_shape.to_numpy(bool)
    if again.any():
        said = pd.DataFrame({"image": of_row[again], "labels": labels[again].map(frozenset)})
        several = said[said["labels"].map(bool)].drop_duplicates()
        places = several.loc[several["image"].duplicated(), "image"].unique()
        conflicts = list(images.loc[places, "cell"])
    what = "Images with several rows of different labels, all of which are kept"
    return count_remark("several_labels", conflicts, what)


def _remark_signs(rows: pd.DataFrame, mapping: FolderMapping) -> Remark:
    """Return a remark on signs in labels that may separate several, but are taken for none."""
    cells = get_column(rows, "label").dropna().astype("string")
    signs = {} if mapping.separator else count_signs(cells)
    n = max(signs.values(), default=0)
    named = " or ".join(f"'{sign}'" for sign in signs)
    message = (
        f"Cells of labels with a {named}, each taken for one label: {n:,}. It may separate two."
    )
    return Remark("possible_separator", n, message)


def _own_masks(files: FolderFiles, images: pd.DataFrame) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield image_id and columns of `MASK_COLUMNS` of the mask files beside the images."""
    ids = dict(zip(images["path"], images["image_id"], strict=True))
    for mask in files.masks:
        if mask.image in ids:
            finding = mask.finding or None
            yield ids[mask.image], {"kind": mask.kind, "finding": finding, "path": mask.path}


def _remark_files(files: FolderFiles, rows: pd.DataFrame, images: pd.DataFrame) -> list[Remark]:
    """Return remarks on rows without a file and files without a row."""
    named = set(images["path"].dropna())
    several = rows.loc[rows["reason"].eq("several"), "cell"]
    return [
        count_remark("repeated_name", list(several), REMARKS["repeated_name"]),
        count_remark(
            "absent_image", list(images.loc[images["path"].isna(), "cell"]), REMARKS["absent_image"]
        ),
        count_remark(
            "stray_file",
            [path for path in files.images if path not in named],
            REMARKS["stray_file"],
        ),
        count_remark(
            "unlabelled_image",
            list(images.loc[images["findings"].isna(), "cell"]),
            REMARKS["unlabelled_image"],
        ),
        *files.remarks,
    ]


REMARKS = {
    "repeated_name": "Rows whose image name several files have, so that none is chosen",
    "absent_image": "Images of the table that are absent from the folder",
    "stray_file": "Images left out, as no row names them",
    "unlabelled_image": "Images without a label",
}
