"""Calibration: probabilities scaled and shifted to fit the validation set.

A network that was trained until it hardly errs on its own images is too sure of itself, and may
lean to one class; both are corrected by few numbers, which leave the order of the images as it was
with two classes. After Guo et al. 2017, arXiv:1706.04599 (temperature scaling), with a bias for
each class as in Platt 1999.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from xray_core.runs import Run

MIN_PROBABILITY = 1e-7  # probabilities below it count as this, so that their logarithm exists


@dataclass(frozen=True)
class Calibration:
    """Calibrated probabilities are softmax(scale · log p + bias).

    Attributes:
        scale: below 1 makes the network less sure, above 1 surer.
        bias: one number a class, the first 0.
    """

    scale: float
    bias: tuple[float, ...]

    def apply(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities, float (n, n_classes), each row summing to 1."""
        return _softmax(self.scale * _log(probabilities) + np.array(self.bias))


def read_calibration(run: Run) -> Calibration | None:
    """Return the calibration of a run's final probabilities, or None if they stay as they are.

    Raises:
        RunError: its file is damaged.
    """
    if not run.holds("calibration.json"):
        return None
    return run.read_record("calibration.json", Calibration)


def fit_calibration(actual: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Calibration:
    """Return the calibration with the lowest cross-entropy.

    Args:
        actual: int, shape (n,), classes 0..n_classes-1, of images that were not trained on.
        probabilities: float, shape (n, n_classes), in [0, 1].
    """
    logs, n_classes = _log(probabilities), probabilities.shape[1]
    wanted = np.eye(n_classes)[actual]

    def loss(numbers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        p = _softmax(numbers[0] * logs + np.append(0.0, numbers[1:]))
        wrong = (p - wanted) / len(actual)
        gradient = np.append((wrong * logs).sum(), wrong.sum(axis=0)[1:])
        # A trace of a penalty: with a class that never occurs its bias would fall for ever.
        away = numbers - start
        value = -np.log(np.maximum((p * wanted).sum(axis=1), MIN_PROBABILITY)).mean()
        return float(value + 1e-4 * away @ away), gradient + 2e-4 * away

    start = np.append(1.0, np.zeros(n_classes - 1))
    fitted = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.01, 100.0)] + [(-20.0, 20.0)] * (n_classes - 1),
    ).x
    return Calibration(float(fitted[0]), (0.0, *map(float, fitted[1:])))


def _log(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(probabilities, MIN_PROBABILITY))
    return logs


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return shares
