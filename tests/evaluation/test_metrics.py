"""Metrics: equal to scikit-learn's, and defined where those of a class are not."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from xray_core.evaluation.measured import OF_CLASS, draw_rounds
from xray_core.evaluation.metrics import (
    METRICS,
    area_of_steps,
    area_under_roc,
    confusion_counts,
    cross_entropy,
    curve_steps,
    f1_per_class,
    precision_per_class,
    recall_per_class,
    roc_curve,
    specificity_per_class,
    summarise,
)
from xray_core.evaluation.single_values import score_predictions


def draw(n_classes: int, n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return classes, and probabilities with ties that favour them a little."""
    rng = np.random.default_rng(seed)
    actual = rng.integers(0, n_classes, n)
    scores = rng.random((n, n_classes)) + 0.4 * np.eye(n_classes)[actual]
    # Steps of a quarter make ties between images; the fraction breaks those within one.
    scores = np.round(scores * 4) / 4 + 0.25 + np.arange(n_classes) * 1e-3
    return actual, scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_every_figure_of_the_rounds_equals_scikit_learns(n_classes: int) -> None:
    actual, probabilities = draw(n_classes)
    n = len(actual)
    everybody = np.arange(n)

    rounds = draw_rounds(actual, probabilities, everybody)(np.ones((n, 1)))

    scores = score_predictions(actual, probabilities)
    assert {*METRICS, *OF_CLASS.values()} < set(scores)
    for name, values in scores.items():
        np.testing.assert_allclose(rounds[name][0].reshape(-1), values, atol=1e-12, err_msg=name)


def test_every_metric_of_predictions_that_are_all_right_and_sure_is_as_good_as_can_be() -> None:
    actual = np.array([0, 0, 0, 1, 2, 2, 2, 2])

    scores = score_predictions(actual, np.eye(3)[actual])

    best = {"brier": 0, "log_loss": 0, "calibration_error": 0}
    for name, metric in METRICS.items():
        assert metric.title
        assert scores[name] == pytest.approx([best.get(name, 1)], abs=1e-6), name


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_figures_of_each_class_equal_scikit_learns(n_classes: int) -> None:
    actual, probabilities = draw(n_classes)
    predicted = probabilities.argmax(axis=1)

    confusion = confusion_counts(actual, predicted, n_classes)

    assert np.array_equal(confusion, reference.confusion_matrix(actual, predicted))
    precision, recall, f1, _ = reference.precision_recall_fscore_support(actual, predicted)
    np.testing.assert_allclose(recall_per_class(confusion), recall)
    np.testing.assert_allclose(precision_per_class(confusion), precision)
    np.testing.assert_allclose(f1_per_class(confusion), f1)
    # A class' specificity is the recall of "not this class".
    rest = [
        reference.recall_score(actual != k, predicted != k, zero_division=0)
        for k in range(n_classes)
    ]
    np.testing.assert_allclose(specificity_per_class(confusion), rest)


def test_rows_of_the_confusion_matrix_are_the_truth() -> None:
    counts = confusion_counts(np.array([0, 0, 2]), np.array([1, 1, 0]), 3)

    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("n_levels", [1, 2, 5, 1000])
def test_the_area_counts_ties_as_half(n_levels: int) -> None:
    rng = np.random.default_rng(0)
    is_positive = rng.random(300) < 0.3
    scores = rng.integers(0, n_levels, 300) / n_levels

    steps = curve_steps(is_positive, scores)
    positives, negatives = (
        np.bincount(steps[kind], minlength=len(steps)) for kind in (is_positive, ~is_positive)
    )
    expected = pytest.approx(reference.roc_auc_score(is_positive, scores), abs=1e-12)
    assert area_of_steps(positives, negatives) == expected
    assert area_under_roc(is_positive, scores) == expected


@pytest.mark.parametrize(
    ("kinds", "scores", "steps"),
    [
        ("--++", [1, 2, 3, 4], [0, 0, 1, 1]),
        ("-+-+", [1, 2, 3, 4], [0, 1, 2, 3]),
        ("+--+", [4, 1, 4, 3], [2, 0, 2, 1]),  # the first and the third are a tie of both kinds
        ("+-+-", [1, 1, 2, 2], [0, 0, 1, 1]),
        ("-+--", [1, 2, 2, 3], [0, 1, 1, 2]),
        ("", [], []),
    ],
)
def test_neighbours_of_one_kind_and_equal_scores_share_a_step_of_the_curve(
    kinds: str, scores: list[int], steps: list[int]
) -> None:
    is_positive = np.array([kind == "+" for kind in kinds], dtype=bool)

    assert curve_steps(is_positive, np.array(scores, dtype="float64")).tolist() == steps


@pytest.mark.parametrize("is_positive", [[True, True], [False, False], []])
def test_the_area_needs_both_kinds(is_positive: list[bool]) -> None:
    assert math.isnan(
        area_under_roc(np.array(is_positive, bool), np.linspace(0, 1, len(is_positive)))
    )


def test_a_class_without_images_has_no_recall_but_one_without_predictions_has() -> None:
    # Class 0: images, no prediction. Class 1: both. Class 2: prediction, no image. 3: nothing.
    confusion = np.array([[0, 2, 1, 0], [0, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])

    nan = np.nan
    np.testing.assert_array_equal(recall_per_class(confusion), [0, 1, nan, nan])
    np.testing.assert_array_equal(precision_per_class(confusion), [nan, 0.6, 0, nan])
    np.testing.assert_array_equal(f1_per_class(confusion), [0, 0.75, 0, nan])
    np.testing.assert_array_equal(specificity_per_class(confusion), [1, 1 / 3, 5 / 6, 1])


def test_a_missing_class_leaves_the_means_over_the_others_and_no_area() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])

    summary = summarise(np.array([0, 1, 0]), probabilities)

    assert summary["balanced_accuracy"] == 0.75
    assert summary["f1_macro"] == pytest.approx(2 / 3)
    assert math.isnan(summary["auc"])


def test_all_figures_of_one_class_only() -> None:
    summary = summarise(np.array([1, 1]), np.array([[0.2, 0.8], [0.4, 0.6]]))

    assert summary["accuracy"] == summary["balanced_accuracy"] == summary["f1_macro"] == 1
    assert math.isnan(summary["auc"])


def test_cross_entropy_is_the_mean_of_minus_log_clipped() -> None:
    actual, probabilities = draw(3)

    assert cross_entropy(actual, probabilities) == pytest.approx(
        reference.log_loss(actual, probabilities)
    )
    certain_and_wrong = cross_entropy(np.array([0]), np.array([[0.0, 1.0]]))
    assert certain_and_wrong == pytest.approx(-math.log(1e-7))
    certain_and_right = cross_entropy(np.array([1]), np.array([[0.0, 1.0]]))
    assert certain_and_right == pytest.approx(-math.log(1 - 1e-7), rel=1e-9)


@pytest.mark.parametrize("n_levels", [3, 1000])
def test_the_curve_is_scikit_learns(n_levels: int) -> None:
    rng = np.random.default_rng(1)
    is_positive = rng.random(150) < 0.4
    scores = rng.integers(0, n_levels, 150) / n_levels

    curve = roc_curve(is_positive, scores, n_points=1000)

    false, true, _ = reference.roc_curve(is_positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve["false_positive_rate"], false)
    np.testing.assert_allclose(curve["true_positive_rate"], true)


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_its_area() -> None:
    rng = np.random.default_rng(2)
    is_positive = rng.random(5000) < 0.4
    scores = rng.random(5000) + 0.5 * is_positive

    curve = roc_curve(is_positive, scores)

    false, true = curve["false_positive_rate"], curve["true_positive_rate"]
    assert len(false) == len(true) <= 201
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    area = reference.auc(false, true)
    assert area == pytest.approx(area_under_roc(is_positive, scores), abs=0.005)
