"""Every figure of a set of predictions, each with its interval and the patients behind it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.class_rounds import SMALLEST, ClassRounds
from xray_core.evaluation.intervals import (
    CORRELATION,
    COST,
    N_ROUNDS,
    SHARE,
    Scale,
    bootstrap_intervals,
    settle_interval,
    tally_images,
)
from xray_core.evaluation.metrics import (
    METRICS,
    Measured,
    correlation_per_class,
    evaluated_classes,
    f1_per_class,
    npv_per_class,
    precision_per_class,
    recall_per_class,
    specificity_per_class,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Figure = dict[str, float | None]  # value, low, high; None where it cannot be computed

# With fewer of a class, or without it, its figures are marked: one patient is ten points of its
# recall, or of its specificity.
FEW_PATIENTS = 10
# Figures per class that a metric of all classes has the name of -> what they are called.
OF_CLASS = {
    name: f"class_{name}"
    for name in ("average_precision", "mcc", "brier", "log_loss", "calibration_error")
}
SCALES: dict[str, Scale] = {name: metric.scale for name, metric in METRICS.items()} | {
    OF_CLASS["mcc"]: CORRELATION,
    OF_CLASS["log_loss"]: COST,
}


def measure_predictions(
    actual: Ints,
    probabilities: Floats,
    patients: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> dict[str, list[Figure]]:
    """Return each figure with its 95% interval.

    Args:
        actual: int, shape (n,), classes 0..n_classes-1.
        probabilities: float, shape (n, n_classes).
        patients: int, shape (n,), 0..n_patients-1: whose image it is.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients.

    Returns:
        Each of `metrics.METRICS`: one figure; recall, precision, specificity, npv, f1 and those of
        `OF_CLASS`: one a class, against the rest; area: one for each of
        `metrics.evaluated_classes`.
    """
    n_classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    measure = draw_rounds(actual, probabilities, patients)
    each_once = np.ones((int(patients.max()) + 1, 1))
    values = {name: rounds[0] for name, rounds in measure(each_once).items()}
    intervals = bootstrap_intervals(measure, patients, rng, n_rounds)
    behind = _patients_behind(actual, predicted, patients, n_classes)
    figures = {}
    for name, value in values.items():
        rows = zip(*map(np.atleast_1d, (value, *intervals[name])), behind[name], strict=True)
        scale = SCALES.get(name, SHARE)
        figures[name] = [
            _figure(float(v), float(low), float(high), n, scale) for v, low, high, n in rows
        ]
    return figures


def draw_rounds(
    actual: Ints, probabilities: Floats, patients: Ints
) -> Callable[[Floats], dict[str, Floats]]:
    """Return what measures many rounds at once, for `bootstrap_intervals`.

    Args:
        actual: as for `measure_predictions`.
        probabilities: likewise.
        patients: likewise.

    Returns:
        How often each patient was drawn, float, shape (n_patients, r) -> the name of each figure
        that `measure_predictions` returns -> its values, shape (r,), or (r, n) for n classes.
    """
    n_classes = probabilities.shape[1]
    n_patients = int(patients.max()) + 1
    cell = actual * n_classes + probabilities.argmax(axis=1)
    cells = tally_images(cell, patients, n_classes**2, n_patients)
    of_actual = np.clip(probabilities[np.arange(len(actual)), actual], SMALLEST, 1 - SMALLEST)
    costs = np.bincount(patients, -np.log(of_actual), n_patients)
    rounds = [
        ClassRounds(actual == k, probabilities[:, k], patients, n_patients)
        for k in range(n_classes)
    ]
    evaluated = evaluated_classes(n_classes)

    def measure(draws: Floats) -> dict[str, Floats]:
        confusion = (cells @ draws).T.reshape(-1, n_classes, n_classes)
        classes = [one.measure(draws) for one in rounds]
        of_class = {name: np.array([one[name] for one in classes]).T for name in classes[0]}
        measured = Measured(
            confusion,
            *(
                of_class[name][:, evaluated]
                for name in ("auc", "average_precision", "calibration_error")
            ),
            of_class["brier"],
            (costs @ draws) / np.maximum(confusion.sum(axis=(1, 2)), 1),
        )
        return {
            **{name: metric.compute(measured) for name, metric in METRICS.items()},
            "recall": recall_per_class(confusion),
            "precision": precision_per_class(confusion),
            "specificity": specificity_per_class(confusion),
            "npv": npv_per_class(confusion),
            "f1": f1_per_class(confusion),
            "area": measured.auc,
            OF_CLASS["mcc"]: correlation_per_class(confusion),
            **{OF_CLASS[name]: of_class[name] for name in OF_CLASS if name in of_class},
        }

    return measure


def _figure(value: float, low: float, high: float, n_patients: list[int], scale: Scale) -> Figure:
    """JSON knows no NaN: what cannot be computed is None."""
    low, high = settle_interval(value, low, high, n_patients, scale)
    numbers = {"value": value, "low": low, "high": high}
    return {name: None if np.isnan(number) else number for name, number in numbers.items()}


def _patients_behind(
    actual: Ints, predicted: Ints, patients: Ints, n_classes: int
) -> dict[str, list[list[int]]]:
    """Return for each figure the patients whose images it counts; of a mean, of each class."""

    def count(images: NDArray[np.bool_]) -> int:
        return len(np.unique(patients[images]))

    classes = range(n_classes)
    own = [count(actual == k) for k in classes]
    others = [count(actual != k) for k in classes]
    said = [count(predicted == k) for k in classes]
    not_said = [count(predicted != k) for k in classes]
    either = [count((actual == k) | (predicted == k)) for k in classes]
    # An area compares two kinds of images, and swings with the patients of the rarer one.
    rarer = [min(pair) for pair in zip(own, others, strict=True)]
    everybody = int(patients.max()) + 1
    per_class = {
        "recall": own,
        "precision": said,
        "specificity": others,
        "npv": not_said,
        "f1": either,
        "area": [rarer[k] for k in evaluated_classes(n_classes)],
        **{OF_CLASS[name]: rarer for name in ("average_precision", "mcc")},
        **{
            OF_CLASS[name]: [everybody] * n_classes
            for name in ("brier", "log_loss", "calibration_error")
        },
    }
    return {
        # A class without a patient is not in the mean.
        **{
            name: [[n for n in per_class[metric.mean_of] if n] if metric.mean_of else [everybody]]
            for name, metric in METRICS.items()
        },
        **{name: [[n] for n in counts] for name, counts in per_class.items()},
    }
