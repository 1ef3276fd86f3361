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

MEMORY_FULL = "memory_full"  # the kind of the remark on images that were not looked at
MEASURE_THREADS = 8  # they mostly wait for the disk


def measure_images(catalog: Catalog, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Return `catalog` with width, height and file_size of each image that is there.

    A file whose header cannot be read keeps <NA> as width and height, and is counted in a
    remark of kind "unreadable_image"; so does one that did not fit into the memory at the moment,
    counted in one of kind `MEMORY_FULL`, for nothing is known of it.

    Args:
        catalog: as a reader returns it.
        progress: called with (done, total) after each image, total >= 1.
    """
    present = catalog.present
    widths, heights, sizes = [], [], []
    refused, unread = list[str](), list[str]()
    with ThreadPoolExecutor(MEASURE_THREADS) as pool:
        paths = [catalog.root / path for path in present["path"]]
        for done, measured in enumerate(pool.map(_measure, paths), start=1):
            width, height, file_size, reason = measured
            widths.append(width)
            heights.append(height)
            sizes.append(file_size)
            if reason is None:
                unread.append(present["path"].iloc[done - 1])
            elif reason:
                refused.append(reason)
            if progress:
                progress(done, len(paths))
    images = catalog.images.copy()
    for column, values in (("width", widths), ("height", heights), ("file_size", sizes)):
        measured_column = pd.Series(values, index=present.index, dtype="Int64")
        images[column] = measured_column.reindex(images.index)
    message = f"{len(refused):,} of {len(paths):,} image files cannot be read."
    full = (
        f"Images whose size is not known, as the memory was full: {len(unread):,}. Close other "
        "programs and open the dataset again."
    )
    remarks = [
        Remark(kind, len(names), text, tuple(names[:N_EXAMPLES]), tuple(names))
        for kind, names, text in (
            ("unreadable_image", refused, message),
            (MEMORY_FULL, unread, full),
        )
        if names
    ]
    return add_remarks(replace(catalog, images=images), remarks)


def is_complete(catalog: Catalog) -> bool:
    """Whether all images were looked at; one that was not may be found whole the next time."""
    return all(remark.kind != MEMORY_FULL for remark in catalog.remarks)


def _measure(path: Path) -> tuple[int | None, int | None, int | None, str | None]:
    """Return (width, height, file size, ""); of an unreadable file the last says why.

    It is None where the memory was full.
    """
    try:
        width, height = read_size(path)
        return width, height, path.stat().st_size, ""
    except ImageError as error:
        return None, None, path.stat().st_size if is_file(path) else None, str(error)
    except MemoryError:
        return None, None, path.stat().st_size, None
