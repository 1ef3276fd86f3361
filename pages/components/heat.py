"""Heat maps as pictures with transparency, to be laid over an image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pages.components.grid import as_data_address
from xray_core.figures.heat import color_heat

SIDE = 112  # px of the picture; the browser enlarges it smoothly
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
    _, png = cv2.imencode(".png", color_heat(heat, ratio, resize, SIDE))
    return as_data_address(png.tobytes(), "png")
