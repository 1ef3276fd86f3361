"""Images with the values that their files mean, made small enough for a browser to window them.

A browser's pictures have 8 bits. So each pixel's value goes into two of them: the red of a PNG
holds the high byte, the green the low one, and the page puts them together.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xray_core.bounded import map_bounded
from xray_core.errors import XrayError
from xray_core.imagefiles.grays import StoredGrays

AUTO = (1.0, 99.0)  # percentiles between which "auto" spreads black to white


@dataclass(frozen=True)
class RealImage:
    """A small copy of an image with the values of its file.

    Attributes:
        png: the copy; a pixel's value is first + step * (256 * red + green).
        first, step: in the unit that the file means.
        stored: how the file stores them, and wants them seen.
        auto: the values at the percentiles `AUTO`.
    """

    png: bytes
    first: float
    step: float
    stored: StoredGrays
    auto: tuple[float, float]


def read_real_images(paths: Sequence[Path], side: int) -> list[RealImage | None]:
    """Return a copy of each image, of at most `side` px, with the values of its file.

    Returns:
        None for an image of 8 bits without a unit, one in colour, and one that cannot be read.
    """
    read = map_bounded(encode_here, [(str(path), side) for path in paths])
    return [
        None
        if made is None or isinstance(made, XrayError)
        else RealImage(
            **{**made, "stored": StoredGrays(**made["stored"]), "auto": tuple(made["auto"])}
        )
        for made in read
    ]


def encode_here(path: str, side: int) -> dict[str, Any] | None:
    """Return the entries of a `RealImage`; for `map_bounded`."""
    from xray_core.imagefiles.decoding import read_values

    values = read_values(Path(path))
    if values is None:
        return None
    height, width = values.steps.shape
    share = min(1.0, side / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    steps = cv2.resize(values.steps, size, interpolation=cv2.INTER_AREA).astype(
        np.uint16, copy=False
    )
    # OpenCV's order of channels is blue, green, red.
    packed = np.dstack([np.zeros_like(steps), steps & 255, steps >> 8]).astype(np.uint8)
    _, png = cv2.imencode(".png", packed, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    low, high = (float(values.first + values.step * at) for at in np.percentile(steps, AUTO))
    return {
        "png": png.tobytes(),
        "first": values.first,
        "step": values.step,
        "stored": asdict(values.stored),
        "auto": [min(low, high), max(low, high)],
    }
