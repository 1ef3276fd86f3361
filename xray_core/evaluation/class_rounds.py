"""What the probability of one class comes to against the rest, for many rounds of resampling.

One class of several, or one finding of a multi-label task: both are yes or no, with a probability.
"""

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import tally_images
from xray_core.evaluation.metrics import divide

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_BINS = 10  # of the calibration error: of one width, from 0 to 1
SMALLEST = 1e-7  # probabilities are clipped at it and at 1 less it, as Keras does
# Ends the name of what a calibration error is the sum of: of each bin by how much the probabilities
# surpass the truth, per image of all.
GAPS = "_gaps"
# What `ClassRounds.measure` returns, and these.
FIGURES = ("auc", "average_precision", "brier", "log_loss", "calibration_error")


class ClassRounds:
    """The images of which it is known whether they are of a class, counted for each patient.

    All that does not depend on which patients are drawn, such as the order of the scores, is done
    once, here.
    """

    def __init__(
        self, is_class: Bools, probabilities: Floats, patients: Ints, n_patients: int
    ) -> None:
        """Count.

        Args:
            is_class: shape (n,).
            probabilities: of the class, shape (n,), in [0, 1].
            patients: shape (n,), 0..n_patients-1.
            n_patients: of all images, also those of which it is not known.
        """
        steps = curve_levels(is_class, probabilities)
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

        And "calibration_error" + `GAPS`, shape (r, N_BINS).

        Args:
            draws: how often each patient was drawn, shape (n_patients, r).
        """
        auc, average_precision = measure_curves(self._positives @ draws, self._negatives @ draws)
        n_images, squares, costs = self._sums @ draws
        gaps = divide(self._gaps @ draws, np.broadcast_to(n_images, (N_BINS, len(n_images)))).T
        return {
            "auc": auc,
            "average_precision": average_precision,
            "brier": divide(squares, n_images),
            "log_loss": divide(costs, n_images),
            "calibration_error": np.abs(gaps).sum(axis=1),
            "calibration_error" + GAPS: gaps,
        }


def bin_of(probabilities: Floats) -> Ints:
    """Return in which of `N_BINS` bins a probability lies, 0..N_BINS-1; a bin has its lower end.

    >>> bin_of(np.array([0.0, 0.05, 0.1, 0.99, 1.0])).tolist()
    [0, 0, 1, 9, 9]
    """
    bins: Ints = np.minimum((probabilities * N_BINS).astype("int64"), N_BINS - 1)
    return bins


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


def curve_levels(is_positive: Bools, scores: Floats) -> Ints:
    """Return on which level of the precision-recall curve each image lies, the highest score first.

    Images of equal score share a level, and so do neighbours of which none is positive.

    Args:
        is_positive: shape (n,).
        scores: shape (n,), higher means more likely positive.

    >>> curve_levels(np.array([0, 0, 1, 1, 0], dtype=bool), np.array([0.1, 0.2, 0.3, 0.4, 0.4]))
    array([2, 2, 1, 0, 0])
    """
    values, place = np.unique(-scores, return_inverse=True)
    shows = np.bincount(place[is_positive], minlength=len(values)) > 0
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = shows[1:] | shows[:-1]
    levels: Ints = (np.cumsum(begins) - 1)[place]
    return levels


def measure_curves(positives: Floats, negatives: Floats) -> tuple[Floats, Floats]:
    """Return the area under the ROC curve and the average precision of many rounds.

    As scikit-learn's `roc_auc_score` and `average_precision_score`. The area is the share of pairs
    of a positive and a negative image in which the positive one scores higher, ties being half; the
    average precision is the mean precision over the positive images, each called from its own
    score on.

    Args:
        positives: images on each of `curve_levels`, shape (n_levels, r).
        negatives: likewise.

    Returns:
        Each of shape (r,); NaN where a round lacks one of the kinds.
    """
    true_positives, alarms = positives.cumsum(axis=0), negatives.cumsum(axis=0)
    n_positive, n_negative = positives.sum(axis=0), negatives.sum(axis=0)
    ties = np.einsum("lr,lr->r", positives, negatives)
    pairs = n_positive * n_negative
    right = pairs - np.einsum("lr,lr->r", positives, alarms) + ties / 2
    alarms += true_positives
    np.divide(true_positives, alarms, out=true_positives, where=alarms > 0)
    weighed = np.einsum("lr,lr->r", positives, true_positives)
    return divide(right, pairs), divide(weighed, n_positive * (n_negative > 0))
