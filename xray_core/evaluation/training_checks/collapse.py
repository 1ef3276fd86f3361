"""What tells that a network answers nearly all images alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.runs.shapes import count_validated

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Nearly all images get one answer, and nearly all images of the others get it, too. The second
# keeps a good network apart that often answers the frequent class because it is frequent. The
# thesis' collapsed run 9.1 has 0.98 and 0.96; its worst run that is none, 9, has 0.66 and 0.31.
ONE_CLASS_SHARE = 0.95
ONE_CLASS_MISSED = 0.90
# Of fewer images of a class, it may be chance that none was recognised.
MIN_IMAGES = 10
# Probabilities are nearly constant where they vary less than a hundredth of what labels do: with
# that spread, even a perfect order of the images explains a ten-thousandth of their variance.
CONSTANT_SPREAD = 0.01
# A mean of areas is above chance at four standard errors, as a share is elsewhere.
RANK_ERRORS = 4.0


def only_answer(confusion: Ints) -> int | None:
    """Return the class that nearly every image is taken for, or None.

    Args:
        confusion: shape (n_classes, n_classes), rows true, columns predicted.

    >>> only_answer(np.array([[62, 1332], [23, 3829]])), only_answer(np.eye(2) * 50)
    (1, None)
    """
    k = int(confusion.sum(axis=0).argmax())
    answered = confusion[:, k].sum()
    others = confusion.sum() - confusion[k].sum()
    missed = answered - confusion[k, k]
    if others < MIN_IMAGES or missed < ONE_CLASS_MISSED * others:
        return None
    return k if answered >= ONE_CLASS_SHARE * confusion.sum() else None


@dataclass(frozen=True)
class FindingScores:
    """What the validation set of a multi-label task came to after an epoch.

    Attributes:
        counts: shape (n_classes, 4): TN, FP, FN, TP at 0.5.
        areas: AUC of each finding; NaN where it cannot be had.
        spreads: standard deviation of each finding's probabilities; NaN where nobody wrote it.
        n_images: of the validation set.
    """

    counts: Ints
    areas: Floats
    spreads: Floats
    n_images: int

    @property
    def present_absent(self) -> Ints:
        """Images that show each finding, and that do not, shape (n_classes, 2)."""
        absent, present = self.counts[:, :2].sum(axis=1), self.counts[:, 2:].sum(axis=1)
        return np.stack([present, absent], axis=1)

    @property
    def n_called(self) -> int:
        """Calls at 0.5, of all findings and images."""
        return int(self.counts[:, [1, 3]].sum())

    @property
    def is_constant(self) -> bool:
        """Whether each finding has nearly the same probability on all images."""
        shares = self.present_absent / np.maximum(self.present_absent.sum(axis=1, keepdims=True), 1)
        of_labels = np.sqrt(shares.prod(axis=1))
        told = ~np.isnan(self.spreads) & (of_labels > 0)
        below = self.spreads[told] < CONSTANT_SPREAD * of_labels[told]
        return bool(told.any() and below.all())

    @property
    def ranks(self) -> bool:
        """Whether the mean AUC is above what chance explains.

        By chance an area lies around one half with the variance (n + m + 1) / 12nm for n images
        that show the finding and m that do not (Mann and Whitney 1947).
        """
        there = ~np.isnan(self.areas)
        if not there.any():
            return False
        n, m = self.present_absent[there].T
        error = np.sqrt(((n + m + 1) / (12 * np.maximum(n * m, 1))).sum()) / there.sum()
        return bool(self.areas[there].mean() > 0.5 + RANK_ERRORS * error)


def read_scores(line: Mapping[str, Any]) -> FindingScores:
    """Return what a line of an epoch says of a multi-label task."""
    areas = np.array(line["finding_auc"], dtype="float64")
    spreads = line.get("finding_spread")
    written = isinstance(spreads, list)
    return FindingScores(
        counts=np.array(line["finding_counts"], dtype="int64"),
        areas=areas,
        spreads=np.array(spreads, dtype="float64") if written else np.full(len(areas), np.nan),
        n_images=count_validated(line),
    )
