"""Which gray values of a deep image count: a hot pixel must not turn all others black."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# (share of the pixels, widths): a value is isolated if it lies further from the values of nearly
# all pixels than these values lie apart from each other, so many times over, and if at most this
# share of the pixels lies out there. The more pixels, the further out they must be.
ISOLATED = ((0.001, 1.0), (0.01, 3.0))


@dataclass(frozen=True)
class StoredGrays:
    """The gray values of a file as they are stored, before they became 256 levels.

    Attributes:
        bits: that the file gives each pixel; of DICOM those that it says are in use.
        lowest, highest: that occur, without padding; of DICOM after rescaling, so in the unit that
            the file means; of colour those of its luminance.
        kind: DICOM's photometric interpretation; "gray" or "colour" of other files.
        is_inverted: whether the highest value is meant to be black.
        level, width: middle and length of the window that the file asks for, in the same values;
            None where it asks for none, or for a curve.
    """

    bits: int
    lowest: float
    highest: float
    kind: str = "gray"
    is_inverted: bool = False
    level: float | None = None
    width: float | None = None


@dataclass(frozen=True, eq=False)
class GrayValues:
    """The gray values of a file with more than 256 of them, or with a unit of its own.

    Attributes:
        steps: shape (height, width), uint16; a pixel's value is `first` + `step` * its steps.
        first, step: in the unit that the file means.
        stored: how they are stored, and are meant to be seen.
    """

    steps: npt.NDArray[np.uint16]
    first: float
    step: float
    stored: StoredGrays


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image as it is meant to be seen, and what had to be done to it.

    Attributes:
        pixels: shape (height, width), uint8, 0 (black) to 255 (white).
        n_isolated: pixels whose values lie so far from all others that they were left out of
            the range between black and white, see `find_gray_range`.
        orientation: EXIF's, 1 (stored upright) to 8; `pixels` are upright whatever it is.
        stored: the gray values of the file.
        is_first: whether the file holds more images behind this one.
    """

    pixels: npt.NDArray[np.uint8]
    stored: StoredGrays
    n_isolated: int = 0
    orientation: int = 1
    is_first: bool = False


def find_gray_range(
    values: npt.NDArray[Any], counts: npt.NDArray[np.integer]
) -> tuple[float, float]:
    """Return the lowest and the highest value that belongs to the image itself.

    These are the lowest and the highest that occur, unless some are isolated (`ISOLATED`): hot
    or dead pixels and lines, letters burnt in at the end of the scale. So an image without such
    keeps its whole range: 32 of 13,086 published radiographs have any isolated value.

    Args:
        values: shape (n,), n >= 1, each once, in any order.
        counts: shape (n,), pixels of each value, at least one of them above 0.

    >>> find_gray_range(np.array([3, 60, 4000, 65535]), np.array([40, 900, 59, 1]))
    (3.0, 4000.0)
    """
    order = np.argsort(values, kind="stable")
    order = order[counts[order] > 0]
    values, counts = values[order].astype(np.float64), counts[order]
    for share, widths in ISOLATED:
        n_within = np.cumsum(counts)
        rank = int(share * n_within[-1])
        low, high = values[np.searchsorted(n_within, (rank, n_within[-1] - 1 - rank), "right")]
        reach = widths * (high - low)
        if reach > 0:  # else nearly all pixels have one value, and the few others are the image
            near = (values >= low - reach) & (values <= high + reach)
            values, counts = values[near], counts[near]
    return float(values[0]), float(values[-1])


def to_8_bits(
    pixels: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[np.uint8], int]:
    """Shift deep pixels, so that the highest bit in use becomes the eighth.

    So 12 bits in a 16-bit file do not come out black. Bits that only isolated values use are
    not in use (`find_gray_range`); such pixels become white. Pixels below 0 become black.

    Args:
        pixels: shape (h, w), of any width in bits.

    Returns:
        The 256 levels, and how many pixels are isolated.
    """
    top = int(pixels.max())
    if top > 255:
        top = max(0, int(find_gray_range(*count_values(pixels))[1]))
    shifted: npt.NDArray[np.integer] = np.maximum(pixels, 0) >> max(0, top.bit_length() - 8)
    n_isolated = int(np.count_nonzero(shifted > 255))
    return np.minimum(shifted, 255, dtype=shifted.dtype).astype(np.uint8), n_isolated


def count_values(
    pixels: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.integer]]:
    """Return the values that occur, perhaps with some that do not, and the pixels of each."""
    low, high = int(pixels.min()), int(pixels.max())
    if high - low >= 2**16:
        return np.unique(pixels, return_counts=True)
    counts = np.zeros(high - low + 1, np.int64)
    for rows in split_rows(pixels):
        counts += np.bincount(rows.ravel().astype(np.int64) - low, minlength=len(counts))
    return np.arange(low, high + 1), counts


def look_up(pixels: npt.NDArray[np.integer], low: int, table: npt.NDArray[Any]) -> Any:
    """Return `table[pixels - low]`, without a copy of all pixels in eight bytes each.

    Args:
        pixels: shape (h, w), or (n,).
        low: what the first entry of `table` stands for.
        table: shape (k,).
    """
    seen = np.empty(pixels.shape, table.dtype)
    for rows, into in zip(split_rows(pixels), split_rows(seen), strict=True):
        into[...] = table[rows.astype(np.int64) - low]
    return seen


def split_rows(pixels: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Return views of some rows each, about a million pixels."""
    at_once = max(1, 2**20 * len(pixels) // max(1, pixels.size))
    return [pixels[start : start + at_once] for start in range(0, len(pixels), at_once)]
