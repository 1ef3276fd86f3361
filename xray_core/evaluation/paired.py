"""Figures of several networks on the same images, and their differences, by paired bootstrap.

Each round draws patients, and all networks are measured on the images of the same ones: what makes
an image hard is hard for all of them and falls out of the difference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from xray_core.evaluation.answers import Answers, Bools, Floats
from xray_core.evaluation.finding_rounds import (
    figures_of_counts,
    find_measured,
    mean_of_known,
    tally_outcomes,
)
from xray_core.evaluation.findings import OUTCOMES, UNKNOWN_STATE
from xray_core.evaluation.intervals import (
    N_ROUNDS,
    bootstrap_rounds,
    count_behind,
    count_for_costs,
    difference_interval,
    has_swing,
    interval_of_rounds,
    tally_images,
)
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.metrics import (
    area_of_steps,
    curve_steps,
    evaluated_classes,
)
from xray_core.wilson import CONFIDENCE_LEVEL

# What is compared, the deciding figure first: of one class an image, and of several findings.
FIGURES = ("accuracy", "balanced_accuracy", "auc", "brier")
FINDING_FIGURES = ("auc", "balanced_accuracy", "brier")
LOWER_IS_BETTER = ("brier",)
Measure = Callable[[Floats], dict[str, Floats]]
DIFFERENCE = "difference_"  # begins the names of differences among those of the rounds


@dataclass(frozen=True)
class Difference:
    """By how much a figure of the first network is above that of the second.

    Attributes:
        value: None where it cannot be computed.
        low: of the 95% interval, patients resampled.
        high: likewise.
        p: of no difference, two-sided, below 0.05 where the interval does not hold 0; None where
            the rounds do not swing.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None


def list_figures(answers: Answers) -> tuple[str, ...]:
    """Return the names of the figures that are compared, the one that decides first."""
    return FINDING_FIGURES if answers.multilabel else FIGURES


def list_pairs(n_networks: int) -> list[tuple[int, int]]:
    """Return the places of both networks of each pair."""
    return list(combinations(range(n_networks), 2))


def measure_once(answers: Answers) -> dict[str, Floats]:
    """Return each figure of each network on all images, shape (k,); NaN where there is none."""
    each_once = np.ones((answers.n_patients, 1))
    measures = [measure_network(answers.choose(n)) for n in range(answers.n_networks)]
    rows = [measure(each_once) for measure in measures]
    return {name: np.array([row[name][0] for row in rows]) for name in list_figures(answers)}


def compare_figures(
    answers: Answers, rng: np.random.Generator, n_rounds: int = N_ROUNDS
) -> tuple[dict[str, list[Figure]], dict[str, list[Difference]]]:
    """Return the figures of each network, and the difference of each in each pair.

    Args:
        answers: of two networks or more.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients, the same for all.

    Returns:
        Name -> a figure for each network; name -> a difference for each of `list_pairs`, first
        less second.
    """
    names, pairs = list_figures(answers), list_pairs(answers.n_networks)
    first, second = np.array(pairs).T
    measures = [measure_network(answers.choose(n)) for n in range(answers.n_networks)]

    def measure(draws: Floats) -> dict[str, Floats]:
        of_each = [own(draws) for own in measures]
        rounds = {
            name: np.stack([of_network[name] for of_network in of_each], axis=1) for name in names
        }
        apart = {
            DIFFERENCE + name: rounds[name][:, first] - rounds[name][:, second] for name in names
        }
        return rounds | apart

    rounds = bootstrap_rounds(measure, answers.patients, rng, n_rounds)
    values = {name: row[0] for name, row in measure(np.ones((answers.n_patients, 1))).items()}
    behind, own_behind = list_behind(answers), count_own(answers)
    figures = {
        name: [
            _figure(float(value), column, own_behind[name])
            for value, column in zip(values[name], rounds[name].T, strict=True)
        ]
        for name in names
    }
    alike = [
        np.array_equal(answers.probabilities[a], answers.probabilities[b])
        and np.array_equal(answers.called[a], answers.called[b])
        for a, b in pairs
    ]
    differences = {}
    for name in names:
        columns = zip(values[DIFFERENCE + name], rounds[DIFFERENCE + name].T, strict=True)
        differences[name] = [
            Difference(0.0, 0.0, 0.0, 1.0)
            if same and not np.isnan(value)
            else _difference(float(value), column, figures[name], pair, behind[name])
            for same, pair, (value, column) in zip(alike, pairs, columns, strict=True)
        ]
    return figures, differences


def measure_network(answers: Answers) -> Measure:
    """Return what measures one network in many rounds at once, for `bootstrap_rounds`.

    Args:
        answers: of one network.

    Returns:
        How often each patient was drawn, float, shape (n_patients, r) -> name of each of
        `list_figures` -> its values, shape (r,); NaN where it cannot be computed.
    """
    probabilities = answers.probabilities[0]
    curves = [_tally_curve(answers, probabilities[:, k], k) for k in _list_curves(answers)]
    squares = _sum_squares(answers, probabilities)
    measure_calls = _measure_findings(answers) if answers.multilabel else _measure_classes(answers)

    def measure(draws: Floats) -> dict[str, Floats]:
        areas = np.array([area_of_steps(own @ draws, rest @ draws) for own, rest in curves])
        of_images = squares @ draws
        half = len(of_images) // 2
        brier = np.divide(
            of_images[:half],
            of_images[half:],
            out=np.full((half, draws.shape[1]), np.nan),
            where=of_images[half:] > 0,
        )
        area = mean_of_known(areas.T) if answers.multilabel else areas.mean(axis=0)
        return {**measure_calls(draws), "auc": area, "brier": brier.mean(axis=0)}

    return measure


def count_own(answers: Answers) -> dict[str, list[int]]:
    """Return for each figure of a network of how many patients it is, as its report counts."""
    rarer = [n for n in _count_rarer(answers) if n] or [answers.n_patients]
    return list_behind(answers) | {"brier": count_for_costs(rarer, answers.n_patients)}


def list_behind(answers: Answers) -> dict[str, list[int]]:
    """Return for each difference of how many patients it is; of a mean, of each class.

    It is what tells how far a figure can swing; see `intervals.settle_interval`.
    """
    rarer, everybody = _count_rarer(answers), [answers.n_patients]
    if answers.multilabel:
        return {"auc": rarer or [1], "balanced_accuracy": rarer or [1], "brier": everybody}
    return {
        "accuracy": everybody,
        "balanced_accuracy": [
            n for column in answers.states.T if (n := _count_patients(answers, column == 1))
        ],
        "auc": [max(1, n) for n in rarer],
        "brier": everybody,
    }


def _count_patients(answers: Answers, images: Bools) -> int:
    return len(np.unique(answers.patients[images]))


def _count_rarer(answers: Answers) -> list[int]:
    """Return how many patients are of the rarer kind, of each class with an area of its own."""
    return [
        min(_count_patients(answers, answers.states[:, k] == state) for state in (0, 1))
        for k in _list_curves(answers)
    ]


def _list_curves(answers: Answers) -> list[int]:
    """Return the classes that have an area of their own in the mean."""
    if answers.multilabel:
        return [int(k) for k in np.flatnonzero(find_measured(answers.states))]
    return evaluated_classes(len(answers.classes))


def _tally_curve(answers: Answers, scores: Floats, k: int) -> list[Floats]:
    """Return how many images of class k each patient has on each step of the curve, and others."""
    known = answers.states[:, k] != UNKNOWN_STATE
    is_class, patients = answers.states[known, k] == 1, answers.patients[known]
    steps = curve_steps(is_class, scores[known])
    n_steps = int(steps.max()) + 1
    return [
        tally_images(steps[kind], patients[kind], n_steps, answers.n_patients)
        for kind in (is_class, ~is_class)
    ]


def _sum_squares(answers: Answers, probabilities: Floats) -> Floats:
    """Return what each patient adds to the Brier score's sums, and below it to their images.

    Of one class an image the squares of all classes count half, so that for two classes it is the
    squared distance of either; of several findings each is a score of its own.
    """
    n = answers.n_patients
    known = answers.states != UNKNOWN_STATE
    gaps = np.where(known, (probabilities - answers.states) ** 2, 0.0)
    if not answers.multilabel:
        gaps, known = gaps.sum(axis=1, keepdims=True) / 2, known[:, :1]
    else:
        measured = _list_curves(answers)
        gaps, known = gaps[:, measured], known[:, measured]
    return np.array(
        [np.bincount(answers.patients, column, n) for rows in (gaps, known) for column in rows.T]
    ).reshape(-1, n)


def _measure_classes(answers: Answers) -> Measure:
    """Return what finds accuracy and balanced accuracy, where an image has one class."""
    n_classes = len(answers.classes)
    actual = answers.states.argmax(axis=1)
    kinds = 2 * actual + answers.count_right()[0]
    tally = tally_images(kinds, answers.patients, 2 * n_classes, answers.n_patients)

    def measure(draws: Floats) -> dict[str, Floats]:
        wrong, right = np.moveaxis((tally @ draws).T.reshape(-1, n_classes, 2), -1, 0)
        whole = (right + wrong).sum(axis=1)
        recall = np.full(right.shape, np.nan)
        np.divide(right, right + wrong, out=recall, where=right + wrong > 0)
        return {
            "accuracy": right.sum(axis=1) / np.maximum(whole, 1),
            "balanced_accuracy": mean_of_known(recall),
        }

    return measure


def _measure_findings(answers: Answers) -> Measure:
    """Return what finds the balanced accuracy, where an image may have several findings."""
    measured = _list_curves(answers)
    states, called = answers.states[:, measured], answers.called[0][:, measured]
    tally = tally_outcomes(states, called, answers.patients)

    def measure(draws: Floats) -> dict[str, Floats]:
        counts = (tally @ draws).T.reshape(-1, len(measured), len(OUTCOMES))
        return {"balanced_accuracy": mean_of_known(figures_of_counts(counts)["balanced_accuracy"])}

    return measure


def _figure(value: float, rounds: Floats, behind: list[int]) -> Figure:
    if np.isnan(value):
        return {"value": None, "low": None, "high": None}
    low, high = interval_of_rounds(value, rounds, behind)
    return {"value": value, "low": low, "high": high}


def _difference(
    value: float, rounds: Floats, figures: list[Figure], pair: tuple[int, int], behind: list[int]
) -> Difference:
    """Return a difference with its interval, as far as it swings over the rounds.

    Student's interval of so many patients: unlike the percentiles of the rounds it allows for how
    poorly few patients tell their own swing. `benchmarks/compare.py` has its coverage.
    """
    from scipy.special import stdtr, stdtrit  # here: a page that draws no rounds opens without it

    known = rounds[~np.isnan(rounds)]
    if np.isnan(value) or not len(known):
        return Difference(None, None, None, None)
    n = count_behind(behind)
    if has_swing(float(known.min()), float(known.max()), behind):
        # Rounds swing a little less than other patients would.
        error = float(np.std(known, ddof=1)) * np.sqrt(n / (n - 1))
        reach = float(stdtrit(n - 1, (1 + CONFIDENCE_LEVEL) / 2)) * error
        p = 2 * float(stdtr(n - 1, -abs(value) / error))
        return Difference(value, max(value - reach, -1.0), min(value + reach, 1.0), p)
    # Both alike in every round, or a single patient decides: as of two figures apart.
    low, high = difference_interval(_known(figures[pair[1]]), _known(figures[pair[0]]))
    return Difference(value, low, high, None)


def _known(figure: Figure) -> dict[str, float]:
    return {name: value for name, value in figure.items() if value is not None}
