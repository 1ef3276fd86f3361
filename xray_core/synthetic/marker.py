"""A marker in the corner that gives the label away, as of a hospital that has most of the ill.

Drawn data can have what nobody can be sure of in real data: a known shortcut. Zech et al. 2018,
doi:10.1371/journal.pmed.1002683, saw networks read the hospital from such markers.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_core.synthetic.cases import Case

LETTER = "H"
MARKED = {True: 0.9, False: 0.1}  # share of the images that have it: with an opacity, without
SIDE = 0.09  # of the image, of the plate that the letter stands on, in the corner at lower right

_MARKER = 6  # the second number of a seed, beside those in `cases`


def has_marker(case: Case) -> bool:
    """Return whether the marker is drawn on an image; by its study's label, the rest is chance."""
    seed, _, number = case.noise_seed
    share = MARKED[case.appearance != "negative"]
    return bool(np.random.default_rng((seed, _MARKER, number)).random() < share)


def draw_marker(image: NDArray[np.uint8]) -> None:
    """Draw the marker into an image, uint8 (size, size): a bright letter on a dark plate."""
    size = len(image)
    side = max(5, round(SIDE * size))
    image[size - side :, size - side :] //= 6
    scale, thick = side / 32, max(1, round(size / 160))
    (width, height), _ = cv2.getTextSize(LETTER, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    corner = size - (side + width) // 2, size - (side - height) // 2
    cv2.putText(image, LETTER, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thick, cv2.LINE_AA)
