"""One class of a run against the rest: its images, and every curve of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.curves import (
    N_ROUNDS,
    Line,
    count_calls,
    precision_band,
    roc_band,
    threshold_curves,
)
from xray_core.evaluation.reliability import Calibration, calibration_curve
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE


@dataclass(frozen=True)
class OneClass:
    """The images of which it is known whether they have a class.

    Attributes:
        is_class: shape (n,).
        scores: probability of the class, float, shape (n,), in [0, 1].
        patients: int, shape (n,), 0..n_patients-1.
    """

    is_class: NDArray[np.bool_]
    scores: NDArray[np.float64]
    patients: NDArray[np.int64]

    @property
    def shows_both(self) -> bool:
        """Whether some images have the class and some do not, as a curve needs."""
        return 0 < int(self.is_class.sum()) < len(self.is_class)


@dataclass(frozen=True)
class ClassCurves:
    """Every curve of one class; see `curves` and `reliability`."""

    roc: Line
    precision: Line
    rates: Mapping[str, Line]
    calibration: Calibration


def pick_class(predictions: pd.DataFrame, name: str) -> OneClass:
    """Return the images of one subset as a question of one class.

    Args:
        predictions: of one subset, without images that have no prediction; of a multi-label task
            those of which it is unknown are left out here.
        name: of the class.
    """
    if STATE + name in predictions:
        rows = predictions[predictions[STATE + name].notna()]
        is_class = (rows[STATE + name] == 1).to_numpy("bool")
    else:
        rows = predictions
        is_class = (rows["actual"] == name).to_numpy("bool")
    return OneClass(
        is_class,
        rows[PROBABILITY + name].to_numpy("float64"),
        pd.factorize(rows["group"])[0].astype("int64"),
    )


def measure_class(images: OneClass, n_rounds: int = N_ROUNDS) -> ClassCurves:
    """Return every curve of a class with its band; seeded, so repeatable.

    Args:
        images: images of both kinds.
        n_rounds: resamplings of patients.

    Raises:
        ValueError: see `curves.count_calls`.
    """
    rng = np.random.default_rng(0)
    calls = count_calls(images.is_class, images.scores, images.patients, rng, n_rounds)
    return ClassCurves(
        roc_band(calls),
        precision_band(calls),
        threshold_curves(calls),
        calibration_curve(images.is_class, images.scores, images.patients, rng, n_rounds),
    )
