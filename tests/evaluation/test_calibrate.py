"""Calibration: finds how a network was distorted, and never changes an order of two classes."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from xray_core.evaluation.calibrate import Calibration, fit_calibration, read_calibration
from xray_core.evaluation.metrics import cross_entropy
from xray_core.runs import Run


def draw(n: int, n_classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(n_classes), n)
    actual = np.array([rng.choice(n_classes, p=row) for row in p])
    return p, actual


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_known_distortion_is_undone(n_classes: int) -> None:
    p, actual = draw(4000, n_classes)
    bias = np.linspace(0, 1, n_classes)
    raw = Calibration(2.5, tuple(bias)).apply(p)  # too sure, and leaning to the last class

    found = fit_calibration(actual, raw)

    assert found.scale == pytest.approx(1 / 2.5, rel=0.1)
    assert found.bias == pytest.approx(-bias / 2.5, abs=0.12)
    np.testing.assert_allclose(found.apply(raw), p, atol=0.05)
    assert cross_entropy(actual, found.apply(raw)) < cross_entropy(actual, raw)


def test_what_is_calibrated_stays_as_it_is() -> None:
    p, actual = draw(4000, 2, seed=1)

    found = fit_calibration(actual, p)

    np.testing.assert_allclose(found.apply(p), p, atol=0.03)


def test_the_order_of_two_classes_is_kept_and_rows_sum_to_one() -> None:
    p, actual = draw(500, 2, seed=2)

    calibrated = fit_calibration(actual, p**3 / (p**3).sum(axis=1, keepdims=True)).apply(p)

    np.testing.assert_array_equal(np.argsort(calibrated[:, 1]), np.argsort(p[:, 1]))
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)


@pytest.mark.parametrize("actual", [np.zeros(20, int), np.ones(20, int)])
def test_one_class_alone_and_certain_answers_give_finite_numbers(actual: np.ndarray) -> None:
    p = np.tile([[1.0, 0.0], [0.0, 1.0]], (10, 1))

    found = fit_calibration(actual, p)

    assert np.isfinite([found.scale, *found.bias]).all()
    assert np.isfinite(found.apply(p)).all()


def shares_of(logs: np.ndarray) -> np.ndarray:
    raised = np.exp(logs)
    return raised / raised.sum(axis=1, keepdims=True)


def test_however_wrong_the_answers_their_order_is_not_turned_round() -> None:
    certain_and_wrong = np.tile([[0.01, 0.99], [0.99, 0.01]], (10, 1))

    found = fit_calibration(np.tile([0, 1], 10), certain_and_wrong)

    assert found.scale == 0.01


def test_the_scale_is_a_hundred_at_most() -> None:
    # Of a hundred classes the right one always is the likeliest, but only just.
    actual = np.arange(100)

    found = fit_calibration(actual, shares_of(0.03 * np.eye(100)))

    assert found.scale == 100


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bias_is_twenty_at_most(sign: int) -> None:
    # What is said with a difference of 14 is one class, with one of 12 the other.
    differences = np.repeat([14.0, 12.0], 20)
    logs = np.stack([np.zeros(40), -sign * -differences], axis=1)

    found = fit_calibration((differences == (14 if sign > 0 else 12)).astype(int), shares_of(logs))

    assert found.bias == (0, -20 * sign)


def test_a_calibration_is_read_from_the_run_that_has_one(tmp_path: Path) -> None:
    run, calibration = Run(tmp_path), Calibration(0.4, (0.0, -1.5))

    assert read_calibration(run) is None
    run.write_json("calibration.json", asdict(calibration))

    assert read_calibration(run) == calibration
