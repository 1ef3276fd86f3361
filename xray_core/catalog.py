"""The catalog: what is known of a dataset's images, as plain tables.

Every reader in `xray_core.datasets` returns a `Catalog` and everything downstream accepts
nothing else, so a new dataset needs a reader and no other change.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
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
    "reading": "string",  # what a radiologist wrote of the image or its study
    "mask_path": "string",  # of `masks`, the image's first file that shows the lungs
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

LUNGS, OF_FINDING = "lungs", "finding"  # what masks show

# Column -> dtype, one row per mask: a file, or run lengths in px of the original image.
MASK_COLUMNS = {
    "image_id": "string",
    "kind": "string",  # `LUNGS`, or `OF_FINDING`: something that is seen, as a lesion
    "finding": "string",  # what it surrounds, in the authors' words; <NA> for lungs
    "path": "string",  # an image, white inside; relative to the dataset folder; or <NA>
    "runs": "string",  # "start length start length …", see `tables.regions.decode_run_lengths`
}

# Column -> dtype, one row per name that a remark counts; a remark itself names five.
NOTED_COLUMNS = {
    "kind": "string",  # as `Remark.kind`
    "name": "string",  # a file, an image or a cell
}

TABLES = {
    "images": COLUMNS,
    "boxes": BOX_COLUMNS,
    "masks": MASK_COLUMNS,
    "noted": NOTED_COLUMNS,
}
FINDING_STATES = "finding_states"  # a table whose columns the dataset gives
STATES_KEY = "image_id"  # the one of them that is no finding
STATE = "Int8"  # dtype of a finding's column


@dataclass(frozen=True)
class Remark:
    """Something about a dataset that its reader noticed and went on from.

    Attributes:
        kind: short fixed name, e.g. "absent_image", "stray_file", "clipped_box".
        count: how many times.
        message: one sentence for a person, with the count.
        examples: up to five names.
        names: all names, until `build_catalog` keeps them in the table `noted`.
    """

    kind: str
    count: int
    message: str
    examples: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Catalog:
    """One dataset: the tables of `TABLES`, remarks, and how it was opened.

    Attributes:
        root: the dataset folder that `images["path"]` is relative to.
        source: the reader's name.
        finding_states: `image_id` and one Int8 column for each finding: 1 present, 0 absent,
            <NA> unknown; one row for each image. Without any finding's column where the dataset
            says only what is present: then what `images["findings"]` does not name is absent.
        notes: what was seen in the folder, which reader was chosen and why, a sentence each.
    """

    root: Path
    source: str
    images: pd.DataFrame
    boxes: pd.DataFrame
    remarks: tuple[Remark, ...] = ()
    masks: pd.DataFrame = field(default_factory=lambda: _table((), MASK_COLUMNS))
    noted: pd.DataFrame = field(default_factory=lambda: _table((), NOTED_COLUMNS))
    finding_states: pd.DataFrame = field(default_factory=lambda: _states(None))
    notes: tuple[str, ...] = ()

    @property
    def present(self) -> pd.DataFrame:
        """The rows of `images` whose file is there, index kept."""
        return self.images[self.images["path"].notna()]

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits: others wherever anything in the catalog is another."""
        about = (str(self.root), self.source, self.remarks)
        content = hashlib.sha256(repr(about).encode("utf-8", "surrogatepass"))
        for table in (self.images, self.boxes, self.masks, self.finding_states):
            content.update(repr(list(table.columns)).encode())
            content.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        return content.hexdigest()


def build_catalog(
    root: Path,
    source: str,
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame,
    boxes: Iterable[Mapping[str, Any]] | pd.DataFrame = (),
    remarks: Iterable[Remark] = (),
    masks: Iterable[Mapping[str, Any]] | pd.DataFrame = (),
    finding_states: pd.DataFrame | None = None,
) -> Catalog:
    """Return a checked catalog, missing columns filled with <NA>.

    Args:
        root: the dataset folder.
        source: the reader's name, written to every row that names no source itself.
        rows: one mapping per image; only `image_id` and `path` are required.
        boxes: one mapping per box, with every column of `BOX_COLUMNS`.
        remarks: what the reader noted; those with a count of 0 are dropped.
        masks: one mapping per mask, with the columns of `MASK_COLUMNS` that it has.
        finding_states: as `Catalog.finding_states`, in any order of rows.

    Returns:
        A catalog whose images are sorted by `image_id`, index 0..n-1.

    Raises:
        DatasetError: there are no rows, two rows share an `image_id`, a box or a mask belongs to
            no image, or a finding is called as none can be.
    """
    images, mask_table = _join_masks(_table(rows, COLUMNS), _table(masks, MASK_COLUMNS))
    images["source"] = images["source"].fillna(source)
    if images.empty:
        raise DatasetError(f"{root} holds no image that the {source!r} reader understands.")
    repeated = images.loc[images["image_id"].duplicated(), "image_id"]
    if not repeated.empty:
        raise DatasetError(
            f"{root}: image_id must be unique, but {len(repeated)} repeat "
            f"(first: {repeated.iloc[0]!r}). Remove the second copy of the files or rows."
        )
    # As objects: `isin` between columns of strings is many times slower.
    known = images["image_id"].astype(object)
    box_table = _table(boxes, BOX_COLUMNS)
    for what, table in (("boxes", box_table), ("masks", mask_table)):
        named = table["image_id"].astype(object)
        strangers = named[~named.isin(known)]
        if not strangers.empty:
            raise DatasetError(
                f"{root}: {len(strangers)} {what} belong to no image "
                f"(first: {strangers.iloc[0]!r})."
            )
    _check_findings(root, finding_states)
    catalog = Catalog(
        root=root,
        source=source,
        images=images.sort_values("image_id", ignore_index=True),
        boxes=box_table.sort_values(["image_id", "x", "y"], ignore_index=True),
        masks=mask_table.sort_values(["image_id", "kind", "path"], ignore_index=True),
        finding_states=_states(finding_states),
    )
    return add_remarks(catalog, remarks)


def add_remarks(catalog: Catalog, remarks: Iterable[Remark]) -> Catalog:
    """Return `catalog` with further remarks; all that they name goes into the table `noted`."""
    counted = [remark for remark in remarks if remark.count]
    kinds = [(remark.kind, remark.names or remark.examples) for remark in counted]
    rows = [{"kind": kind, "name": name} for kind, names in kinds for name in names]
    noted = _table(rows, NOTED_COLUMNS)
    return replace(
        catalog,
        remarks=(*catalog.remarks, *(replace(remark, names=()) for remark in counted)),
        noted=pd.concat([catalog.noted, noted], ignore_index=True) if rows else catalog.noted,
    )


def _table(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return table.reindex(columns=list(columns)).astype(dict(columns))


def list_noted(catalog: Catalog) -> pd.DataFrame:
    """Return what the remarks count, name by name: kind, name and the remark's message."""
    messages: dict[str, str] = {}
    for remark in catalog.remarks:  # of a kind there may be several, such as one for each column
        messages[remark.kind] = f"{messages.get(remark.kind, '')} {remark.message}".strip()
    return catalog.noted.assign(remark=catalog.noted["kind"].map(messages))


def _join_masks(images: pd.DataFrame, masks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let `images["mask_path"]` and the masks of the lungs name the same files."""
    lungs = masks[(masks["kind"] == LUNGS) & masks["path"].notna()]
    first = lungs.drop_duplicates("image_id").set_index("image_id")["path"]
    files = images["image_id"].map(first).astype("string")
    images["mask_path"] = images["mask_path"].where(images["mask_path"].notna(), files)
    named = images.loc[images["mask_path"].notna(), ["image_id", "mask_path"]]
    named = named.rename(columns={"mask_path": "path"}).assign(kind=LUNGS)
    both = pd.concat([masks, _table(named, MASK_COLUMNS)], ignore_index=True)
    return images, both.drop_duplicates(["image_id", "kind", "path", "runs"], ignore_index=True)


def _check_findings(root: Path, states: pd.DataFrame | None) -> None:
    """Raise a DatasetError if the names of findings could not be told from each other."""
    names = [] if states is None else list(map(str, states.columns))
    wrong = [name for name in names if "|" in name or names.count(name) > 1]
    if wrong:
        raise DatasetError(
            f"{root}: no finding can be called {wrong[0]!r}: a bar separates findings, "
            f"{STATES_KEY!r} names the image, and each has a name of its own. Rename its column."
        )


def _states(table: pd.DataFrame | None) -> pd.DataFrame:
    """Return `finding_states` in its dtypes, sorted by image."""
    if table is None:
        table = pd.DataFrame({STATES_KEY: []})
    dtypes = {name: STATE for name in table.columns} | {STATES_KEY: "string"}
    return table.astype(dtypes).sort_values(STATES_KEY, ignore_index=True)


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
    filled = [name for name in (*TABLES, FINDING_STATES) if len(getattr(catalog, name))]
    for name in filled:
        getattr(catalog, name).to_parquet(partial / f"{name}.parquet", index=False)
    about = {
        "tables": filled,  # the rest is empty, and costs no reading
        "root": str(catalog.root),
        "source": catalog.source,
        "remarks": [asdict(remark) for remark in catalog.remarks],
        "notes": catalog.notes,
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
        tables = {
            name: _read_table(folder / f"{name}.parquet", columns)
            if name in about["tables"]
            else _empty(name).copy()
            for name, columns in TABLES.items()
        }
        states = None
        if FINDING_STATES in about["tables"]:
            states = pd.read_parquet(folder / f"{FINDING_STATES}.parquet")
        remarks = tuple(
            Remark(**{**remark, "examples": tuple(remark["examples"]), "names": ()})
            for remark in about["remarks"]
        )
        root, source, notes = Path(about["root"]), str(about["source"]), tuple(about["notes"])
    except (OSError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise DatasetError(f"{folder} is not a catalog of this version: {error}.") from error
    return Catalog(
        root,
        source,
        remarks=remarks,
        finding_states=_empty(FINDING_STATES).copy() if states is None else _states(states),
        notes=notes,
        **tables,
    )


def _read_table(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    table = pd.read_parquet(path)[list(columns)]
    as_kept = all(table[name].dtype == dtype for name, dtype in columns.items())
    return table if as_kept else table.astype(dict(columns))


@lru_cache
def _empty(name: str) -> pd.DataFrame:
    """Return an empty table of a catalog; to make it anew takes some milliseconds."""
    return _states(None) if name == FINDING_STATES else _table((), TABLES[name])
