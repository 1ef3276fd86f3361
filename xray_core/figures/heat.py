"""Heat maps in colour, clear where they are cold, to be laid over an image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_core.preprocess.squares import find_area

FAINTEST = 0.25  # share of the hottest point below which nothing is drawn
SHOWN = 0.7  # opacity of the hottest point

Pixels = NDArray[np.uint8]


def color_heat(heat: Pixels, ratio: float, resize: str, side: int) -> Pixels:
    """Return a heat map in colour, cut to the part of the square that the image fills.

    Args:
        heat: uint8 (h, w), of the square that the network saw; 255 is the hottest point.
        ratio: width / height of the image that it is laid over.
        resize: how the image became that square; see `PreprocessSpec`.
        side: px, of the whole square.

    Returns:
        uint8 (height, width, 4): blue, green, red, and opacity; 0 is clear.
    """
    values = cut_heat(heat, ratio, resize, side)
    share = np.clip((values / 255 - FAINTEST) / (1 - FAINTEST), 0, 1)
    opacity = np.rint(255 * share).astype(np.uint8)
    return np.dstack([cv2.applyColorMap(values, cv2.COLORMAP_INFERNO), opacity])


def cut_heat(heat: Pixels, ratio: float, resize: str, side: int) -> Pixels:
    """Return the part of a heat map that the image fills, enlarged smoothly; see `color_heat`."""
    square = cv2.resize(heat, (side, side), interpolation=cv2.INTER_LINEAR)
    left, top, width, height = find_area(ratio, resize)
    rows = slice(round(top * side), max(round((top + height) * side), round(top * side) + 1))
    columns = slice(round(left * side), max(round((left + width) * side), round(left * side) + 1))
    return np.ascontiguousarray(square[rows, columns], np.uint8)


def lay_over(image: Pixels, heat: Pixels, resize: str) -> Pixels:
    """Return an image with its heat map over it, in colour.

    Args:
        image: uint8 (h, w), gray, as its file has it.
        heat: see `color_heat`.
        resize: likewise.

    Returns:
        uint8 (h, w, 3): blue, green, red.
    """
    height, width = image.shape
    square = color_heat(heat, width / height, resize, max(height, width))
    colored = np.asarray(cv2.resize(square, (width, height), interpolation=cv2.INTER_LINEAR))
    opacity = SHOWN * colored[..., 3:].astype(np.float32) / 255
    mixed = image[..., None] * (1 - opacity) + colored[..., :3] * opacity
    return np.asarray(np.rint(mixed), np.uint8)
