"""What an epoch comes to on the validation set, for tasks of one class an image and of several."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.findings import (
    DEFAULT_THRESHOLD,
    areas_of_findings,
    finding_counts,
    known_accuracy,
    known_loss,
)
from xray_core.evaluation.metrics import (
    confusion_counts,
    cross_entropy,
    predict_classes,
    recall_per_class,
    summarise,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EpochScores:
    """Figures of the validation set.

    Attributes:
        accuracy: in [0, 1].
        line: what the metric log says of them, names and values.
    """

    accuracy: float
    line: dict[str, Any]


def measure_loss(actual: Ints, probabilities: Floats) -> float:
    """Return the plain validation loss, in nats; see `score_epoch`."""
    measure = known_loss if actual.ndim == 2 else cross_entropy
    return round(measure(actual, probabilities), 6)


def score_epoch(actual: Ints, probabilities: Floats) -> EpochScores:
    """Return what the probabilities come to.

    Args:
        actual: int, shape (n,), the class of each image; of a multi-label task shape
            (n, n_classes): 1 present, 0 absent, -1 unknown.
        probabilities: float, shape (n, n_classes), without NaN.
    """
    score = _score_findings if actual.ndim == 2 else _score_classes
    return score(actual, probabilities)


def _score_classes(actual: Ints, probabilities: Floats) -> EpochScores:
    confusion = confusion_counts(actual, predict_classes(probabilities), probabilities.shape[1])
    summary = summarise(actual, probabilities)
    return EpochScores(
        summary["accuracy"],
        {
            "val_accuracy": rounded(summary["accuracy"]),
            "val_auc": rounded(summary["auc"]),
            "confusion": confusion.tolist(),
            "recall": [rounded(recall) for recall in recall_per_class(confusion)],
        },
    )


def _score_findings(states: Ints, probabilities: Floats) -> EpochScores:
    called = probabilities >= DEFAULT_THRESHOLD
    areas = areas_of_findings(states, probabilities)
    accuracy = known_accuracy(states, called)
    mean_area = float(np.nanmean(areas)) if not np.isnan(areas).all() else float("nan")
    return EpochScores(
        accuracy,
        {
            "val_accuracy": rounded(accuracy),
            "val_auc": rounded(mean_area),
            "finding_auc": [rounded(area) for area in areas],
            "finding_counts": finding_counts(states, called).tolist(),
            # By which a network is known that answers all images alike, whatever its threshold.
            "finding_spread": [rounded(spread) for spread in probabilities.std(axis=0)],
            "n_validation": len(states),
        },
    )


def rounded(value: float) -> float | None:
    """Return a figure to 6 digits; None, as JSON knows no NaN, where it cannot be computed."""
    return None if np.isnan(value) else round(float(value), 6)
