"""Which part of an image a network sees: all of it, its border, or not the lungs.

A network that is right from the border alone, or without the lungs, has learnt something else than
the disease, see `evaluation.shortcuts`. What is hidden is hidden before the contrast step too, or
the gray levels that are left would tell of those that are not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import ImageError
from xray_core.preprocess.spec import PreprocessSpec

# Left, top, right and bottom of what encloses both lungs, as fractions of the image's sides,
# origin at its top left.
Lungs = Sequence[float]
LEEWAY = 0.02  # of a side, by which the rectangle passes the masks on each side
WORDS = {  # of an image, by its region
    "whole": "whole",
    "border": "its border alone",
    "without_lungs": "without its lungs",
    "lungs_only": "its lungs alone",
}


def find_lungs(mask: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
    """Return the rectangle around a mask of both lungs, a little larger than they are.

    The rectangle rather than the mask is hidden: a hole of the shape of the lungs would show their
    size and outline, and an effusion changes both. Where the rectangle lies, and how large it is,
    can still be seen.

    Args:
        mask: bool (h, w), of the whole image in any size, True in the lungs.

    Returns:
        See `Lungs`; None if the mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    height, width = mask.shape
    left, top = columns[0] / width - LEEWAY, rows[0] / height - LEEWAY
    right, bottom = (columns[-1] + 1) / width + LEEWAY, (rows[-1] + 1) / height + LEEWAY
    return max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)


def find_visible(
    shape: tuple[int, int], spec: PreprocessSpec, lungs: Lungs | None
) -> NDArray[np.bool_]:
    """Return which pixels of an image are left to be seen.

    Args:
        shape: (h, w) of the image.
        spec: its region and border count.
        lungs: where they are; needed by the regions that speak of them.

    Returns:
        bool (h, w).

    Raises:
        ImageError: the lungs are needed and not known, or nothing would be left to be seen.
    """
    height, width = shape
    if spec.region == "whole":
        return np.ones(shape, bool)
    if spec.region == "border":
        left = top = spec.border
        right = bottom = 1 - spec.border
    elif lungs is None:
        raise ImageError(explain_missing(spec))
    else:
        left, top, right, bottom = lungs
    inside = np.zeros(shape, bool)
    rows = slice(round(top * height), round(bottom * height))
    inside[rows, round(left * width) : round(right * width)] = True
    visible = inside if spec.region == "lungs_only" else ~inside
    if not visible.any():
        raise ImageError(f"Nothing of it is left to be seen: {WORDS[spec.region]}.")
    return visible


def explain_missing(spec: PreprocessSpec) -> str:
    """Return why an image of which no lungs are known cannot be prepared."""
    return (
        f"The network is shown each image {WORDS[spec.region]}, and no mask of this one's lungs "
        "is known."
    )


def hide_rest(
    image: NDArray[np.uint8], visible: NDArray[np.bool_], *, black: bool = False
) -> NDArray[np.uint8]:
    """Return an image in which only the visible pixels are as they were.

    Args:
        image: uint8 (h, w), gray.
        visible: bool (h, w), at least one True.
        black: whether the others are black; else they have the mean gray of the visible ones, so
            that no bright or dark hole stands out.
    """
    filling = 0 if black else round(float(image[visible].mean()))
    return np.where(visible, image, np.uint8(filling))
