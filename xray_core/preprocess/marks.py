"""What else than the body is in an image: rows of letters, and the regular pattern of a screen.

Both are measured while an image is decoded for its fingerprint, so they must be cheap: about
2 ms each. `audit/burnt_in.py` and `audit/screens.py` say of a dataset what `uploads.py` says of an
image of the user.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

# From how many letters in a row an image is said to bear text.
# Of the published radiographs that were called so and looked at (190 in SIIM, Kermany, Radiography
# and others), 2 bore no text but wires or a chain: 7.2 % of SIIM are called, 3.4 % of Radiography,
# 0.8 % of Kermany. Of words written in memory 65 to 72 % are found with letters of 2.5 % of the
# longer side in images of 224 to 299 px (6 px), 95 % of 4 %; of words of 2 % in images of 1,000 px
# 90 %; at 64 px next to none.
LETTERS = 4  # in a row; of 3, a third are ribs, wires and vertebrae
# From what pattern on an image is said to be a photo of a screen.
# Of 12,085 published radiographs of 128 px and more 2 have such a pattern: one shows a screen's
# stripes, one a ladder of metal along the spine. Of simulated photos with stripes of 5 to 35 % of
# the brightness 97 % are found at 1,000 px, half of those made 512 px, a third of those made 256.
# Photos without a moiré and without EXIF, such as of prints on a light box, are not found.
PATTERN = 4.2

LONGEST = 640  # px of the longer side on which letters are looked for; half of it is enlarged
STRUCK = 40  # gray levels by which a letter differs from what is around it
# What a letter may measure, in px: no lower than that, and no higher than a share of the image.
LOWEST, HIGHEST = 4, 1 / 12
NARROWEST, WIDEST = 0.12, 1.5  # width for 1 of height
EMPTIEST, FULLEST = 0.15, 0.97  # share of its rectangle that is letter
MANY = 1500  # pieces; an image with more is a texture
GAP, OVERLAP, SAME_HEIGHT = 0.9, 0.75, 0.6  # between neighbours, in heights

WINDOW = 512  # px; a pattern is looked for in the middle of the image, at its full resolution
SMALLEST = 128  # px; a shorter side holds too few periods
COARSEST = 14  # px, the longest period; longer ones are ribs
NEAR_AXIS = 3.5  # cycles; grids of detectors and JPEG's blocks run along rows and columns
SPREAD, AROUND = 3, 41  # cycles: over what a peak is summed, and what it is compared with


def count_letters(image: NDArray[np.uint8]) -> int:
    """Return how many letters the longest row of letters has, or what looks like such a row.

    Bright ones on dark or dark ones on bright, of one height and on one line. The L or R that
    nearly every radiograph bears is a row of 1. Small letters that touch each other are missed.

    Args:
        image: gray, (h, w).
    """
    longer = max(image.shape)
    if longer > LONGEST:
        image = _scale(image, LONGEST / longer, cv2.INTER_AREA)
    elif longer <= LONGEST // 2:  # letters of 5 px would touch
        image = _scale(image, 2, cv2.INTER_CUBIC)
    side = max(7, (max(image.shape) // 64) | 1)  # px, above the width of a letter's strokes
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    return max(
        _longest_row(_find_letters(cv2.morphologyEx(image, kind, around)))
        for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)
    )


def measure_pattern(image: NDArray[np.uint8]) -> float | None:
    """Return how far the strongest regular pattern stands out, as a photo of a screen has one.

    The pixels of screen and camera interfere: a moiré, which is a peak in the spectrum away
    from its axes. It is lost when such a photo is made small.

    Args:
        image: gray, (h, w).

    Returns:
        Natural logarithm of a peak's power, for 1 of the power around it; 2 to 3.5 is usual.
        None for an image with a side under `SMALLEST`.
    """
    side = min(WINDOW, min(image.shape) // 2 * 2)
    if side < SMALLEST:
        return None
    top, left = ((length - side) // 2 for length in image.shape)
    middle = image[top : top + side, left : left + side].astype(np.float32)
    middle -= cv2.GaussianBlur(middle, (0, 0), 4)
    limit = 3 * float(middle.std())  # wires and letters would drown all else
    if limit == 0:
        return 0.0
    taper, counts = _prepare_spectrum(side)
    half = np.fft.fftshift(_measure_power(np.clip(middle, -limit, limit) * taper), axes=0)
    power = cv2.blur(half, (SPREAD, SPREAD))
    level = np.log(power + 1e-3)
    return float((level - cv2.blur(level, (AROUND, AROUND)))[counts].max())


def _scale(image: NDArray[np.uint8], factor: float, interpolation: int) -> NDArray[np.uint8]:
    height, width = (max(1, round(length * factor)) for length in image.shape)
    return cv2.resize(image, (width, height), interpolation=interpolation).astype(np.uint8)


def _find_letters(relief: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return x, y, width, height of each piece that may be a letter, (n, 4), from left to right."""
    struck = (np.asarray(relief) > STRUCK).astype(np.uint8)
    outlines, tree = cv2.findContours(struck, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outer = [] if tree is None else np.flatnonzero(tree[0, :, 3] < 0)  # no holes
    if not 0 < len(outer) <= MANY:
        return np.zeros((0, 4), np.int64)
    boxes = np.array([cv2.boundingRect(outlines[int(number)]) for number in outer], np.int64)
    width, height = boxes[:, 2], boxes[:, 3]
    fits = (height >= LOWEST) & (height <= HIGHEST * max(struck.shape))
    fits &= (width >= NARROWEST * height) & (width <= WIDEST * height)
    boxes = boxes[fits]
    filled = np.array([struck[y : y + h, x : x + w].mean() for x, y, w, h in boxes])
    boxes = boxes[(filled > EMPTIEST) & (filled < FULLEST)]
    return np.asarray(boxes[np.argsort(boxes[:, 0], kind="stable")])


def _longest_row(boxes: NDArray[np.int64]) -> int:
    """Return how many boxes the longest row has, each beside the next, of about one height.

    Args:
        boxes: as `_find_letters` returns them.
    """
    if len(boxes) == 0:
        return 0
    x, y, width, height = boxes.T
    gap = x - (x + width)[:, None]  # (left one, right one)
    shared = np.minimum(y + height, (y + height)[:, None]) - np.maximum(y, y[:, None])
    higher, lower = np.maximum(height, height[:, None]), np.minimum(height, height[:, None])
    beside = (gap >= -0.15 * higher) & (gap <= GAP * higher) & (x > x[:, None])
    beside &= (shared >= OVERLAP * lower) & (lower >= SAME_HEIGHT * higher)
    length = np.ones(len(boxes), np.int64)
    for right in np.flatnonzero(beside.any(axis=0)):  # from left to right
        length[right] += length[beside[:, right]].max()
    return int(length.max())


def _measure_power(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power spectrum of a square of an even side n, (n, n / 2 + 1).

    OpenCV's packed spectrum comes five times as fast as the complex one: beside the first and the
    last column, real and imaginary parts are neighbours; those two are packed down alike.
    """
    squares, side = np.square(cv2.dft(values)), len(values)
    power = np.empty((side, side // 2 + 1), np.float32)
    power[:, 1:-1] = squares[:, 1:-1:2] + squares[:, 2:-1:2]
    for column in (0, -1):
        ends, middle = squares[[0, -1], column], squares[1:-1, column]
        power[[0, side // 2], column] = ends
        power[1 : side // 2, column] = middle[::2] + middle[1::2]
        power[side // 2 + 1 :, column] = power[1 : side // 2, column][::-1]
    return power


@lru_cache(maxsize=8)
def _prepare_spectrum(side: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the taper of a square of `side` px, and where in half its spectrum a peak counts."""
    taper = np.hanning(side).astype(np.float32)
    down = np.fft.fftshift(np.fft.fftfreq(side, 1 / side))[:, None]  # cycles in the square
    across = np.arange(side // 2 + 1)
    counts = (np.abs(down) > NEAR_AXIS) & (across > NEAR_AXIS)
    return taper[:, None] * taper, counts & (np.hypot(down, across) > side / COARSEST)
