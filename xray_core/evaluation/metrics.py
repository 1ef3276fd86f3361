"""Metrics: plain functions of actual classes and predicted probabilities.

Throughout, `actual` is int, shape (n,), values 0..n_classes-1, and `probabilities` is float,
shape (n, n_classes), rows summing to 1; the predicted class is the most probable one.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion_counts(actual: Ints, predicted: Ints, n_classes: int) -> Ints:
    """Count images by true class (row) and predicted class (column).

    >>> confusion_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.bincount(actual * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes).astype("int64")


def recall_per_class(confusion: Ints) -> Floats:
    """Return each class' hit rate (sensitivity); NaN where a class has no image."""
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def precision_per_class(confusion: Ints) -> Floats:
    """Return, for each class, the share of its predictions that are right (PPV); NaN if none."""
    return _ratio(np.diag(confusion), confusion.sum(axis=0))


def specificity_per_class(confusion: Ints) -> Floats:
    """Return, for each class, the share of the other classes' images not predicted as it."""
    others = confusion.sum() - confusion.sum(axis=1)
    false_alarms = confusion.sum(axis=0) - np.diag(confusion)
    return _ratio(others - false_alarms, others)


def f1_per_class(confusion: Ints) -> Floats:
    """Return each class' F1 score; NaN where a class has neither an image nor a prediction."""
    return _ratio(2 * np.diag(confusion), confusion.sum(axis=1) + confusion.sum(axis=0))


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    ratios = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratios, where=whole > 0)
    return ratios


def area_under_roc(is_positive: NDArray[np.bool_], scores: Floats) -> float:
    """Return the probability that a positive image scores above a negative one; ties are half.

    NaN if either kind is missing. This is the rank form of the area under the ROC curve
    (Hanley and McNeil 1982), fast enough to be repeated a thousand times.
    """
    n_positive = int(is_positive.sum())
    n_negative = len(scores) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2  # of each distinct score, from 1
    positive_ranks = mean_rank[inverse][is_positive].sum()
    return float((positive_ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def cross_entropy(actual: Ints, probabilities: Floats) -> float:
    """Return the mean cross-entropy in nats, probabilities clipped at 1e-7 as Keras does."""
    of_actual = probabilities[np.arange(len(actual)), actual]
    return float(-np.log(np.clip(of_actual, 1e-7, 1 - 1e-7)).mean())


def summarise(actual: Ints, probabilities: Floats) -> dict[str, float]:
    """Return accuracy, balanced accuracy, AUC and macro F1, each in [0, 1].

    AUC is that of the second class for two classes, else the mean over one-against-rest.
    """
    n_classes = probabilities.shape[1]
    confusion = confusion_counts(actual, probabilities.argmax(axis=1), n_classes)
    judged = [1] if n_classes == 2 else list(range(n_classes))
    areas = [area_under_roc(actual == k, probabilities[:, k]) for k in judged]
    return {
        "accuracy": float(np.trace(confusion) / max(len(actual), 1)),
        "balanced_accuracy": _mean(recall_per_class(confusion)),
        "auc": float(np.mean(areas)),
        "f1_macro": _mean(f1_per_class(confusion)),
    }


def _mean(values: Floats) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")


def roc_curve(
    is_positive: NDArray[np.bool_], scores: Floats, n_points: int = 200
) -> dict[str, list[float]]:
    """Return false and true positive rates from the strictest threshold to the laxest.

    Args:
        is_positive: shape (n,).
        scores: shape (n,), higher means more likely positive.
        n_points: the curve is thinned to about this many.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    true = np.cumsum(is_positive[order])[last_of_tie]
    false = np.cumsum(~is_positive[order])[last_of_tie]
    keep = np.unique(np.linspace(0, len(true) - 1, n_points).round().astype(int))
    return {
        "false_positive_rate": [0.0, *(false[keep] / max(false[-1], 1)).tolist()],
        "true_positive_rate": [0.0, *(true[keep] / max(true[-1], 1)).tolist()],
    }
