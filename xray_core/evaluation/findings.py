"""Figures of a multi-label task: plain functions of the state of each finding and its probability.

Throughout, `states` is int, shape (n, n_classes): 1 present, 0 absent, -1 unknown, at least one of
an image known; `probabilities` is float of the same shape, in [0, 1], and `called` bool: whether
the finding is said to be present. What is unknown counts in nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.metrics import area_under_roc

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UNKNOWN_STATE = -1
OUTCOMES = ("TN", "FP", "FN", "TP")  # of a call: the columns of counts
DEFAULT_THRESHOLD = 0.5


def finding_counts(states: Ints, called: Bools) -> Ints:
    """Count for each finding the calls that are right and wrong, shape (n_classes, 4).

    >>> called = np.array([[True, True], [False, True]])
    >>> finding_counts(np.array([[1, 0], [0, -1]]), called).tolist()
    [[1, 0, 0, 1], [0, 1, 0, 0]]
    """
    n_classes = states.shape[1]
    row, k = np.nonzero(states != UNKNOWN_STATE)
    outcome = 4 * k + 2 * states[row, k] + called[row, k]
    counts: Ints = np.bincount(outcome, minlength=4 * n_classes).reshape(n_classes, 4)
    return counts.astype("int64")


def known_loss(states: Ints, probabilities: Floats) -> float:
    """Return the binary cross-entropy in nats, probabilities clipped at 1e-7 as Keras does.

    It is the mean over an image's known findings, then over images.
    """
    clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
    costs = -np.log(np.where(states == 1, clipped, 1 - clipped))
    return _mean_of_known(states, costs)


def known_accuracy(states: Ints, called: Bools) -> float:
    """Return the share of an image's known findings that are called rightly, mean over images."""
    return _mean_of_known(states, called == (states == 1))


def _mean_of_known(states: Ints, values: NDArray[Any]) -> float:
    known = states != UNKNOWN_STATE
    return float((np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)).mean())


def areas_of_findings(states: Ints, probabilities: Floats) -> Floats:
    """Return the area under the ROC curve of each finding; NaN where it is not of both kinds."""
    areas = []
    for k in range(states.shape[1]):
        known = states[:, k] != UNKNOWN_STATE
        areas.append(area_under_roc(states[known, k] == 1, probabilities[known, k]))
    return np.array(areas)


def choose_threshold(states: Ints, probabilities: Floats) -> float | None:
    """Return the probability from which on a finding is called: where Youden's J is greatest.

    J is the true positive rate less the false positive rate (Youden 1950). The threshold lies
    midway between the scores of two images; of several best ones it is the highest.

    Args:
        states: of one finding, shape (n,).
        probabilities: likewise.

    Returns:
        In [0, 1]; None where the images known do not show both kinds.

    >>> choose_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9]))
    0.4
    """
    known = states != UNKNOWN_STATE
    is_present = states[known] == 1
    if not 0 < is_present.sum() < len(is_present):
        return None
    levels, level = np.unique(probabilities[known], return_inverse=True)
    present = np.bincount(level[is_present], minlength=len(levels))
    absent = np.bincount(level[~is_present], minlength=len(levels))
    # Called from each level up.
    true_rate = present[::-1].cumsum()[::-1] / present.sum()
    false_rate = absent[::-1].cumsum()[::-1] / absent.sum()
    youden = true_rate - false_rate
    best = len(levels) - 1 - int(np.argmax(youden[::-1]))
    below = levels[best - 1] if best else levels[best]
    return float((levels[best] + below) / 2)
