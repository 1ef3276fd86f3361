"""Masks of a catalog: files and run lengths as pixels, and the outlines to draw."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError, ImageError
from xray_core.imagefiles.images import read_size
from xray_core.imagefiles.refusals import check_size
from xray_core.preprocess.mask_pixels import Mask, read_mask_file, scale_mask
from xray_core.tables.regions import decode_run_lengths

MAX_OUTLINES = 400  # of one mask; one of more is outlined at half of its size
UNITS = 1000  # of a path of an outline, along either side of the image
TOLERANCE = 0.5  # px, by which an outline may pass its pixels by

Outline = NDArray[np.float64]


def read_mask(catalog: Catalog, row: Mapping[str, Any] | pd.Series) -> Mask:
    """Return one mask of an image as pixels.

    Args:
        catalog: that the mask belongs to.
        row: of `catalog.masks`.

    Returns:
        Shape (h, w), True inside. Of a file: its own size, which the image need not have, only
        its proportions. Of run lengths: the size of the original image, or of the image's file
        where no other is known.

    Raises:
        ImageError: the file cannot be read, see `read_image`; or the image is too large.
        DatasetError: the run lengths cannot be read, or do not fit into the image.
    """
    if pd.notna(row["path"]):
        return read_mask_file(catalog.root / row["path"])
    if pd.isna(row["runs"]):
        raise DatasetError(f"A mask of {row['image_id']} has neither a file nor run lengths.")
    width, height = _find_size(catalog, row["image_id"])
    try:
        return decode_run_lengths(row["runs"], height, width, relative=False).astype(bool)
    except DatasetError as error:
        raise DatasetError(f"A mask of {row['image_id']} cannot be drawn. {error}") from error


def _find_size(catalog: Catalog, image_id: str) -> tuple[int, int]:
    """Return width and height, px, of what the run lengths of an image were written for."""
    images = catalog.images
    image = images.iloc[int(np.argmax(images["image_id"].to_numpy(object) == image_id))]
    for sides in (("original_width", "original_height"), ("width", "height")):
        width, height = (image[side] for side in sides)
        if pd.notna(width) and pd.notna(height):
            check_size(Path(image_id), int(width), int(height))
            return int(width), int(height)
    if pd.isna(image["path"]):
        raise ImageError(f"{image_id} has no file that tells the size of its mask.")
    return read_size(catalog.root / image["path"])


def draw_path(mask: Mask) -> str:
    """Return the outlines of a mask as a path of SVG, `UNITS` along either side of the image."""
    return "".join(
        f"M{'L'.join(f'{x},{y}' for x, y in np.rint(line * UNITS).astype(int).tolist())}Z"
        for line in outline_mask(mask)
    )


def outline_mask(mask: Mask) -> list[Outline]:
    """Return the outlines of a mask.

    Args:
        mask: shape (h, w).

    Returns:
        A closed line for each connected piece and each hole in one: shape (n, 2), x and y of its
        corners as fractions of the image, origin at its top left.
    """
    import cv2  # on first use, as only masks that are looked at need it

    height, width = mask.shape
    lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(lines) > MAX_OUTLINES and min(mask.shape) > 1:
        return outline_mask(scale_mask(mask, ((width + 1) // 2, (height + 1) // 2)))
    corners = [cv2.approxPolyDP(line, TOLERANCE, closed=True)[:, 0, :] for line in lines]
    # A contour runs through the middles of pixels.
    return [(points + 0.5) / (width, height) for points in corners]
