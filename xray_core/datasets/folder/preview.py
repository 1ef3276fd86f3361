"""What a mapping makes of a folder, before it is kept: counts, first rows, images with boxes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets.folder.decide import read_as_mapped
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.layout import read_layout
from xray_core.datasets.folder.mapping import FRACTIONS, FolderMapping
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.sizes import SIZES, add_original_sizes
from xray_core.datasets.folder.table import MappingPreview, preview_mapping
from xray_core.errors import DatasetError
from xray_core.tables.cells import SEPARATOR

N_SAMPLES = 3  # images that are shown
Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Sample:
    """An image as a mapping reads it.

    Attributes:
        path: relative to the folder.
        label: its findings as in the catalog; "" for none.
        boxes: as fractions of the image, origin at its top left.
    """

    path: str
    label: str
    boxes: tuple[Box, ...]


def preview_reading(
    files: FolderFiles, tables: FolderTables, mapping: FolderMapping
) -> tuple[MappingPreview, list[Sample]]:
    """Return what reading a folder so would give, and `N_SAMPLES` images, best those with boxes.

    Raises:
        DatasetError: it cannot be read so; the message says why.
    """
    if mapping.tables:
        preview = preview_mapping(files, tables, mapping)
        return preview, _sample(preview.images, _relate_boxes(files, preview, mapping))
    layout = read_layout(files.counts, mapping.folders)
    if layout.problem and not mapping.label_in_name:
        problem = layout.problem[0].upper() + layout.problem[1:]
        raise DatasetError(f"{problem}. Say what each level of folders is, or read it otherwise.")
    catalog = read_as_mapped(files, mapping).read()
    boxes = relative_boxes(catalog)
    return _preview_catalog(catalog), _sample(catalog.present, boxes)


def _preview_catalog(catalog: Catalog) -> MappingPreview:
    """Return what is in a catalog that no table was needed for: its rows are the images."""
    there = catalog.present
    texts = there["findings"].dropna()
    counts = Counter(label for text in texts for label in text.split(SEPARATOR))
    return MappingPreview(
        rows=len(catalog.images),
        rows_with_image=len(there),
        labels=dict(counts.most_common()),
        unlabelled=int(there["findings"].isna().sum()),
        patients=int(there["patient_id"].nunique()),
        subsets={str(k): int(n) for k, n in there["published_split"].value_counts().items()},
        boxes=len(catalog.boxes),
        masks=len(catalog.masks),
        images=there,
        remarks=catalog.remarks,
        first=catalog.images.assign(cell=catalog.images["path"]),
        placed=catalog.boxes,
    )


def _relate_boxes(
    files: FolderFiles, preview: MappingPreview, mapping: FolderMapping
) -> pd.DataFrame:
    """Return the boxes of the images that are to be shown, as fractions of them."""
    boxes = preview.placed
    wanted = boxes["image_id"].drop_duplicates().head(N_SAMPLES)
    boxes = boxes[boxes["image_id"].isin(wanted)].copy()
    if mapping.box_unit == FRACTIONS or boxes.empty:
        return boxes
    images = preview.images[preview.images["image_id"].isin(wanted)].copy()
    add_original_sizes(files.root, images, pd.Series(True, images.index))
    sizes = images.set_index("image_id")[SIZES].astype("float64").reindex(boxes["image_id"])
    boxes[["x", "width"]] /= sizes[["original_width"]].to_numpy()
    boxes[["y", "height"]] /= sizes[["original_height"]].to_numpy()
    return boxes.dropna()


def _sample(images: pd.DataFrame, boxes: pd.DataFrame) -> list[Sample]:
    """Return the first images with boxes, then of each label the first, then others."""
    boxed = images["image_id"].isin(boxes["image_id"])
    new = images["findings"].notna() & ~images["findings"].duplicated()
    order = pd.Series(2, images.index).mask(new, 1).mask(boxed, 0)
    chosen = images.loc[order.sort_values(kind="stable").index[:N_SAMPLES]]
    sides = boxes[["image_id", "x", "y", "width", "height"]]
    return [
        Sample(path, "" if pd.isna(label) else label, _boxes_of(sides, image_id))
        for image_id, path, label in chosen[["image_id", "path", "findings"]].itertuples(
            index=False, name=None
        )
    ]


def _boxes_of(boxes: pd.DataFrame, image_id: str) -> tuple[Box, ...]:
    own = boxes[boxes["image_id"] == image_id].iloc[:, 1:]
    return tuple(_as_box(row) for row in own.itertuples(index=False, name=None))


def _as_box(row: Sequence[float]) -> Box:
    x, y, width, height = map(float, row)
    return x, y, width, height
