"""Width, height and size of each image file of a catalog, from the headers alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark, add_remarks
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.errors import XrayError
from xray_core.imagefiles.images import read_sizes
from xray_core.paths import is_file


def measure_images(catalog: Catalog, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Return `catalog` with width, height and file_size of each image that is there.

    A file whose header cannot be read keeps <NA> as width and height, and is counted in a
    remark of kind "unreadable_image".

    Args:
        catalog: as a reader returns it.
        progress: called with (done, total) after each image, total >= 1.
    """
    present = catalog.present
    widths, heights, sizes, refused = [], [], [], []
    paths = [catalog.root / path for path in present["path"]]
    for done, (path, size) in enumerate(zip(paths, read_sizes(paths), strict=True), start=1):
        if isinstance(size, XrayError):
            refused.append(str(size))
        width, height = (None, None) if isinstance(size, XrayError) else size
        widths.append(width)
        heights.append(height)
        sizes.append(_count_bytes(path))
        if progress:
            progress(done, len(paths))
    images = catalog.images.copy()
    for column, values in (("width", widths), ("height", heights), ("file_size", sizes)):
        measured_column = pd.Series(values, index=present.index, dtype="Int64")
        images[column] = measured_column.reindex(images.index)
    if not refused:
        return replace(catalog, images=images)
    remark = Remark(
        kind="unreadable_image",
        count=len(refused),
        message=f"{len(refused):,} of {len(paths):,} image files cannot be read.",
        examples=tuple(refused[:N_EXAMPLES]),
        names=tuple(refused),
    )
    return add_remarks(replace(catalog, images=images), [remark])


def _count_bytes(path: Path) -> int | None:
    try:
        return path.stat().st_size if is_file(path) else None
    except OSError:  # taken away meanwhile
        return None
