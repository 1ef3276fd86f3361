"""Width, height and size of each image file of a catalog, from the headers alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark, add_remarks
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.errors import ImageError
from xray_core.imagefiles.images import read_size
from xray_core.paths import is_file

MEASURE_THREADS = 8  # they mostly wait for the disk


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
    with ThreadPoolExecutor(MEASURE_THREADS) as pool:
        paths = [catalog.root / path for path in present["path"]]
        for done, measured in enumerate(pool.map(_measure, paths), start=1):
            width, height, file_size, reason = measured
            widths.append(width)
            heights.append(height)
            sizes.append(file_size)
            if reason:
                refused.append(reason)
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


def _measure(path: Path) -> tuple[int | None, int | None, int | None, str]:
    """Return (width, height, file size, "") or, for an unreadable file, why it is refused."""
    try:
        width, height = read_size(path)
        return width, height, path.stat().st_size, ""
    except ImageError as error:
        return None, None, path.stat().st_size if is_file(path) else None, str(error)
