"""The catalog: what is known of a dataset's images, as plain tables.

Every reader in `xray_core.datasets` returns a `Catalog` and everything downstream accepts
nothing else, so a new dataset needs a reader and no other change.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from xray_core.errors import DatasetError

# Column -> dtype, one row per image. docs/catalog.md explains each, in the same order.
COLUMNS = {
    "image_id": "string",  # unique within the source
    "path": "string",  # relative to the dataset folder, forward slashes; <NA>: file absent
    "source": "string",  # reader name, e.g. "kermany"
    "patient_id": "string",  # <NA> if the authors publish none
    "study_id": "string",  # <NA> if the authors publish none
    "findings": "string",  # published names joined by "|"; <NA> means unlabelled
    "image_findings": "string",  # where labels exist per image beside per study, the image's
    "published_split": "string",  # "training", "validation", "test" or <NA>; ours is made later
    "view_position": "string",  # "PA", "AP", "LATERAL" or <NA>
    "age": "Float64",  # years; <NA> if unknown or impossible
    "gender": "string",  # "F", "M" or <NA>
    "follow_up": "Int64",  # number of this examination of the patient, from 0
    "site": "string",  # hospital or collection that the image comes from
    "mask_path": "string",  # relative to the dataset folder: an image, white where the lungs are
    "width": "Int64",  # px, of the file on disk; <NA> until measured or when unreadable
    "height": "Int64",  # px, of the file on disk
    "original_width": "Int64",  # px, of the radiograph that the boxes were drawn on
    "original_height": "Int64",  # px
    "file_size": "Int64",  # bytes
}

# What is known of a patient and an examination before anybody looks at the image: a model may be
# given these columns beside the image. Those left out tell of the file or its collection, by which
# a network guesses the label without looking.
TABULAR = ("age", "gender", "view_position", "follow_up")

# Column -> dtype, one row per box, in px of the original image, origin at its top left.
BOX_COLUMNS = {
    "image_id": "string",
    "finding": "string",
    "x": "float64",  # left edge
    "y": "float64",  # top edge
    "width": "float64",
    "height": "float64",
}

TABLES = {"images": COLUMNS, "boxes": BOX_COLUMNS}


@dataclass(frozen=True)
class Remark:
    """Something about a dataset that its reader noticed and went on from.

    Attributes:
        kind: short fixed name, e.g. "absent_image", "stray_file", "clipped_box".
        count: how many times.
        message: one sentence for a person, with the count.
        examples: up to five names.
    """

    kind: str
    count: int
    message: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalog:
    """One dataset: `images` with `COLUMNS`, `boxes` with `BOX_COLUMNS`, and remarks.

    Attributes:
        root: the dataset folder that `images["path"]` is relative to.
        source: the reader's name.
    """

    root: Path
    source: str
    images: pd.DataFrame
    boxes: pd.DataFrame
    remarks: tuple[Remark, ...] = ()

    @property
    def present(self) -> pd.DataFrame:
        """The rows of `images` whose file is there, index kept."""
        return self.images[self.images["path"].notna()]

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits: others wherever anything in the catalog is another."""
        content = hashlib.sha256(repr((str(self.root), self.source, self.remarks)).encode())
        for table in (self.images, self.boxes):
            content.update(repr(list(table.columns)).encode())
            content.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        return content.hexdigest()


def build_catalog(
    root: Path,
    source: str,
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame,
    boxes: Iterable[Mapping[str, Any]] | pd.DataFrame = (),
    remarks: Iterable[Remark] = (),
) -> Catalog:
    """Return a checked catalog, missing columns filled with <NA>.

    Args:
        root: the dataset folder.
        source: the reader's name, written to every row that names no source itself.
        rows: one mapping per image; only `image_id` and `path` are required.
        boxes: one mapping per box, with every column of `BOX_COLUMNS`.
        remarks: what the reader noted; those with a count of 0 are dropped.

    Returns:
        A catalog whose images are sorted by `image_id`, index 0..n-1.

    Raises:
        DatasetError: there are no rows, two rows share an `image_id`, or a box belongs to
            no image.
    """
    images = _table(rows, COLUMNS)
    images["source"] = images["source"].fillna(source)
    if images.empty:
        raise DatasetError(f"{root} holds no image that the {source!r} reader understands.")
    repeated = images.loc[images["image_id"].duplicated(), "image_id"]
    if not repeated.empty:
        raise DatasetError(
            f"{root}: image_id must be unique, but {len(repeated)} repeat "
            f"(first: {repeated.iloc[0]!r}). Remove the second copy of the files or rows."
        )
    box_table = _table(boxes, BOX_COLUMNS)
    # As objects: `isin` between columns of strings is many times slower.
    boxed, known = box_table["image_id"].astype(object), images["image_id"].astype(object)
    strangers = boxed[~boxed.isin(known)]
    if not strangers.empty:
        raise DatasetError(
            f"{root}: {len(strangers)} boxes belong to no image (first: {strangers.iloc[0]!r})."
        )
    return Catalog(
        root=root,
        source=source,
        images=images.sort_values("image_id", ignore_index=True),
        boxes=box_table.sort_values(["image_id", "x", "y"], ignore_index=True),
        remarks=tuple(remark for remark in remarks if remark.count),
    )


def _table(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return table.reindex(columns=list(columns)).astype(dict(columns))


def relative_boxes(catalog: Catalog) -> pd.DataFrame:
    """Return the boxes as fractions of their image, so that they fit it at any size.

    Returns:
        `BOX_COLUMNS`, with x, y, width, height in [0, 1], origin at the image's top left.
    """
    sizes = catalog.images.set_index("image_id")[["original_width", "original_height"]]
    boxes = catalog.boxes.join(sizes.astype("float64"), on="image_id")
    for column, side in (
        ("x", "width"),
        ("width", "width"),
        ("y", "height"),
        ("height", "height"),
    ):
        boxes[column] = boxes[column] / boxes[f"original_{side}"]
    return boxes[list(BOX_COLUMNS)]


def write_catalog(catalog: Catalog, folder: Path) -> None:
    """Write `catalog` as Parquet files under `folder`, replacing what is there at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f"{folder.name}.{uuid4().hex}.partial")
    partial.mkdir()
    catalog.images.to_parquet(partial / "images.parquet", index=False)
    catalog.boxes.to_parquet(partial / "boxes.parquet", index=False)
    about = {
        "root": str(catalog.root),
        "source": catalog.source,
        "remarks": [asdict(remark) for remark in catalog.remarks],
    }
    (partial / "catalog.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        partial.rename(folder)
    except OSError:
        # Another process wrote the same catalog in between: its copy is as good as ours.
        shutil.rmtree(partial)
        if not (folder / "catalog.json").is_file():
            raise


def read_catalog(folder: Path) -> Catalog:
    """Read what `write_catalog` wrote. Raises DatasetError if damaged or outdated."""
    try:
        about = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
        remarks = tuple(
            Remark(**{**remark, "examples": tuple(remark["examples"])})
            for remark in about["remarks"]
        )
        for name, columns in TABLES.items():
            tables[name] = tables[name][list(columns)].astype(dict(columns))
        root, source = Path(about["root"]), str(about["source"])
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise DatasetError(f"{folder} is not a catalog of this version: {error}.") from error
    return Catalog(root, source, tables["images"], tables["boxes"], remarks)
