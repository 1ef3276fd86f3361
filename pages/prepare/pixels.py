"""Pixels as tiles of a grid, and as addresses that an image can show."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pages.components.grid import Tile, as_data_address

Pixels = NDArray[np.uint8]
MAX_SIDE = 512  # px; a larger image is shrunk before it is sent to the browser


def shrink(pixels: Pixels, side: int) -> Pixels:
    """Return the image with its longer side at most `side` px, shape (h, w)."""
    height, width = pixels.shape
    if max(height, width) <= side:
        return pixels
    scale = side / max(height, width)
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )


def as_address(pixels: Pixels) -> str:
    """Return gray levels (h, w) as a `data:` address."""
    # PNG, because JPEG would add patterns of its own to what is compared.
    return as_data_address(cv2.imencode(".png", shrink(pixels, MAX_SIDE))[1].tobytes(), "png")


def build_tile(name: str, pixels: Pixels, title: str = "", note: str = "") -> Tile:
    """Return a tile that is called `name` when it is clicked."""
    height, width = pixels.shape
    return Tile(
        id=name,
        title=title,
        note=note,
        alt=f"X-ray, {title or 'changed at random'}",
        src=as_address(pixels),
        ratio=width / height,
    )
