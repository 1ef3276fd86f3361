"""Maps that know nothing of the image: what a heat map must do better than.

The fourth that a network's maps are held against, those of the same network untrained, takes
Keras: see `explain.untrained`.
"""

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.where.scores import SIDE, Floats, Heat, mark_boxes

SPREAD = 0.2  # of the blob in the middle, its standard deviation as a fraction of the side


def move_boxes(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Return boxes of the same sizes somewhere in the square, each anywhere alike.

    Args:
        boxes: float (n, 4): x, y, width, height as fractions of the square.
        rng: where the places are drawn from.
    """
    sizes = boxes[:, 2:]
    return np.concatenate([rng.random(sizes.shape) * (1 - sizes), sizes], axis=1)


def heat_boxes(boxes: Floats) -> Heat:
    """Return a map that is hot in boxes, everywhere alike: float32 (SIDE, SIDE)."""
    return mark_boxes(boxes).astype(np.float32)


def draw_blob() -> Heat:
    """Return a blob in the middle, hottest there: float32 (SIDE, SIDE)."""
    away = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    line = np.exp(-((away / SPREAD) ** 2) / 2)
    return np.outer(line, line).astype(np.float32)


def mean_of_others(maps: Heat, targets: NDArray[np.int64], patients: NDArray[np.int64]) -> Heat:
    """Return for each image the mean map of its class over all other patients.

    Where a map scores no better than this, it says where images of the class are hot in general,
    and nothing of this one.

    Args:
        maps: float32 (n, h, w).
        targets: int (n,), the class that each map is of.
        patients: int (n,).

    Returns:
        float32 (n, h, w); without heat where there is no other patient.
    """
    means = np.zeros_like(maps)
    for target in np.unique(targets):
        [of_class] = np.nonzero(targets == target)
        total = maps[of_class].sum(axis=0, dtype="float64")
        for patient in np.unique(patients[of_class]):
            own = of_class[patients[of_class] == patient]
            if n_others := len(of_class) - len(own):
                others = total - maps[own].sum(axis=0, dtype="float64")
                means[own] = np.maximum(others / n_others, 0)
    return means
