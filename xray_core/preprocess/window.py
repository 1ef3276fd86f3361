"""Window and level: which stretch of gray levels is spread from black to white."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_core.preprocess.real_values import RealImage


@dataclass(frozen=True)
class Window:
    """A stretch of gray levels that is shown from black to white.

    Attributes:
        name: for a person.
        level: its middle; of 256 gray levels in [0, 255], else in the unit of a file's values.
        width: its length in the same, above 0.
    """

    name: str
    level: float
    width: float


FULL = Window("full range", 127.5, 255.0)
# Radiographs have no unit that names a tissue, as Hounsfield's does on CT. On most chest X-rays of
# 8 bits the lungs lie in the dark half and the bones in the bright third; these fit that.
LUNGS = Window("lungs", 90.0, 140.0)
BONES = Window("bones", 190.0, 120.0)


def list_real_windows(images: Sequence[RealImage]) -> list[Window]:
    """Return the windows of some images in the values of their files, the one to begin with first.

    Args:
        images: one at least.
    """
    lowest = min(image.stored.lowest for image in images)
    highest = max(image.stored.highest for image in images)
    low, high = (pick(image.auto[end] for image in images) for end, pick in ((0, min), (1, max)))
    asked = [
        Window("as the file says", image.stored.level, image.stored.width)
        for image in images[:1]
        if image.stored.level is not None and image.stored.width is not None
    ]
    return [
        *asked,
        _span("full range", lowest, highest),
        _span("auto", low, high),
    ]


def _span(name: str, low: float, high: float) -> Window:
    return Window(name, (low + high) / 2, max(high - low, 1e-6))


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
