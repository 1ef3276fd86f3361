"""Window and level: which stretch of gray levels is spread from black to white."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """A stretch of gray levels that is shown from black to white.

    Attributes:
        name: for a person.
        level: its middle, in [0, 255].
        width: its length in gray levels, in [1, 255].
    """

    name: str
    level: float
    width: float


FULL = Window("full range", 127.5, 255.0)
# Radiographs have no unit that names a tissue, as Hounsfield's does on CT. On most chest X-rays of
# 8 bits the lungs lie in the dark half and the bones in the bright third; these fit that.
LUNGS = Window("lungs", 90.0, 140.0)
BONES = Window("bones", 190.0, 120.0)


def find_window(images: Iterable[NDArray[np.uint8]]) -> Window:
    """Return the window from the 1st to the 99th percentile of all pixels of some images.

    Args:
        images: uint8 arrays (h, w), 0 is black; at least one pixel in all.

    Returns:
        A window called "auto", at least one gray level wide.
    """
    pixels = np.concatenate([image.ravel() for image in images])
    low, high = np.percentile(pixels, [1, 99])
    return Window("auto", float(low + high) / 2, max(1.0, float(high - low)))
