"""Metrics: plain functions of actual classes and predicted probabilities.

Throughout, `actual` is int, shape (n,), values 0..n_classes-1, and `probabilities` is float,
shape (n, n_classes), rows summing to 1; the predicted class is the most probable one. A
`confusion` has the shape (n_classes, n_classes) or (..., n_classes, n_classes) for many at once,
and what is said of each class is in the last axis of the answer.

Figures of one set of predictions are scikit-learn's, which is imported by who asks for them: it
takes a second, and pages do without. What the rounds of an interval need is ours, for all rounds
at once; see `measured`, which pages use as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import CORRELATION, COST, SHARE, Scale

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Counts = NDArray[Any]  # whole numbers: int, or float where images were weighed


def confusion_counts(actual: Ints, predicted: Ints, n_classes: int) -> Ints:
    """Count images by true class (row) and predicted class (column).

    >>> confusion_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.bincount(actual * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes).astype("int64")


def recall_per_class(confusion: Counts) -> Floats:
    """Return each class' recall (sensitivity); NaN where a class has no image."""
    return divide(_hits(confusion), confusion.sum(axis=-1))


def precision_per_class(confusion: Counts) -> Floats:
    """Return, for each class, the share of its predictions that are right (PPV); NaN if none."""
    return divide(_hits(confusion), confusion.sum(axis=-2))


def specificity_per_class(confusion: Counts) -> Floats:
    """Return, for each class, the share of the other classes' images not predicted as it."""
    others = confusion.sum(axis=(-2, -1))[..., None] - confusion.sum(axis=-1)
    false_positives = confusion.sum(axis=-2) - _hits(confusion)
    return divide(others - false_positives, others)


def f1_per_class(confusion: Counts) -> Floats:
    """Return each class' F1 score; NaN where a class has neither an image nor a prediction."""
    return divide(2 * _hits(confusion), confusion.sum(axis=-1) + confusion.sum(axis=-2))


def npv_per_class(confusion: Counts) -> Floats:
    """Return, for each class, the share of the images not predicted as it that are not of it.

    NaN where every image is predicted as it.
    """
    not_said = confusion.sum(axis=(-2, -1))[..., None] - confusion.sum(axis=-2)
    missed = confusion.sum(axis=-1) - _hits(confusion)
    return divide(not_said - missed, not_said)


def correlation_per_class(confusion: Counts) -> Floats:
    """Return the correlation of being of a class with being predicted as it, in [-1, 1].

    NaN where all images are of the class, or none is; 0 where all are predicted as it, or none is.

    Source: Matthews, Biochim Biophys Acta 405 (1975), doi:10.1016/0005-2795(75)90109-9.
    """
    n_images = confusion.sum(axis=(-2, -1))[..., None]
    own, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    together = n_images * _hits(confusion) - own * said
    return _correlation(together, own * (n_images - own), said * (n_images - said))


def correlation_of_classes(confusion: Counts) -> Floats:
    """Return the correlation of all classes with what is predicted, in [-1, 1].

    NaN where all images are of one class; 0 where one is answered to all.

    Source: Gorodkin, Comput Biol Chem 28 (2004), doi:10.1016/j.compbiolchem.2004.09.006; for two
    classes it is that of Matthews.
    """
    n_images = confusion.sum(axis=(-2, -1))
    own, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    together = n_images * _hits(confusion).sum(axis=-1) - (own * said).sum(axis=-1)
    squared = np.square(n_images)
    return _correlation(
        together,
        squared - np.square(own).sum(axis=-1),
        squared - np.square(said).sum(axis=-1),
    )


def _correlation(together: Counts, of_actual: Counts, of_predicted: Counts) -> Floats:
    both = np.sqrt(of_actual * of_predicted * 1.0)
    return np.where(of_actual > 0, together / np.where(both > 0, both, np.inf), np.nan)


def _hits(confusion: Counts) -> Counts:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def divide(share: Counts, whole: Counts) -> Floats:
    """Return share / whole, of one shape; NaN where the whole is 0."""
    ratios = np.full(np.shape(share), np.nan)
    np.divide(share, whole, out=ratios, where=whole > 0)
    return ratios


def curve_steps(is_positive: NDArray[np.bool_], scores: Floats) -> Ints:
    """Return on which step of the ROC curve each image lies, from the lowest score up.

    Images of equal score share a step, and so do neighbours of one kind: no pair of a positive
    and a negative image is decided between them.

    Args:
        is_positive: shape (n,).
        scores: shape (n,), higher means more likely positive.

    Returns:
        Int, shape (n,), 0..n_steps-1, each of which has an image.

    >>> curve_steps(np.array([0, 0, 1, 1, 0], dtype=bool), np.array([0.1, 0.2, 0.3, 0.4, 0.4]))
    array([0, 0, 1, 2, 2])
    """
    levels, tie = np.unique(scores, return_inverse=True)
    n_positive = np.bincount(tie[is_positive], minlength=len(levels))
    n_negative = np.bincount(tie[~is_positive], minlength=len(levels))
    mixed = (n_positive > 0) & (n_negative > 0)
    alike = ~mixed[1:] & ~mixed[:-1] & ((n_positive[1:] > 0) == (n_positive[:-1] > 0))
    steps: Ints = np.cumsum(np.append(False, ~alike))[tie]
    return steps


def area_of_steps(positives: Counts, negatives: Counts) -> Floats:
    """Return the probability that a positive image scores above a negative one; ties are half.

    This is the rank form of the area under the ROC curve (Hanley and McNeil 1982).

    Args:
        positives: images on each of `curve_steps`, shape (n_steps, ...).
        negatives: likewise.

    Returns:
        Shape (...), in [0, 1]; NaN if either kind is missing.
    """
    up_to = np.cumsum(negatives, axis=0)
    above = np.einsum("s...,s...->...", positives, up_to - negatives / 2)
    return divide(above, positives.sum(axis=0) * negatives.sum(axis=0))


def area_under_roc(is_positive: NDArray[np.bool_], scores: Floats) -> float:
    """Return the area under the ROC curve of shape (n,) each; NaN if a kind is missing."""
    from sklearn.metrics import roc_auc_score

    if not 0 < is_positive.sum() < len(is_positive):
        return float("nan")
    return float(roc_auc_score(is_positive, scores))


def cross_entropy(actual: Ints, probabilities: Floats) -> float:
    """Return the mean cross-entropy in nats, probabilities clipped at 1e-7 as Keras does.

    scikit-learn's `log_loss` clips at 2e-16: one image that is surely wrong would weigh twice.
    """
    of_actual = probabilities[np.arange(len(actual)), actual]
    return float(-np.log(np.clip(of_actual, 1e-7, 1 - 1e-7)).mean())


def evaluated_classes(n_classes: int) -> list[int]:
    """Return the classes with an area of their own: of two the second, else each of them."""
    return [1] if n_classes == 2 else list(range(n_classes))


def areas_per_class(actual: Ints, probabilities: Floats) -> Floats:
    """Return the area under the ROC curve of each of `evaluated_classes` against the rest."""
    evaluated = evaluated_classes(probabilities.shape[1])
    return np.array([area_under_roc(actual == k, probabilities[:, k]) for k in evaluated])


def predict_classes(probabilities: Floats) -> Ints:
    """Return the class that each image is predicted as: the most probable one.

    Of two classes it is the second, the positive one, from 0.5 on, as from any threshold.

    Args:
        probabilities: float, shape (..., n_classes), without NaN.

    Returns:
        int, shape (...), 0..n_classes-1.

    >>> predict_classes(np.array([[0.6, 0.4], [0.5, 0.5]])).tolist()
    [0, 1]
    """
    if probabilities.shape[-1] == 2:
        return (probabilities[..., 1] >= 0.5).astype("int64")
    classes: Ints = probabilities.argmax(axis=-1)
    return classes


def summarise(actual: Ints, probabilities: Floats) -> dict[str, float]:
    """Return accuracy, balanced accuracy, AUC and macro F1, each in [0, 1].

    AUC is that of the second class for two classes, else the mean over one-against-rest.
    """
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    predicted, classes = predict_classes(probabilities), range(probabilities.shape[1])
    # A class without images counts in no mean. scikit-learn's own `balanced_accuracy_score` does
    # likewise, but warns of it.
    recall, f1 = (
        score(actual, predicted, labels=classes, average=None, zero_division=np.nan)
        for score in (recall_score, f1_score)
    )
    return {
        "accuracy": float(accuracy_score(actual, predicted)),
        "balanced_accuracy": float(np.nanmean(recall)),
        "auc": float(areas_per_class(actual, probabilities).mean()),
        "f1_macro": float(np.nanmean(f1)),
    }


def _mean(values: Floats) -> Floats:
    """Return the mean over the last axis of what is not NaN; NaN where nothing else is."""
    present = ~np.isnan(values)
    return divide(values.sum(axis=-1, where=present), present.sum(axis=-1))


def roc_curve(
    is_positive: NDArray[np.bool_], scores: Floats, n_points: int = 200
) -> dict[str, list[float]]:
    """Return false and true positive rates from the strictest threshold to the laxest.

    Args:
        is_positive: shape (n,), of both kinds.
        scores: shape (n,), higher means more likely positive.
        n_points: the curve is thinned to about this many; its ends stay.
    """
    from sklearn import metrics

    false, true, _ = metrics.roc_curve(is_positive, scores, drop_intermediate=False)
    keep = np.append(0, np.unique(np.linspace(1, len(true) - 1, n_points).round().astype(int)))
    return {
        "false_positive_rate": false[keep].tolist(),
        "true_positive_rate": true[keep].tolist(),
    }


@dataclass(frozen=True)
class Measured:
    """What the metrics are computed from: of one set of images, or of many, shape (..., as below).

    Attributes:
        confusion: images, rows true, columns predicted, shape (..., n_classes, n_classes).
        auc: of each of `evaluated_classes`, shape (..., n_evaluated); so are the next two.
        average_precision: likewise.
        calibration_error: likewise.
        brier: of each class, shape (..., n_classes).
        log_loss: of all classes together, shape (...), in nats.
    """

    confusion: Counts
    auc: Floats
    average_precision: Floats
    calibration_error: Floats
    brier: Floats
    log_loss: Floats


@dataclass(frozen=True)
class Metric:
    """A figure of all classes together.

    Attributes:
        title: for a person.
        compute: -> shape (...), on its scale; NaN where it cannot be computed.
        mean_of: the figure per class, as `measured` names it, whose patients decide how far it
            swings; "" for what all images have a share in.
        scale: the values that it can have.
    """

    title: str
    compute: Callable[[Measured], Floats]
    mean_of: str = ""
    scale: Scale = SHARE


def _accuracy(confusion: Counts) -> Floats:
    n_images = confusion.sum(axis=(-2, -1))
    return np.asarray(_hits(confusion).sum(axis=-1) / np.maximum(n_images, 1))


# To add one: an entry. The report, its interval and the Evaluate page have it from here.
METRICS: dict[str, Metric] = {
    "accuracy": Metric("accuracy", lambda of: _accuracy(of.confusion)),
    "balanced_accuracy": Metric(
        "balanced accuracy", lambda of: _mean(recall_per_class(of.confusion)), "recall"
    ),
    "auc": Metric("AUC", lambda of: of.auc.mean(axis=-1), "area"),
    "f1_macro": Metric("macro F1", lambda of: _mean(f1_per_class(of.confusion)), "f1"),
    "average_precision": Metric(
        "average precision", lambda of: of.average_precision.mean(axis=-1), "area"
    ),
    "mcc": Metric(
        "Matthews correlation", lambda of: correlation_of_classes(of.confusion), scale=CORRELATION
    ),
    # Half the sum over the classes: with two classes, that of either.
    "brier": Metric("Brier score", lambda of: of.brier.sum(axis=-1) / 2, "area"),
    "log_loss": Metric("log loss", lambda of: of.log_loss, "area", COST),
    "calibration_error": Metric(
        "calibration error", lambda of: of.calibration_error.mean(axis=-1), "area"
    ),
}
# Of two classes also those of the second, the positive one: name -> title, and the figure per class
# that it is.
OF_POSITIVE = {
    "sensitivity": ("sensitivity", "recall"),
    "specificity": ("specificity", "specificity"),
    "ppv": ("PPV", "precision"),
    "npv": ("NPV", "npv"),
    "f1": ("F1", "f1"),
}
