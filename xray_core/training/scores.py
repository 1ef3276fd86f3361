"""What an epoch comes to on the validation set: of one class an image, of several, and of masks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.findings import (
    DEFAULT_THRESHOLD,
    areas_of_findings,
    finding_counts,
    known_accuracy,
    known_loss,
)
from xray_core.evaluation.masks import MASK_FIGURES, call_pixels, measure_overlap
from xray_core.evaluation.masks import measure_loss as measure_mask_loss
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


@dataclass(frozen=True)
class MaskScores(EpochScores):
    """Those of a task that asks for masks; `accuracy` is the share of right pixels.

    Attributes:
        loss: see `evaluation.masks.measure_loss`.
        dice: mean over the images.
        table: Dice and IoU of each, in their order.
    """

    loss: float
    dice: float
    table: pd.DataFrame


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


def score_masks(model: Any, batches: Any, inside: NDArray[np.uint8]) -> MaskScores:
    """Return what the masks that `model` draws come to; they are drawn batch by batch.

    Args:
        model: takes a batch of images, and gives float32 (batch, size, size, 1).
        batches: `inputs.PredictionBatches`.
        inside: uint8 (n, size, size), the true masks, in the same order.
    """
    losses, tables, start = [], [], 0
    for number in range(len(batches)):
        probabilities = model.predict_on_batch(batches[number][0])[..., 0]
        true = inside[start : start + len(probabilities)]
        start += len(probabilities)
        losses.append(measure_mask_loss(true, probabilities))
        tables.append(pd.DataFrame(measure_overlap(true, call_pixels(probabilities))))
    table = pd.concat(tables, ignore_index=True)
    means = table.mean()
    line = {
        "val_accuracy": rounded(means["accuracy"]),
        "val_auc": None,
        "val_dice": rounded(means["dice"]),
        "val_iou": rounded(means["iou"]),
        "n_validation": len(table),
    }
    loss = round(float(np.concatenate(losses).mean()), 6)
    kept = table[list(MASK_FIGURES)].astype("float32")
    return MaskScores(float(means["accuracy"]), line, loss, float(means["dice"]), kept)


def rounded(value: float) -> float | None:
    """Return a figure to 6 digits; None, as JSON knows no NaN, where it cannot be computed."""
    return None if np.isnan(value) else round(float(value), 6)
