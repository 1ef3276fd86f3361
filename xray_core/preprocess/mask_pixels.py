"""Masks as pixels: read from a file, scaled and united.

Apart from `masks.py`, as decoding processes load this, and no tables.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_core.imagefiles.images import read_image

FEW_LEVELS = 32  # gray levels of a mask that was stored without loss, such as one of classes
BLURRING = (".jpg", ".jpeg", ".jpe", ".jfif", ".webp")
NOISE = 32  # of the brightest level, the share below which nothing is meant

Mask = NDArray[np.bool_]


def read_mask_file(path: Path) -> Mask:
    """Return an image file as a mask, shape (h, w), True where it is not black.

    Masks are stored as 0 and 255, as 0 and 1, or with a gray level or colour for each class.
    Where there are many levels, as enlarging leaves them, or JPEG blurs them, the brighter half is
    inside.

    Raises:
        ImageError: see `read_image`.
    """
    pixels = read_image(path)
    levels = np.flatnonzero(np.bincount(pixels.ravel(), minlength=256))
    highest = int(levels[-1])
    is_blurred = len(levels) > FEW_LEVELS or path.suffix.lower() in BLURRING
    return pixels > highest // (2 if is_blurred else NOISE)


def unite_masks(masks: Sequence[Mask]) -> Mask:
    """Return what lies inside any of several masks of one image, such as left and right lung.

    Args:
        masks: at least one, shape (h, w) each; smaller ones are enlarged to the first of most
            pixels.
    """
    largest = max(masks, key=lambda mask: mask.size)
    height, width = largest.shape
    scaled = [scale_mask(mask, (width, height)) for mask in masks]
    return np.asarray(np.any(scaled, axis=0))


def scale_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask of another size, (width, height) px; no pixel inside is lost by shrinking."""
    if size == (mask.shape[1], mask.shape[0]):
        return mask
    scaled = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
    return np.asarray(scaled) > 0


def shrink_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask of another size, (width, height) px: inside where half of a pixel was.

    Areas stay what they are, where `scale_mask` keeps the last pixel of a thin line.
    """
    if size == (mask.shape[1], mask.shape[0]):
        return mask
    scaled = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
    return np.asarray(scaled) >= 128


def unite_files_here(root: str, paths: Sequence[str], side: int) -> NDArray[np.uint8]:
    """Return the masks in several files as one, uint8 (h, w), 1 inside; for `map_bounded`.

    Args:
        root: the dataset folder.
        paths: at least one, relative to it.
        side: px, the longer side of the result at most.

    Raises:
        ImageError: see `read_image`.
    """
    mask = unite_masks([read_mask_file(Path(root) / path) for path in paths])
    height, width = mask.shape
    scale = min(1.0, side / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return shrink_mask(mask, size).astype(np.uint8)
