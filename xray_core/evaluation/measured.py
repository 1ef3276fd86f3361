"""Every figure of a set of predictions, each with its interval and the patients behind it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.class_rounds import GAPS, SMALLEST, ClassRounds
from xray_core.evaluation.intervals import (
    CORRELATION,
    COST,
    COSTS,
    N_ROUNDS,
    SHARE,
    Scale,
    bootstrap_rounds,
    count_for_costs,
    interval_of_gaps,
    interval_of_rounds,
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
    predict_classes,
    recall_per_class,
    specificity_per_class,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Behind = Mapping[str, Sequence[Sequence[int]]]  # name of a figure -> patients that it counts
Figure = dict[str, float | None]  # value, low, high; None where it cannot be computed

# With fewer of a class, or without it, its figures are marked: one patient is ten points of its
# recall, or of its specificity.
FEW_PATIENTS = 10
# Figures per class that a metric of all classes has the name of -> what they are called.
ERROR = "calibration_error"
OF_CLASS = {
    name: f"class_{name}" for name in ("average_precision", "mcc", "brier", "log_loss", ERROR)
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
    predicted = predict_classes(probabilities)
    measure = draw_rounds(actual, probabilities, patients)
    behind = patients_behind(actual, predicted, patients, n_classes)
    return find_figures(measure, patients, behind, SCALES, rng, n_rounds)


def find_figures(
    measure: Callable[[Floats], dict[str, Floats]],
    patients: Ints,
    behind: Behind,
    scales: Mapping[str, Scale],
    rng: np.random.Generator,
    n_rounds: int,
) -> dict[str, list[Figure]]:
    """Return each figure with its interval.

    Args:
        measure: as for `intervals.bootstrap_rounds`; of the figures of `behind`, and of some that
            are sums of gaps also these, under the name with `GAPS` at its end.
        patients: whose image each is.
        behind: name -> of each figure the patients that it is measured on; of a mean, of each
            class.
        scales: of the figures that are no share.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients.
    """
    once = measure(np.ones((int(patients.max()) + 1, 1)))
    return figures_of_rounds(
        once, bootstrap_rounds(measure, patients, rng, n_rounds), behind, scales
    )


def figures_of_rounds(
    once: Mapping[str, Floats],
    rounds: Mapping[str, Floats],
    behind: Behind,
    scales: Mapping[str, Scale],
) -> dict[str, list[Figure]]:
    """Return each figure with its interval.

    Args:
        once: the figures themselves: what `measure` says where each patient is drawn once.
        rounds: likewise of each round.
        behind: as for `find_figures`.
        scales: likewise.
    """
    figures = {}
    for name, n_patients in behind.items():
        values = once[name][0].reshape(-1).tolist()
        if name + GAPS in once:
            gaps = np.array(np.split(once[name + GAPS][0].reshape(-1), len(values)))
            of_rounds = rounds[name + GAPS].reshape(-1, *gaps.shape) if gaps.size else gaps[None]
            intervals = [
                interval_of_gaps(value, gaps[k], of_rounds[:, k], n_patients[k])
                for k, value in enumerate(values)
            ]
        else:
            of_rounds, scale = rounds[name].reshape(-1, len(values)), scales.get(name, SHARE)
            intervals = [
                interval_of_rounds(value, of_rounds[:, k], n_patients[k], scale)
                for k, value in enumerate(values)
            ]
        figures[name] = [_figure(*pair) for pair in zip(values, intervals, strict=True)]
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
    cell = actual * n_classes + predict_classes(probabilities)
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
        classes = [of_rounds.measure(draws) for of_rounds in rounds]
        of_class = {name: np.stack([row[name] for row in classes], axis=1) for name in classes[0]}
        gaps = of_class[ERROR + GAPS]
        measured = Measured(
            confusion=confusion,
            auc=of_class["auc"][:, evaluated],
            average_precision=of_class["average_precision"][:, evaluated],
            calibration_error=of_class[ERROR][:, evaluated],
            brier=of_class["brier"],
            log_loss=(costs @ draws) / np.maximum(confusion.sum(axis=(1, 2)), 1),
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
            ERROR + GAPS: gaps[:, evaluated].reshape(len(gaps), -1) / len(evaluated),
            OF_CLASS[ERROR] + GAPS: gaps,
        }

    return measure


def _figure(value: float, interval: tuple[float, float]) -> Figure:
    """JSON knows no NaN: what cannot be computed is None."""
    numbers = dict(zip(("value", "low", "high"), (value, *interval), strict=True))
    return {name: None if np.isnan(number) else number for name, number in numbers.items()}


def patients_behind(
    actual: Ints, predicted: Ints, patients: Ints, n_classes: int
) -> dict[str, list[list[int]]]:
    """Return for each figure the patients whose images it counts; of a mean, of each class."""

    def count(images: NDArray[np.bool_]) -> int:
        return len(np.unique(patients[images]))

    classes, everybody = range(n_classes), int(patients.max()) + 1
    own = [count(actual == k) for k in classes]
    others = [count(actual != k) for k in classes]
    said = [count(predicted == k) for k in classes]
    not_said = [count(predicted != k) for k in classes]
    either = [count((actual == k) | (predicted == k)) for k in classes]
    # An area compares two kinds of images, and swings with the patients of the rarer one.
    rarer = [min(pair) for pair in zip(own, others, strict=True)]
    per_class = {
        "recall": own,
        "precision": said,
        "specificity": others,
        "npv": not_said,
        "f1": either,
        "area": [rarer[k] for k in evaluated_classes(n_classes)],
        **dict.fromkeys(OF_CLASS.values(), [max(n, 1) for n in rarer]),
        # So does what adds up the costs of errors, as most of them are those of the rarer one.
        **{OF_CLASS[name]: count_for_costs(rarer, everybody) for name in COSTS},
    }
    means = {
        # A class without a patient is not in the mean.
        name: [n for n in per_class.get(metric.mean_of, ()) if n] or [everybody]
        for name, metric in METRICS.items()
    }
    means |= {name: count_for_costs(means[name], everybody) for name in COSTS}
    return {
        **{name: [counts] for name, counts in means.items()},
        **{name: [[n] for n in counts] for name, counts in per_class.items()},
    }
