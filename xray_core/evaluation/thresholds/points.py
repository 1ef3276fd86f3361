"""Every distinct threshold of a set of images, with what it gives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class OperatingPoints:
    """What is called from each distinct threshold on, from the lowest up; all of shape (m,).

    The first threshold calls every image, the last none (unless a score of 1 forbids it). Each lies
    midway between the scores of two images, so that it depends on no rounding.

    Attributes:
        thresholds: float, in [0, 1], ascending; an image is called if its score reaches it.
        n_right: int, positive images that are called.
        n_wrong: int, negative images that are called.
        n_positive: images that have the class.
        n_negative: images that do not.
    """

    thresholds: Floats
    n_right: Ints
    n_wrong: Ints
    n_positive: int
    n_negative: int

    @property
    def sensitivity(self) -> Floats:
        """In [0, 1]."""
        return self.n_right / self.n_positive

    @property
    def specificity(self) -> Floats:
        """In [0, 1]."""
        return 1 - self.n_wrong / self.n_negative

    @property
    def prevalence(self) -> float:
        """Of the images, in (0, 1)."""
        return self.n_positive / (self.n_positive + self.n_negative)


def list_operating_points(is_positive: Bools, scores: Floats) -> OperatingPoints:
    """Count for each distinct threshold how many images of each kind it calls.

    Args:
        is_positive: shape (n,), of both kinds.
        scores: shape (n,), in [0, 1]. Images of equal score are called together.

    Raises:
        ValueError: the images are of one kind.

    >>> points = list_operating_points(np.array([False, True, True]), np.array([0.2, 0.4, 0.4]))
    >>> points.thresholds.round(2).tolist(), points.n_right.tolist(), points.n_wrong.tolist()
    ([0.0, 0.3, 0.7], [2, 2, 0], [1, 0, 0])
    """
    if not 0 < is_positive.sum() < len(is_positive):
        raise ValueError("a threshold needs images that have the class and images that do not")
    levels, level = np.unique(scores, return_inverse=True)
    right = np.bincount(level[is_positive], minlength=len(levels))
    wrong = np.bincount(level[~is_positive], minlength=len(levels))
    called_right = np.append(right[::-1].cumsum()[::-1], 0)
    called_wrong = np.append(wrong[::-1].cumsum()[::-1], 0)
    thresholds = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [(levels[-1] + 1) / 2]])
    kept = slice(None, -1 if levels[-1] >= 1 else None)  # nothing in [0, 1] calls no score of 1
    return OperatingPoints(
        thresholds[kept],
        called_right[kept].astype("int64"),
        called_wrong[kept].astype("int64"),
        int(is_positive.sum()),
        int((~is_positive).sum()),
    )
