"""What drawn lungs should look like: tidied, and doubted by area and number of pieces."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

# Of the image that both lungs together take. In the 600 drawn images it is 14% to 36%, and lungs
# that fill a closely cut image take about half; beyond these limits it is no frontal chest, or the
# network is at a loss.
LEAST_SHARE, MOST_SHARE = 0.08, 0.60
SMALL_LUNG = 0.2  # of the larger lung's area: below, the smaller is no lung


def tidy_lungs(mask: Mask) -> Mask:
    """Return a mask of the two largest pieces, without holes.

    Args:
        mask: uint8 (h, w), 1 inside.
    """
    n_pieces, numbers, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None)
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = 1 + np.argsort(areas, kind="stable")[::-1][:2] if n_pieces > 1 else np.array([], int)
    kept = np.isin(numbers, largest).astype(np.uint8)
    outlines, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(kept)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled


def measure_pieces(mask: Mask) -> list[int]:
    """Return the areas of the connected pieces of a mask, px, the largest first."""
    stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None)[2]
    return sorted(map(int, stats[1:, cv2.CC_STAT_AREA]), reverse=True)


def doubt_lungs(mask: Mask) -> str:
    """Return why a tidied mask is implausible as that of both lungs; "" where it is not.

    Args:
        mask: as `tidy_lungs` returns it.
    """
    share, areas = float(mask.mean()), measure_pieces(mask)
    if not areas:
        return "no lung at all"
    if not LEAST_SHARE <= share <= MOST_SHARE:
        return f"{share:.0%} of the image inside, not {LEAST_SHARE:.0%} to {MOST_SHARE:.0%}"
    if len(areas) < 2:
        return "one piece only: one lung, or both joined"
    if areas[1] < SMALL_LUNG * areas[0]:
        return "one lung only"
    return ""
