"""A folder's own tables and a mapping, put together with the files: one row per image.

Several rows of one image, as there are where each box has its own, become one image with
several boxes and all their findings.
"""

import posixpath
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_core.catalog import OF_FINDING, Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.folder.files import FolderFiles, unread_tables_remark
from xray_core.datasets.folder.findings import name_findings, read_labels, read_states
from xray_core.datasets.folder.layout import Place
from xray_core.datasets.folder.mapping import (
    BOX_CORNERS,
    FOLDER,
    FRACTIONS,
    FolderMapping,
)
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.folder.patients import add_patients
from xray_core.datasets.folder.rows import STATE, FolderTables, MappedRows, read_rows
from xray_core.datasets.folder.sizes import add_original_sizes
from xray_core.datasets.folder.titles import ROLE_TITLES
from xray_core.datasets.reader import count_remark, refused_remark
from xray_core.tables.cells import PARSERS, SEPARATOR, parse_genders, parse_number
from xray_core.tables.labels import count_signs
from xray_core.tables.regions import are_relative, make_absolute, parse_box_cell

UNNAMED_BOX = "box"  # its row names no finding
MASKED, UNMASKED = "with mask", "without mask"  # labels where masks are all that is given
BOXED, UNBOXED = "with box", "without box"
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
    "original_width": "original_width",
    "original_height": "original_height",
}
ONE_EACH = ("patient", "study", "split")  # two of them for one image contradict each other
MAX_PX = 1_000_000  # beyond it, a number is no place in a radiograph


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


def read_mapped(files: FolderFiles, mapping: FolderMapping) -> Catalog:
    """Return the catalog of the images that the tables name.

    A row without its file is kept, its path <NA>. Boxes without a given original size are on the
    file, so the headers of the images that have boxes are read here.

    Raises:
        DatasetError: a table is missing, lacks a column, or names no image.
    """
    said = gather_images(files, FolderTables(files.root, files.images), mapping)
    images, boxes = said.images, said.boxes
    if not any("original_width" in table.columns for table in mapping.tables):
        add_original_sizes(files.root, images, images["image_id"].isin(boxes["image_id"]))
    if mapping.box_unit == FRACTIONS:
        sizes = images.set_index("image_id")[["original_width", "original_height"]]
        scale = sizes.reindex(boxes["image_id"]).astype("float64").to_numpy()
        boxes[["x", "width"]] *= scale[:, [0]]
        boxes[["y", "height"]] *= scale[:, [1]]
    fitted, box_remarks = fit_boxes(boxes, images)
    return build_catalog(
        files.root,
        FOLDER,
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
    values, value_remarks = _read_values(rows, of_row, images)
    images, place_remarks = _fill_from_folders(files, images.join(values))
    labels, spelling = read_labels(_column(rows, "label"), mapping.separator)
    boxes, box_remarks, has_box = _read_boxes(rows, labels, mapping)
    masks, has_mask, mask_remark = _read_masks(rows, labels)
    labels = _label_by_shape(rows, read, labels, has_box, has_mask)
    states, state_remarks = read_states(
        rows[[STATE + name for name in read.findings]].set_axis(list(read.findings), axis=1),
        mapping,
    )
    images["labels"] = _unite(labels, of_row, len(images))
    of_image = states.groupby(of_row).max().reindex(images.index) if len(states) else states
    findings, table, finding_remarks = name_findings(images, of_image.reindex(images.index))
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
        _remark_conflicts(rows, of_row, images, labels),
        spelling,
        _remark_signs(rows, mapping),
        *place_remarks,
        *value_remarks,
        *box_remarks,
        mask_remark,
        *state_remarks,
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


def _read_values(
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


def _fill_from_folders(
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


def _read_boxes(
    rows: pd.DataFrame, labels: pd.Series, mapping: FolderMapping
) -> tuple[pd.DataFrame, list[Remark], pd.Series]:
    """Return finding, x, y, width, height with the index of the row, and which rows have a box."""
    roles = next((table.box_roles for table in mapping.tables if table.box_roles), ())
    cells = rows.reindex(columns=list(roles))
    filled = cells.notna().any(axis=1) if roles else pd.Series(False, rows.index)
    places: list[int] = []
    sides: list[tuple[float, float, float, float]] = []
    broken: list[str] = []
    for place, row in zip(rows.index[filled], cells[filled].itertuples(index=False), strict=True):
        boxes = _parse_boxes(row, roles, mapping)
        if boxes is None:
            broken.append(str(rows.at[place, "cell"]))
            continue
        places += [place] * len(boxes)
        sides += boxes
    table = pd.DataFrame(sides, index=places, columns=["x", "y", "width", "height"], dtype=float)
    names = [SEPARATOR.join(labels[place]) or UNNAMED_BOX for place in places]
    table.insert(0, "finding", names)
    has_box = pd.Series(rows.index.isin(places), rows.index)
    what = "Boxes left out, as they are not four numbers"
    return table, [count_remark("broken_boxes", broken, what)], has_box


def _parse_boxes(
    row: Sequence[Any], roles: Sequence[str], mapping: FolderMapping
) -> list[tuple[float, float, float, float]] | None:
    """Return x, y, width, height of each box of a row; None if it is broken."""
    if len(roles) == 1:
        return parse_box_cell(str(row[0]), mapping.box_order)
    numbers = [parse_number(str(cell)) for cell in row if cell is not None]
    known = [n for n in numbers if n is not None and abs(n) <= MAX_PX]
    if len(known) < len(roles):
        return None
    x, y, third, fourth = known
    if tuple(roles) == BOX_CORNERS:
        third, fourth = third - x, fourth - y
    return [(x, y, third, fourth)]


def _read_masks(rows: pd.DataFrame, labels: pd.Series) -> tuple[pd.DataFrame, pd.Series, Remark]:
    """Return masks in run lengths with the index of the row, which rows have one, and a remark."""
    cells = _column(rows, "runs")
    relative = are_relative(cells)
    runs = {cell: make_absolute(str(cell), relative) for cell in cells.dropna().unique()}
    of_row = cells.map(lambda cell: runs.get(cell) if cell is not None else None)
    broken = cells.notna() & of_row.isna()
    has_mask = of_row.notna() & of_row.ne("")
    masks = pd.DataFrame(
        {
            "kind": OF_FINDING,
            "finding": [SEPARATOR.join(names) or None for names in labels[has_mask]],
            "runs": of_row[has_mask],
        },
        index=rows.index[has_mask],
    ).reindex(columns=["kind", "finding", "path", "runs"])
    what = "Masks left out, as their run lengths cannot be read"
    return masks, has_mask, count_remark("broken_mask", list(rows.loc[broken, "cell"]), what)


def _label_by_shape(
    rows: pd.DataFrame, read: MappedRows, labels: pd.Series, has_box: pd.Series, has_mask: pd.Series
) -> pd.Series:
    """Label rows by whether they have a box or a mask, where nothing else labels them."""
    if "label" in rows or read.findings:
        return labels
    for role, has, names in (
        ("runs", has_mask, (UNMASKED, MASKED)),
        ("box", has_box, (UNBOXED, BOXED)),
        ("x", has_box, (UNBOXED, BOXED)),
        ("x1", has_box, (UNBOXED, BOXED)),
    ):
        if role in rows:
            return has.map(lambda is_there, names=names: (names[int(is_there)],))
    return labels


def _remark_conflicts(
    rows: pd.DataFrame, of_row: Any, images: pd.DataFrame, labels: pd.Series
) -> Remark:
    """Return a remark on images of which several rows, none of them a box's, say different things.

    They may be several findings, or readers that disagree.
    """
    conflicts: list[str] = []
    again = pd.Series(of_row).duplicated(keep=False).to_numpy()
    if again.any() and not {"box", "x", "x1", "runs"} & set(rows.columns):
        said = pd.DataFrame({"image": of_row[again], "labels": labels[again].map(frozenset)})
        several = said[said["labels"].map(bool)].drop_duplicates()
        places = several.loc[several["image"].duplicated(), "image"].unique()
        conflicts = list(images.loc[places, "cell"])
    what = "Images with several rows of different labels, all of which are kept"
    return count_remark("several_labels", conflicts, what)


def _remark_signs(rows: pd.DataFrame, mapping: FolderMapping) -> Remark:
    """Return a remark on signs in labels that may separate several, but are taken for none."""
    cells = _column(rows, "label").dropna().astype("string")
    signs = {} if mapping.separator else count_signs(cells)
    n = max(signs.values(), default=0)
    named = " or ".join(f"'{sign}'" for sign in signs)
    message = (
        f"Cells of labels with a {named}, each taken for one label: {n:,}. It may separate two."
    )
    return Remark("possible_separator", n, message)


def _unite(labels: pd.Series, of_row: Any, n_images: int) -> list[tuple[str, ...]]:
    united: list[dict[str, None]] = [{} for _ in range(n_images)]
    for place, names in zip(of_row, labels, strict=True):
        united[place].update(dict.fromkeys(names))
    # An image with a box in one row and none in another has a box.
    for names in united:
        for less, more in ((UNMASKED, MASKED), (UNBOXED, BOXED)):
            if more in names:
                names.pop(less, None)
    return [tuple(names) for names in united]


def _column(rows: pd.DataFrame, role: str) -> pd.Series:
    return rows[role] if role in rows else pd.Series(None, rows.index, dtype=object)


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
