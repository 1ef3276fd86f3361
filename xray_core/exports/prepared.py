"""Prepared images as PNG files in a new folder, the label in each name, a table beside them.

    <folder>/images/<label>_<image id>.png      size x size px, 8 bit, gray
    <folder>/labels.csv                         file, image_id, label, patient, subset
    <folder>/xray_dataset.json                  by which the folder is opened again
    <folder>/about.txt                          how it was made; licence and citation
    <folder>/left_out.csv                       only if files could not be read: which, and why

Written under a hidden name beside it, which is renamed at the end: the folder is whole, or it is
not there. What a killed export leaves is removed by the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError, XrayError
from xray_core.exports.disk import (
    check_outside,
    check_space,
    new_folder,
)
from xray_core.exports.names import safe_name, unique_names
from xray_core.exports.tables import (
    ABOUT,
    IMAGES,
    MAPPING,
    TABLE,
    describe_origin,
    describe_prepared,
    format_table,
    write_mapping_text,
)
from xray_core.preprocess.images import read_all_preprocessed
from xray_core.preprocess.regions import Lungs
from xray_core.preprocess.spec import PreprocessSpec

LEFT_OUT = "left_out.csv"
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class PreparedExport:
    """A finished export.

    Attributes:
        folder: that was written.
        n_images: PNG files in it.
        n_bytes: of them.
        left_out: image_id, path and reason of each image that could not be read.
    """

    folder: Path
    n_images: int
    n_bytes: int
    left_out: pd.DataFrame


def export_prepared(
    catalog: Catalog,
    folder: Path,
    spec: PreprocessSpec,
    labels: pd.Series,
    subsets: pd.Series,
    progress: Callable[[int, int], None] | None = None,
    lungs: Sequence[Lungs | str] | None = None,
) -> PreparedExport:
    """Write every image of `labels` whose file is there as a prepared PNG; see above.

    Args:
        catalog: the dataset.
        folder: to be made; nothing in it is overwritten.
        spec: the preprocessing.
        labels: of the images to export, index of `catalog.images`; <NA> is "unlabelled".
        subsets: likewise, "training", "validation", "test" or <NA>.
        progress: called with (images done, images in all) after each image.
        lungs: where they are in each image of the catalog, see `lung_places`, for a region that
            needs it.

    Raises:
        DatasetError: the folder lies in the dataset's, there is something in it already, another
            process exports to it, the disk is too full or refuses, or no image can be read.
    """
    images = catalog.images.loc[labels.index]
    images = images[images["path"].notna()]
    if images.empty:
        raise DatasetError(f"{catalog.root}: no image of these is in the folder to export.")
    check_outside(folder, catalog)
    with new_folder(folder, "exporting to") as partial:
        (partial / IMAGES).mkdir()
        check_space(folder.absolute().parent, len(images) * spec.size**2)
        done = _write(catalog, partial, spec, images, labels, subsets, progress, lungs)
    return PreparedExport(folder, done.n_images, done.n_bytes, done.left_out)


def _write(
    catalog: Catalog,
    partial: Path,
    spec: PreprocessSpec,
    images: pd.DataFrame,
    labels: pd.Series,
    subsets: pd.Series,
    progress: Callable[[int, int], None] | None,
    lungs: Sequence[Lungs | str] | None,
) -> PreparedExport:
    words = labels[images.index].fillna(UNLABELLED)
    names = unique_names(
        f"{safe_name(str(label))}_{safe_name(str(image_id))}"
        for label, image_id in zip(words, images["image_id"], strict=True)
    )
    places = catalog.images.index.get_indexer(images.index).tolist()
    read = read_all_preprocessed(
        [catalog.root / path for path in images["path"]],
        spec,
        None if lungs is None else [lungs[place] for place in places],
    )
    written: list[int] = []
    files: list[str] = []
    left_out: list[dict[str, str]] = []
    n_bytes = 0
    for place, (name, result) in enumerate(zip(names, read, strict=True)):
        row = images.iloc[place]
        if isinstance(result, XrayError):
            reason = str(result).replace(f"{catalog.root}/", "")
            left_out.append({"image_id": row["image_id"], "path": row["path"], "reason": reason})
        else:
            content = cv2.imencode(".png", result)[1].tobytes()
            (partial / IMAGES / f"{name}.png").write_bytes(content)
            n_bytes += len(content)
            written.append(place)
            files.append(f"{IMAGES}/{name}.png")
        if progress is not None:
            progress(place + 1, len(images))
    if not written:
        raise DatasetError(
            f"{catalog.root}: none of the {len(images):,} images can be read. The first, "
            f"{left_out[0]['path']}: {left_out[0]['reason']}"
        )
    table, mapping = describe_prepared(images.iloc[written], files, labels, subsets)
    (partial / TABLE).write_bytes(format_table(table))
    (partial / MAPPING).write_bytes(write_mapping_text(mapping))
    steps = ", ".join(f"{name} {value}" for name, value in asdict(spec).items())
    what = f"{len(files):,} images of {catalog.root.name}, prepared by X-ray Lab: {steps}."
    (partial / ABOUT).write_text(describe_origin(catalog, what), "utf-8")
    lost = pd.DataFrame(left_out, columns=["image_id", "path", "reason"])
    if len(lost):
        (partial / LEFT_OUT).write_bytes(format_table(lost))
    return PreparedExport(partial, len(files), n_bytes, lost)
