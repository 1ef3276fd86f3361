"""Every figure with its interval: that of measuring each round anew, or an honest one."""

import tracemalloc

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.report import (
    draw_predictions,
    fast_intervals,
    largest_difference,
    plain_figures,
    plain_intervals,
)
from xray_core.evaluation.intervals import BLOCK_SIZE
from xray_core.evaluation.measured import OF_CLASS, measure_predictions
from xray_core.evaluation.metrics import METRICS

FIGURES = {
    *METRICS,
    *OF_CLASS.values(),
    *("recall", "precision", "specificity", "npv", "f1", "area"),
}


def wilson(n_right: int, n: int) -> tuple[float, float]:
    low, high = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    return low, high


@pytest.mark.parametrize(
    ("n_images", "n_patients", "n_classes", "n_levels"),
    [
        (60, 60, 2, 0),  # an image of each patient
        (90, 25, 2, 4),  # many equal scores, several images a patient
        (70, 30, 3, 5),
        (24, 12, 6, 0),  # in many rounds a class has no image
        (40, 20, 4, 1),
    ],
)
def test_intervals_are_those_of_measuring_each_round_anew(
    n_images: int, n_patients: int, n_classes: int, n_levels: int
) -> None:
    predictions = draw_predictions(n_images, n_patients, n_classes, n_levels)

    fast = fast_intervals(*predictions, n_rounds=300)

    assert set(fast) == FIGURES
    assert largest_difference(fast, plain_intervals(*predictions, n_rounds=300)) < 1e-12


@pytest.mark.parametrize("n_classes", [2, 5])
def test_figures_are_those_of_the_images_and_lie_in_their_intervals(n_classes: int) -> None:
    actual, probabilities, patients = draw_predictions(120, 50, n_classes, 7)

    found = measure_predictions(actual, probabilities, patients, np.random.default_rng(0), 200)

    assert set(found) == FIGURES
    for name, value in plain_figures(actual, probabilities).items():
        values = [figure["value"] for figure in found[name]]
        np.testing.assert_allclose(np.array(values, dtype=float), np.atleast_1d(value), atol=1e-12)
        for figure in found[name]:
            low, middle, high = (figure[key] or 0 for key in ("low", "value", "high"))
            assert low <= middle <= high, name
            assert low >= (-1 if "mcc" in name else 0), name
            assert high <= 1 or "log_loss" in name, name


def test_five_of_five_right_are_no_certainty() -> None:
    # Three patients with a finding, one of them with three images, and two without.
    actual, patients = np.array([1, 1, 1, 1, 1, 0, 0]), np.array([0, 0, 0, 1, 2, 3, 4])
    probabilities = np.where(actual[:, None] == [0, 1], 0.9, 0.1)

    found = measure_predictions(actual, probabilities, patients, np.random.default_rng(0), 100)

    costs = ("brier", "log_loss", "calibration_error")
    for name, figures in found.items():
        assert all(figure["value"] == 1 or name.endswith(costs) for figure in figures), name
    n_patients = {
        "accuracy": [5],
        "recall": [2, 3],
        "precision": [2, 3],
        "specificity": [3, 2],
        "f1": [2, 3],
        "area": [2],  # of the rarer kind
        "auc": [2],
    }
    for name, numbers in n_patients.items():
        for figure, n in zip(found[name], numbers, strict=True):
            assert (figure["low"], figure["high"]) == pytest.approx(wilson(n, n)), name
    # A mean over two classes of 2 and 3 patients: as a share of 4 / (1/2 + 1/3) = 4.8 of them.
    for name in ("balanced_accuracy", "f1_macro"):
        [figure] = found[name]
        assert wilson(4, 4)[0] < figure["low"] < wilson(5, 5)[0], name
        assert figure["high"] == 1


def test_none_right_is_no_certainty_either() -> None:
    actual = np.array([0, 0, 0, 1, 1])
    probabilities = np.where(actual[:, None] == [0, 1], 0.1, 0.9)

    found = measure_predictions(actual, probabilities, np.arange(5), np.random.default_rng(0), 100)

    n_patients = {"accuracy": [5], "recall": [3, 2], "precision": [2, 3], "f1": [5, 5], "auc": [2]}
    for name, numbers in n_patients.items():
        for figure, n in zip(found[name], numbers, strict=True):
            assert figure["value"] == 0
            assert (figure["low"], figure["high"]) == pytest.approx(wilson(0, n)), name


def test_one_patient_alone_tells_little() -> None:
    actual = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    sure = np.array([0.9, 0.9, 0.9, 0.4, 0.3, 0.2, 0.6, 0.1])
    patients = np.array([0, 0, 0, 0, 1, 2, 3, 4])  # the finding is that of one patient

    found = measure_predictions(
        actual, np.stack([1 - sure, sure], axis=1), patients, np.random.default_rng(0), 300
    )

    # Three of four images: with each draw of the patient the same.
    assert found["recall"][1]["value"] == 0.75
    low, high = found["recall"][1]["low"] or 0, found["recall"][1]["high"] or 0
    assert (round(low, 2), round(high, 2)) == (0.12, 0.99)
    # The area swings with those without the finding, but whose finding it is never changes.
    assert found["auc"][0]["value"] == 15 / 16
    assert (found["auc"][0]["low"] or 1) < 0.25


def test_what_no_image_tells_is_left_out_of_the_means_and_has_no_figure() -> None:
    actual = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]])
    nothing = {"value": None, "low": None, "high": None}

    found = measure_predictions(actual, probabilities, np.arange(4), np.random.default_rng(0), 50)

    assert found["recall"][2] == found["precision"][2] == found["f1"][2] == nothing
    assert found["area"][2] == found["auc"][0] == nothing
    [balanced] = found["balanced_accuracy"]
    assert (balanced["low"], balanced["high"]) == pytest.approx(wilson(4, 4))


def test_memory_stays_small_however_many_rounds_there_are() -> None:
    predictions = draw_predictions(20_000, 8_000, 2)
    n_rounds = 3 * BLOCK_SIZE // 20_000

    tracemalloc.start()
    fast_intervals(*predictions, n_rounds=n_rounds)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 60e6
