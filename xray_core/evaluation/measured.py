"""Every figure of a set of predictions, each with its interval and the patients behind it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import (
    N_ROUNDS,
    bootstrap_intervals,
    settle_interval,
    tally_images,
)
from xray_core.evaluation.metrics import (
    METRICS,
    area_of_steps,
    curve_steps,
    evaluated_classes,
    f1_per_class,
    precision_per_class,
    recall_per_class,
    specificity_per_class,
    summarise_counts,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Figure = dict[str, float | None]  # value, low, high; None where it cannot be computed


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
        Each of `metrics.METRICS`: one figure; recall, precision, specificity and f1: one a class;
        area: one for each of `metrics.evaluated_classes`.
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
        figures[name] = [_figure(float(v), float(low), float(high), n) for v, low, high, n in rows]
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
    curves = []
    for k in evaluated_classes(n_classes):
        is_class = actual == k
        steps = curve_steps(is_class, probabilities[:, k])
        n_steps = int(steps.max()) + 1
        curves.append(
            [
                tally_images(steps[kind], patients[kind], n_steps, n_patients)
                for kind in (is_class, ~is_class)
            ]
        )

    def measure(draws: Floats) -> dict[str, Floats]:
        confusion = (cells @ draws).T.reshape(-1, n_classes, n_classes)
        areas = [area_of_steps(own @ draws, rest @ draws) for own, rest in curves]
        return _figures_of(confusion, np.array(areas).T)

    return measure


def _figure(value: float, low: float, high: float, n_patients: list[int]) -> Figure:
    """JSON knows no NaN: what cannot be computed is None."""
    low, high = settle_interval(value, low, high, n_patients)
    numbers = {"value": value, "low": low, "high": high}
    return {name: None if np.isnan(number) else number for name, number in numbers.items()}


def _figures_of(confusion: Ints | Floats, areas: Floats) -> dict[str, Floats]:
    return {
        **summarise_counts(confusion, areas),
        "recall": recall_per_class(confusion),
        "precision": precision_per_class(confusion),
        "specificity": specificity_per_class(confusion),
        "f1": f1_per_class(confusion),
        "area": areas,
    }


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
    either = [count((actual == k) | (predicted == k)) for k in classes]
    # An area compares two kinds of images, and swings with the patients of the rarer one.
    rarer = [min(own[k], others[k]) for k in evaluated_classes(n_classes)]
    per_class = {
        "recall": own,
        "precision": said,
        "specificity": others,
        "f1": either,
        "area": rarer,
    }
    everybody = [int(patients.max()) + 1]
    return {
        # A class without a patient is not in the mean.
        **{
            name: [[n for n in per_class[metric.mean_of] if n] if metric.mean_of else everybody]
            for name, metric in METRICS.items()
        },
        **{name: [[n] for n in counts] for name, counts in per_class.items()},
    }
