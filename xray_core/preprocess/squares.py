"""Where an image lies in the square that a network sees, and where its boxes do."""

import numpy as np
from numpy.typing import NDArray

Area = tuple[float, float, float, float]  # left, top, width, height; fractions of the square


def find_area(ratio: float, resize: str) -> Area:
    """Return which area of the square an image fills.

    Args:
        ratio: its width / height.
        resize: see `PreprocessSpec`.
    """
    if resize == "stretch":
        return 0.0, 0.0, 1.0, 1.0
    width, height = min(1.0, ratio), min(1.0, 1 / ratio)
    return (1 - width) / 2, (1 - height) / 2, width, height


def place_boxes(boxes: NDArray[np.float64], ratio: float, resize: str) -> NDArray[np.float64]:
    """Return boxes of an image as they lie in the square.

    Args:
        boxes: float (n, 4): x, y, width, height as fractions of the image, from its top left.
        ratio: see `find_area`.
        resize: likewise.

    Returns:
        float (n, 4): the same as fractions of the square.
    """
    left, top, width, height = find_area(ratio, resize)
    return np.asarray(boxes * [width, height, width, height] + [left, top, 0.0, 0.0])
