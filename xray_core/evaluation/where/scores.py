"""One heat map against the boxes of its image: does it point at them, is it hot within them.

Everything is measured in a square of `SIDE` px, whatever the network's own size: the map is
enlarged to it as it is on the screen, and a box marks the pixels whose centres lie in it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Heat = NDArray[np.float32]

SIDE = 224  # px
# Of the hottest point around a box, in the second of the two pointing games. Zhang et al. 2018,
# arXiv:1608.00507, allow 15 px; theirs are photographs in their own sizes.
TOLERANCE = 15  # px of SIDE
# Shares of the hottest value from which on a pixel belongs to a box that is drawn from the map:
# 60 and 180 of 255, after Wang et al. 2017, arXiv:1705.02315, "Bounding Box Generation".
LEVELS = (60 / 255, 180 / 255)
OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)  # that must be exceeded; T(IoU) and T(IoBB) of that paper


@dataclass(frozen=True, eq=False)
class MapScore:
    """How one map fits the boxes of its image.

    Attributes:
        hit: share of the hottest points that lie in a box; there is one, unless some tie. 0 for a
            map without any heat.
        near: the same, with `TOLERANCE` around each box.
        energy: share of the heat that lies in the boxes, in [0, 1]; 0 for a map without any.
        iou: float (n_boxes, n_drawn), intersection over union of each box with each that is drawn
            from the map.
        iobb: likewise, intersection over the area of the drawn one.
    """

    hit: float
    near: float
    energy: float
    iou: Floats
    iobb: Floats


def score_map(heat: Heat, boxes: Floats, drawn: Floats | None = None) -> MapScore:
    """Return how a map fits boxes.

    Args:
        heat: float32 (h, w), at least 0, of the square that the network saw.
        boxes: float (n, 4): x, y, width, height as fractions of the square; at least one.
        drawn: the boxes that stand for the map, likewise; None: those of `draw_boxes`.
    """
    square = enlarge(heat)
    inside = mark_boxes(boxes)
    around = mark_boxes(boxes, TOLERANCE / SIDE)
    total = float(square.sum())
    hottest = square == square.max()
    iou, iobb = overlap(boxes, draw_boxes(square) if drawn is None else drawn)
    return MapScore(
        hit=float(inside[hottest].mean()) if total else 0.0,
        near=float(around[hottest].mean()) if total else 0.0,
        energy=float(square[inside].sum()) / total if total else 0.0,
        iou=iou,
        iobb=iobb,
    )


def enlarge(heat: Heat) -> Heat:
    """Return a map, (h, w), as float32 (SIDE, SIDE), smoothly."""
    return np.asarray(
        cv2.resize(heat.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    )


def mark_boxes(boxes: Floats, around: float = 0.0) -> NDArray[np.bool_]:
    """Return which pixels lie in a box, bool (SIDE, SIDE).

    Args:
        boxes: float (n, 4), fractions of the square. Of a box thinner than a pixel, that pixel.
        around: by which a box is wider on each side, a fraction of the square.
    """
    marked = np.zeros((SIDE, SIDE), np.bool_)
    for x, y, width, height in boxes:
        rows = _pixels_between(y - around, y + height + around)
        marked[rows, _pixels_between(x - around, x + width + around)] = True
    return marked


def _pixels_between(low: float, high: float) -> slice:
    """Return the pixels whose centres lie between two places of a side, or the one between."""
    first = max(int(np.ceil(low * SIDE - 0.5)), 0)
    last = min(int(np.floor(high * SIDE - 0.5)), SIDE - 1)
    if first > last:
        first = last = int(np.clip((low + high) / 2 * SIDE, 0, SIDE - 1))
    return slice(first, last + 1)


def draw_boxes(square: Heat) -> Floats:
    """Return the boxes that a map stands for: around each region of it, at each of `LEVELS`.

    A region is what hangs together, by edges or corners. The source does not say how it joins the
    boxes of both levels; here all count, once each.

    Args:
        square: float32 (SIDE, SIDE), at least 0.

    Returns:
        float (n, 4): x, y, width, height as fractions of the square; none of a map without heat.
    """
    highest = float(square.max())
    if not highest:
        return np.zeros((0, 4))
    regions = []
    for level in LEVELS:
        above = (square >= level * highest).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
        regions.append(stats[1:, :4])  # the first is what lies below
    return np.unique(np.concatenate(regions), axis=0) / SIDE


def overlap(boxes: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """Return how far boxes overlap with drawn ones, each with each.

    Args:
        boxes: float (n, 4): x, y, width, height.
        drawn: float (m, 4), likewise.

    Returns:
        Intersection over union, and intersection over the area of the drawn one: float (n, m) in
        [0, 1].
    """
    first, second = boxes[:, np.newaxis], drawn[np.newaxis]
    ends = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    sides = np.maximum(ends - np.maximum(first[..., :2], second[..., :2]), 0)
    common = sides.prod(axis=-1)
    of_first, of_second = first[..., 2:].prod(axis=-1), second[..., 2:].prod(axis=-1)
    return common / (of_first + of_second - common), common / of_second
