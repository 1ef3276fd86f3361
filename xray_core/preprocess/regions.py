"""Which part of an image a network sees: all of it, its border, or not the lungs.

A network that is right from the border alone, or without the lungs, has learnt something else than
the disease, see `evaluation.shortcuts`. What is hidden is hidden before the contrast step too, or
the gray levels that are left would tell of those that are not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import ImageError
from xray_core.preprocess.spec import PreprocessSpec

# Left, top, right and bottom of what encloses both lungs, as fractions of the image's sides,
# origin at its top left.
Lungs = Sequence[float]
Pixels = NDArray[np.uint8]
Marks = NDArray[np.bool_]
LungPlace = Lungs | str | None  # or why it is not known where they are
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


@dataclass(frozen=True)
class View:
    """What is left to be seen of one image, in the square that the network gets.

    Attributes:
        picture: top, left, height and width of the image in the square, px.
        inside: top, bottom, left and right of the region's rectangle in the square, px.
        shows_inside: whether the rectangle is shown, and not the rest.
        is_black: whether what is hidden is black; else it has the mean gray of what is shown, so
            that no bright or dark hole stands out.
    """

    picture: tuple[int, int, int, int]
    inside: tuple[int, int, int, int]
    shows_inside: bool
    is_black: bool

    def hide(self, square: Pixels) -> Pixels:
        """Return the square, uint8 (size, size), with only what is shown as it was."""
        top, left, height, width = self.picture
        covered = np.zeros(square.shape, bool)  # the rest are black borders
        covered[top : top + height, left : left + width] = True
        visible = self._mark(square.shape, self.inside)
        filling = 0 if self.is_black else round(float(square[visible & covered].mean()))
        return np.where(visible, square, np.uint8(filling))

    def hide_before(self, image: Pixels) -> Pixels:
        """Return the image as it is read, uint8 (h, w), with what is to be hidden in mean gray.

        A pixel is hidden that lies wholly under hidden ones of the square.
        """
        top, left, height, width = self.picture
        inward, outward = (math.floor, math.ceil) if self.shows_inside else (math.ceil, math.floor)
        rows, columns = image.shape[0] / height, image.shape[1] / width
        first, last, left_end, right_end = self.inside
        inside = (
            inward((first - top) * rows),
            outward((last - top) * rows),
            inward((left_end - left) * columns),
            outward((right_end - left) * columns),
        )
        visible = self._mark(image.shape, inside)
        if not visible.any():
            return image
        return np.where(visible, image, np.uint8(round(float(image[visible].mean()))))

    def _mark(self, shape: tuple[int, ...], inside: tuple[int, int, int, int]) -> Marks:
        first, last, left, right = (max(0, end) for end in inside)
        marks = np.zeros(shape, bool)
        marks[first:last, left:right] = True
        return marks if self.shows_inside else ~marks


def find_view(picture: tuple[int, int, int, int], spec: PreprocessSpec, lungs: LungPlace) -> View:
    """Return what a region leaves of an image.

    Args:
        picture: see `View`.
        spec: its region, other than "whole", and its border count.
        lungs: where they are, needed by the regions that speak of them; or why it is not known.

    Raises:
        ImageError: the lungs are needed and not known, or nothing would be left to be seen.
    """
    if spec.region == "border":
        left = top = spec.border
        right = bottom = 1 - spec.border
    elif lungs is None or isinstance(lungs, str):
        raise ImageError(explain_missing(spec, lungs))
    else:
        left, top, right, bottom = lungs
    first, start, height, width = picture
    rows = (first + round(top * height), first + round(bottom * height))
    columns = (start + round(left * width), start + round(right * width))
    shows_inside = spec.region == "lungs_only"
    area = (rows[1] - rows[0]) * (columns[1] - columns[0])
    if area == (0 if shows_inside else height * width):
        raise ImageError(f"Nothing of it is left to be seen: {WORDS[spec.region]}.")
    return View(picture, (*rows, *columns), shows_inside, is_black=spec.region == "border")


def explain_missing(spec: PreprocessSpec, reason: str | None = None) -> str:
    """Return why an image of which no lungs are known cannot be prepared."""
    return (
        f"The network is shown each image {WORDS[spec.region]}, and where they are in this one is "
        f"not known{f': {reason}' if reason else ''}."
    )
