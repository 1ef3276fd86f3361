"""How fast the intervals of a report are found, against sorting all scores anew in each round.

    python benchmarks/report.py [--rounds 1000] [--repeats 3]

Both ways draw the same patients for the same made-up predictions, taking turns, and their ends
are compared. The plain way is also what the tests hold ours to.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.evaluation.class_rounds import GAPS
from xray_core.evaluation.intervals import bootstrap_intervals
from xray_core.evaluation.measured import OF_CLASS, draw_rounds
from xray_core.evaluation.metrics import METRICS, Measured, confusion_counts

SIZES = {  # images, patients, classes
    "published test set": (624, 300, 2),
    "large, two classes": (22_400, 9_000, 2),
    "large, 15 classes": (22_400, 9_000, 15),
}
Intervals = dict[str, tuple[np.ndarray, np.ndarray]]


def draw_predictions(
    n_images: int, n_patients: int, n_classes: int, n_levels: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return actual classes, probabilities, and patients 0..n-1, each with one image or more.

    Args:
        n_images: at least `n_patients`.
        n_patients: at most `n_images`.
        n_classes: 2 or more.
        n_levels: of the scores, so that many are equal; 0: as they are drawn.
    """
    rng = np.random.default_rng(0)
    actual = rng.integers(0, n_classes, n_images)
    scores = rng.random((n_images, n_classes)) + 0.4 * np.eye(n_classes)[actual]
    if n_levels:
        scores = np.ceil(scores * n_levels) / n_levels
    more = rng.integers(0, n_patients, n_images - n_patients)
    patients = rng.permutation(np.append(np.arange(n_patients), more))
    return actual, scores / scores.sum(axis=1, keepdims=True), patients


def plain_area(is_positive: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve from the ranks of the positive images."""
    n_positive = int(is_positive.sum())
    n_negative = len(scores) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    ranks = mean_rank[inverse][is_positive].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def plain_precision(is_positive: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean precision over the positive images, each called from its own score on."""
    if not 0 < is_positive.sum() < len(is_positive):
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores the last counts all
    hits, called = np.cumsum(is_positive[order])[last], np.arange(1, len(order) + 1)[last]
    return float((np.diff(hits, prepend=0) * hits / called).sum() / is_positive.sum())


def plain_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return how far being of a class (0 or 1) goes with being predicted as it."""
    if x.min() == x.max():
        return float("nan")
    return 0.0 if y.min() == y.max() else float(np.corrcoef(x, y)[0, 1])


def plain_calibration(is_class: np.ndarray, p: np.ndarray) -> float:
    """Return the mean distance of probability and truth over ten bins."""
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = [abs(np.sum(p[bins == k] - is_class[bins == k])) for k in range(10)]
    return float(sum(gaps) / len(p))


def plain_figures(actual: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Return every figure of the images given, each of which may be there several times."""
    n_classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    if n_classes == 2:
        predicted = (probabilities[:, 1] >= 0.5).astype(int)
    confusion = confusion_counts(actual, predicted, n_classes).astype(float)
    hits, own, said = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    others = len(actual) - own
    with np.errstate(invalid="ignore"):
        recall, f1 = hits / own, 2 * hits / (own + said)
        precision, specificity = hits / said, (others - said + hits) / others
        npv = (others - said + hits) / (len(actual) - said)
    each = [(actual == k, predicted == k, probabilities[:, k]) for k in range(n_classes)]
    clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
    of_class = {
        "average_precision": [plain_precision(own, p) for own, _, p in each],
        "mcc": [plain_correlation(own, said) for own, said, _ in each],
        "brier": [np.mean((p - own) ** 2) for own, _, p in each],
        "log_loss": [
            -np.mean(np.log(np.where(own, clipped[:, k], 1 - clipped[:, k])))
            for k, (own, _, _) in enumerate(each)
        ],
        "calibration_error": [plain_calibration(own, p) for own, _, p in each],
    }
    evaluated = [1] if n_classes == 2 else list(range(n_classes))
    measured = Measured(
        confusion,
        np.array([plain_area(actual == k, probabilities[:, k]) for k in evaluated]),
        *(
            np.array(of_class[name])[evaluated]
            for name in ("average_precision", "calibration_error")
        ),
        np.array(of_class["brier"]),
        np.asarray(-np.log(clipped[np.arange(len(actual)), actual]).mean()),
    )
    return {
        **{name: np.asarray(metric.compute(measured)) for name, metric in METRICS.items()},
        "recall": recall,
        "precision": precision,
        "specificity": specificity,
        "npv": npv,
        "f1": f1,
        "area": measured.auc,
        **{OF_CLASS[name]: np.array(values) for name, values in of_class.items()},
    }


def plain_intervals(
    actual: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, n_rounds: int
) -> Intervals:
    """Return the 95% interval of each figure by measuring the images of each round anew."""
    rng = np.random.default_rng(0)
    n_patients = int(patients.max()) + 1
    order = np.argsort(patients, kind="stable")
    starts = np.searchsorted(patients[order], np.arange(n_patients + 1))
    rows_of = [order[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]
    rounds: dict[str, list[np.ndarray]] = {}
    for _ in range(n_rounds):
        drawn = rng.integers(0, n_patients, n_patients)
        rows = np.concatenate([rows_of[patient] for patient in drawn])
        for name, value in plain_figures(actual[rows], probabilities[rows]).items():
            rounds.setdefault(name, []).append(value)
    intervals = {}
    for name, values in rounds.items():
        columns = np.array(values).reshape(n_rounds, -1).T
        valid = [column[~np.isnan(column)] for column in columns]
        ends = [
            np.quantile(column, [0.025, 0.975]) if len(column) else [np.nan] * 2 for column in valid
        ]
        low, high = np.array(ends).T
        intervals[name] = low.reshape(values[0].shape), high.reshape(values[0].shape)
    return intervals


def fast_intervals(
    actual: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, n_rounds: int
) -> Intervals:
    """Return the 95% interval of each figure by the percentiles of the rounds of a report."""
    measure = draw_rounds(actual, probabilities, patients)
    intervals = bootstrap_intervals(measure, patients, np.random.default_rng(0), n_rounds)
    return {name: ends for name, ends in intervals.items() if not name.endswith(GAPS)}


def largest_difference(first: Intervals, second: Intervals) -> float:
    """Return how far two ends of an interval lie apart at most; infinite if one is NaN alone."""
    apart = 0.0
    for name in first.keys() | second.keys():
        for ours, theirs in zip(first[name], second[name], strict=True):
            if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
                return float("inf")
            differences = np.abs(ours - theirs)
            apart = max(apart, float(differences.max(initial=0, where=~np.isnan(differences))))
    return apart


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    rows = []
    fast_intervals(*draw_predictions(10, 5, 2), 2)  # what it imports is loaded
    for name, size in SIZES.items():
        predictions = draw_predictions(*size)
        seconds: dict[str, list[float]] = {"plain": [], "ours": []}
        for _ in range(options.repeats):
            intervals = {}
            for way, function in (("plain", plain_intervals), ("ours", fast_intervals)):
                started = time.perf_counter()
                intervals[way] = function(*predictions, options.rounds)
                seconds[way].append(time.perf_counter() - started)
        ratios = np.divide(seconds["plain"], seconds["ours"])
        rows.append(
            {
                "predictions": name,
                "images": size[0],
                "classes": size[2],
                "anew, s": round(float(np.median(seconds["plain"])), 2),
                "ours, s": round(float(np.median(seconds["ours"])), 2),
                "faster by": round(float(np.median(ratios)), 1),
                "from": round(float(ratios.min()), 1),
                "to": round(float(ratios.max()), 1),
                "largest difference": f"{largest_difference(*intervals.values()):.0e}",
            }
        )
    print(f"{options.rounds:,} rounds; medians of {options.repeats} pairs, one after the other.")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
