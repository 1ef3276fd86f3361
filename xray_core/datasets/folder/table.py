"""A student's own CSV and mapping, put together with the files: one row per image.

Several rows of one image, as there are where each box has its own, become one image with
several boxes and all their findings.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from xray_core.catalog import BOX_COLUMNS, Catalog, Remark, build_catalog
from xray_core.datasets.boxes import fit_boxes
from xray_core.datasets.folder.files import (
    FileFinder,
    FolderFiles,
    name_images,
    without_suffix,
)
from xray_core.datasets.folder.mapping import BOX_CORNERS, FolderMapping
from xray_core.datasets.reader import count_remark, refused_remark
from xray_core.errors import ImageError
from xray_core.imagefiles.images import read_size
from xray_core.tables.cells import NIH_NAME, PARSERS, SEPARATOR, parse_px, split_findings
from xray_core.tables.text import read_table

SOURCE = "folder"
UNNAMED_BOX = "box"  # its row names no finding
# Role -> column of the catalog, for what a row says of its image.
COLUMNS = {
    "patient": "patient_id",
    "study": "study_id",
    "split": "published_split",
    "view_position": "view_position",
    "age": "age",
    "gender": "gender",
    "original_width": "original_width",
    "original_height": "original_height",
}
ONE_EACH = ("patient", "study", "split")  # two of them for one image contradict each other


@dataclass
class _Image:
    """What the rows of one image say."""

    path: str | None
    cell: str
    values: dict[str, Any] = field(default_factory=dict)
    findings: dict[str, None] = field(default_factory=dict)  # a set that keeps its order
    boxes: list[tuple[str, float, float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class MappingPreview:
    """What a mapping makes of a table, before it is kept.

    Attributes:
        rows: rows of the table that name an image.
        rows_with_image: those whose image is in the folder.
        labels: finding -> images that are there, most frequent first.
        unlabelled: images that are there and have no finding.
        patients: of the images that are there; 0 if none is given.
        boxes: on the images that are there.
        remarks: as of the catalog, but for the places of boxes.
    """

    rows: int
    rows_with_image: int
    labels: dict[str, int]
    unlabelled: int
    patients: int
    boxes: int
    remarks: tuple[Remark, ...]


def read_mapped(files: FolderFiles, mapping: FolderMapping) -> Catalog:
    """Return the catalog of the images that a table names.

    A row without its file is kept, its path <NA>; a row whose file would lie outside the
    folder is left out. Boxes without a given original size are in px of the file, so the
    headers of the images that have boxes are read here.

    Raises:
        DatasetError: the table is missing, lacks a column, or names no image.
    """
    rows = _MappedRows(files, mapping)
    if "original_width" not in mapping.columns:
        for image in rows.images:
            if image.boxes and image.path:
                try:
                    width, height = read_size(files.root / image.path)
                except ImageError:
                    continue  # measuring names it; its boxes are counted as unplaced below
                image.values |= {"original_width": width, "original_height": height}
    images, boxes = rows.to_tables()
    images, name_remarks = add_patients(images)
    fitted, box_remarks = fit_boxes(boxes, images)
    return build_catalog(
        files.root, SOURCE, images, fitted, [*rows.remarks, *name_remarks, *box_remarks]
    )


def preview_mapping(files: FolderFiles, mapping: FolderMapping) -> MappingPreview:
    """Return what `read_mapped` would make of a table; no image is opened.

    Raises:
        DatasetError: the table is missing or lacks a column.
    """
    rows = _MappedRows(files, mapping)
    images, _ = rows.to_tables()
    if len(images):
        images, name_remarks = add_patients(images)
    else:
        name_remarks = []
    there = [image for image in rows.images if image.path]
    counts = Counter(finding for image in there for finding in image.findings)
    return MappingPreview(
        rows=rows.n_rows,
        rows_with_image=rows.n_with_image,
        labels=dict(counts.most_common()),
        unlabelled=sum(not image.findings for image in there),
        patients=int(images.loc[images["path"].notna(), "patient_id"].nunique()),
        boxes=sum(len(image.boxes) for image in there),
        remarks=tuple(remark for remark in [*rows.remarks, *name_remarks] if remark.count),
    )


def add_patients(images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Fill `patient_id` and `follow_up` from the names, if all are as those of NIH are.

    Args:
        images: image_id, and patient_id where a table gives it.
    """
    if "patient_id" in images and images["patient_id"].notna().any():
        unknown = images.loc[images["patient_id"].isna(), "image_id"]
    else:
        names = images["image_id"].astype("string").str.rsplit("/", n=1).str[-1]
        parts = names.map(without_suffix).str.extract(f"^{NIH_NAME.pattern}$")
        if parts.notna().all(axis=None):
            images = images.assign(patient_id=parts[0], follow_up=parts[1].astype("Int64"))
            message = (
                f"Patients and their examinations are read from {len(images):,} file names: "
                "00000231_013 is patient 00000231, examination 13."
            )
            examples = tuple(images["image_id"].head(1))
            return images, [Remark("patients_from_names", len(images), message, examples)]
        unknown = images["image_id"]
    message = "Images whose patient is unknown, so that no split can keep patients apart"
    return images, [count_remark("unknown_patient", list(unknown), message)]


class _MappedRows:
    """The rows of a mapped table, merged by image."""

    def __init__(self, files: FolderFiles, mapping: FolderMapping) -> None:
        self._files = files
        self._notes: dict[str, list[str]] = {}
        self._unclear: dict[str, list[str]] = {}
        self.n_rows = self.n_with_image = 0
        images: dict[str, _Image] = {}
        table_folder = mapping.table.rpartition("/")[0]
        finder = FileFinder(files, tuple(dict.fromkeys((mapping.images, "", table_folder))))
        for row in _read_rows(files, mapping):
            cell = row["path"]
            if cell is None:
                self._note("nameless_row", "")
                continue
            self.n_rows += 1
            path, reason = finder.find(cell)
            if reason == "outside":
                self._note("outside_path", cell)
                continue
            if reason == "several":
                self._note("repeated_name", cell)
            self.n_with_image += path is not None
            image = images.setdefault(path or f"absent {cell}", _Image(path, cell))
            self._add(image, row, mapping)
        self.images = list(images.values())

    def _note(self, kind: str, name: str) -> None:
        self._notes.setdefault(kind, []).append(name)

    def _add(self, image: _Image, row: dict[str, str | None], mapping: FolderMapping) -> None:
        findings = split_findings(row.get("label") or "", mapping.separator)
        image.findings.update(dict.fromkeys(findings))
        for role, column in COLUMNS.items():
            if (cell := row.get(role)) is None:
                continue
            value = PARSERS[role](cell) if role in PARSERS else cell
            if value is None:
                self._unclear.setdefault(role, []).append(cell)
            elif image.values.setdefault(column, value) != value and role in ONE_EACH:
                self._note("conflicting_rows", image.cell)
        cells = [row.get(role) for role in roles] if (roles := mapping.box_roles) else []
        if not any(cells):
            return
        numbers = [parse_px(cell) for cell in cells if cell is not None]
        sides = [number for number in numbers if number is not None]
        if len(sides) < len(BOX_CORNERS):
            self._note("broken_boxes", image.cell)
            return
        x, y, third, fourth = sides
        if mapping.box_roles == BOX_CORNERS:
            third, fourth = third - x, fourth - y
        image.boxes.append((SEPARATOR.join(findings) or UNNAMED_BOX, x, y, third, fourth))

    def to_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return one row per image, and the boxes as given, px of the original."""
        of_path = name_images(self._files.images)
        taken = {of_path[image.path] for image in self.images if image.path}
        rows: list[dict[str, Any]] = []
        boxes: list[tuple[Any, ...]] = []
        for image in self.images:
            if image.path:
                image_id = of_path[image.path]
            else:
                image_id = without_suffix(image.cell)
                while image_id in taken:
                    image_id += " (absent)"
                taken.add(image_id)
            rows.append(
                {
                    "image_id": image_id,
                    "path": image.path,
                    "findings": SEPARATOR.join(image.findings) or None,
                    "mask_path": self._files.masks.get(image.path or ""),
                    **image.values,
                }
            )
            boxes += [(image_id, *box) for box in image.boxes]
        columns = ["image_id", "path", "findings", "mask_path", *COLUMNS.values()]
        images = pd.DataFrame(rows, columns=columns, dtype="object")
        table = pd.DataFrame(boxes, columns=list(BOX_COLUMNS)).astype(dict(BOX_COLUMNS))
        return images, table

    @property
    def remarks(self) -> list[Remark]:
        """What was odd about the rows and the files."""
        named = {image.path for image in self.images}
        absent = [image.cell for image in self.images if image.path is None]
        unlabelled = [image.cell for image in self.images if not image.findings]
        examples = {
            **self._notes,
            "absent_image": absent,
            "unlabelled_image": unlabelled,
            "stray_file": [path for path in self._files.images if path not in named],
        }
        remarks = [
            count_remark(kind, examples.get(kind, []), what) for kind, what in REMARKS.items()
        ]
        remarks.append(refused_remark(self._files.refused))
        for role, cells in self._unclear.items():
            what = f"Cells of the column for {role!r} that are not understood, left unknown"
            remark = count_remark("unclear_cell", list(dict.fromkeys(cells)), what)
            remarks.append(replace(remark, count=len(cells), message=f"{what}: {len(cells):,}."))
        return remarks


REMARKS = {
    "nameless_row": "Rows left out, as they name no image",
    "outside_path": "Rows left out, as their image lies outside the dataset folder",
    "repeated_name": "Rows whose image name several files have, so that none is chosen",
    "absent_image": "Images of the table that are absent from the folder",
    "stray_file": "Images left out, as no row names them",
    "conflicting_rows": "Rows that give an image another patient, study or part than its first row",
    "unlabelled_image": "Images without a label",
    "broken_boxes": "Boxes left out, as they are not four numbers",
}


def _read_rows(files: FolderFiles, mapping: FolderMapping) -> Iterable[dict[str, str | None]]:
    """Yield role -> cell, stripped, None if empty, of each row."""
    path = files.root / mapping.table
    names = tuple(dict.fromkeys(name.strip() for name in mapping.columns.values()))
    table = read_table(path, names)
    columns: Sequence[list[str | None]] = [
        table[name.strip()].astype(object).where(table[name.strip()].notna(), None).tolist()
        for name in mapping.columns.values()
    ]
    for cells in zip(*columns, strict=True):
        yield dict(zip(mapping.columns, cells, strict=True))
