"""What the probability of one class comes to against the rest, for many rounds of resampling.

One class of several, or one finding of a multi-label task: both are yes or no, with a probability.
"""

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import tally_images
from xray_core.evaluation.metrics import area_of_steps, curve_steps

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_BINS = 10  # of the calibration error: of one width, from 0 to 1
SMALLEST = 1e-7  # probabilities are clipped at it and at 1 less it, as Keras does
# What `ClassRounds.measure` returns.
FIGURES = ("auc", "average_precision", "brier", "log_loss", "calibration_error")


class ClassRounds:
    """The images of which it is known whether they are of a class, counted for each patient.

    All that does not depend on which patients are drawn, such as the order of the scores, is done
    once, here.
    """

    def __init__(
        self,
        is_class: Bools,
        probabilities: Floats,
        patients: Ints,
        n_patients: int,
        *,
        with_precision: bool = True,
    ) -> None:
        """Count.

        Args:
            is_class: shape (n,).
            probabilities: of the class, shape (n,), in [0, 1].
            patients: shape (n,), 0..n_patients-1.
            n_patients: of all images, also those of which it is not known.
            with_precision: whether the average precision is measured, which takes longest; else it
                is NaN.
        """
        self._with_precision = with_precision
        find_steps = precision_steps if with_precision else curve_steps
        steps = find_steps(is_class, probabilities)
        n_steps = int(steps.max(initial=-1)) + 1
        self._positives, self._negatives = (
            tally_images(steps[kind], patients[kind], n_steps, n_patients)
            for kind in (is_class, ~is_class)
        )
        gaps = probabilities - is_class
        clipped = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
        costs = -np.log(np.where(is_class, clipped, 1 - clipped))
        self._sums = np.stack(
            [
                np.bincount(patients, weights, n_patients)
                for weights in (np.ones(len(gaps)), gaps**2, costs)
            ]
        )
        self._gaps = tally_images(bin_of(probabilities), patients, N_BINS, n_patients, gaps)

    def measure(self, draws: Floats) -> dict[str, Floats]:
        """Return each of `FIGURES` in each round, shape (r,); NaN where it cannot be computed.

        Args:
            draws: how often each patient was drawn, shape (n_patients, r).
        """
        positives, negatives = self._positives @ draws, self._negatives @ draws
        n_images, squares, costs = self._sums @ draws
        nothing = np.full(draws.shape[1], np.nan)
        return {
            "auc": area_of_steps(positives, negatives),
            "average_precision": (
                precision_of_steps(positives, negatives) if self._with_precision else nothing
            ),
            "brier": _ratio(squares, n_images),
            "log_loss": _ratio(costs, n_images),
            "calibration_error": _ratio(np.abs(self._gaps @ draws).sum(axis=0), n_images),
        }


def bin_of(probabilities: Floats) -> Ints:
    """Return in which of `N_BINS` bins a probability lies, 0..N_BINS-1; a bin has its lower end.

    >>> bin_of(np.array([0.0, 0.05, 0.1, 0.99, 1.0])).tolist()
    [0, 0, 1, 9, 9]
    """
    return np.minimum((probabilities * N_BINS).astype("int64"), N_BINS - 1)


def calibration_error(is_class: Bools, probabilities: Floats) -> float:
    """Return how far the mean probability lies from the share of images that are of the class.

    The mean over `N_BINS` bins of one width, weighed by their images (expected calibration error).

    Source: Naeini, Cooper and Hauskrecht, AAAI (2015), doi:10.1609/aaai.v29i1.9602.

    Args:
        is_class: shape (n,), at least one.
        probabilities: shape (n,), in [0, 1].

    >>> calibration_error(np.array([True, False]), np.array([0.75, 0.75]))
    0.25
    """
    gaps = np.bincount(bin_of(probabilities), probabilities - is_class, N_BINS)
    return float(np.abs(gaps).sum() / len(is_class))


def precision_steps(is_positive: Bools, scores: Floats) -> Ints:
    """Return on which step of the precision-recall curve each image lies, from the lowest score up.

    Images of equal score share a step, and so do neighbours of which none is positive.

    Args:
        is_positive: shape (n,).
        scores: shape (n,), higher means more likely positive.

    >>> precision_steps(np.array([0, 0, 1, 1, 0], dtype=bool), np.array([0.1, 0.2, 0.3, 0.4, 0.4]))
    array([0, 0, 1, 2, 2])
    """
    levels, level = np.unique(scores, return_inverse=True)
    shows = np.bincount(level[is_positive], minlength=len(levels)) > 0
    begins = np.ones(len(levels), dtype=bool)
    begins[1:] = shows[1:] | shows[:-1]
    steps: Ints = (np.cumsum(begins) - 1)[level]
    return steps


def precision_of_steps(positives: Floats, negatives: Floats) -> Floats:
    """Return the mean precision over the positive images, each called from its own score on.

    As scikit-learn's `average_precision_score`, for many rounds at once.

    Args:
        positives: images on each of `precision_steps`, shape (n_steps, r).
        negatives: likewise.

    Returns:
        Shape (r,); NaN where a round lacks one of the kinds.
    """
    from_top = positives[::-1].cumsum(axis=0)[::-1]
    called = from_top + negatives[::-1].cumsum(axis=0)[::-1]
    precision = np.divide(from_top, called, out=np.zeros_like(called), where=called > 0)
    total = positives.sum(axis=0)
    weighed = np.einsum("sr,sr->r", positives, precision)
    return _ratio(weighed, total * (negatives.sum(axis=0) > 0))


def _ratio(share: Floats, whole: Floats) -> Floats:
    ratios = np.full(np.shape(share), np.nan)
    np.divide(share, whole, out=ratios, where=whole > 0)
    return ratios
