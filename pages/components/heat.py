"""Heat maps as pictures with transparency, to be laid over an image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pages.components.grid import as_data_address
from xray_core.preprocess.squares import find_area

SIDE = 112  # px of the picture; the browser enlarges it smoothly
FAINTEST = 0.25  # share of the hottest point below which nothing is drawn
SHOWN, HIDDEN = 0.7, 0.0  # opacity


def as_heat(heat: NDArray[np.uint8], ratio: float = 1.0, resize: str = "stretch") -> str:
    """Return a heat map as a `data:` address of a picture, clear where it is cold.

    Args:
        heat: uint8 (h, w), of the square that the network saw; 255 is the hottest point.
        ratio: width / height of the image that it is laid over.
        resize: how the image became that square; see `PreprocessSpec`.
    """
    if not heat.any():
        return ""
    square = cv2.resize(heat, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    left, top, width, height = find_area(ratio, resize)
    rows = slice(round(top * SIDE), max(round((top + height) * SIDE), round(top * SIDE) + 1))
    columns = slice(round(left * SIDE), max(round((left + width) * SIDE), round(left * SIDE) + 1))
    values = np.ascontiguousarray(square[rows, columns])
    picture = np.dstack([cv2.applyColorMap(values, cv2.COLORMAP_INFERNO), _opacity(values)])
    _, png = cv2.imencode(".png", picture)
    return as_data_address(png.tobytes(), "png")


def _opacity(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    share = np.clip((values / 255 - FAINTEST) / (1 - FAINTEST), 0, 1)
    return np.rint(255 * share).astype(np.uint8)
