"""A share of images with its 95% interval, by resampling patients."""

from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.intervals import bootstrap_rounds, interval_of_rounds


class ShareFigure(TypedDict):
    """A share of some images; value, low and high are None of no image."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_patients: int


def measure_share(hits: NDArray[np.bool_], groups: pd.Series) -> ShareFigure:
    """Return the share of images that something is true of; seeded, so repeatable.

    Args:
        hits: shape (n,).
        groups: shape (n,), the patient or study of each.
    """
    if not len(hits):
        return {"value": None, "low": None, "high": None, "n": 0, "n_patients": 0}
    value = float(hits.mean())
    low, high = share_interval(hits, groups)
    n_patients = int(groups.nunique())
    return {"value": value, "low": low, "high": high, "n": len(hits), "n_patients": n_patients}


def share_interval(hits: NDArray[np.bool_], groups: pd.Series) -> tuple[float, float]:
    """Return the 95% interval of the share of images that something is true of.

    Args:
        hits: shape (n,); of none, nothing is known: 0 to 1.
        groups: shape (n,), the patient or study of each.
    """
    if not len(hits):
        return 0.0, 1.0
    patients = pd.factorize(groups)[0].astype("int64")
    n_hits, n_images = np.bincount(patients, hits), np.bincount(patients).astype("float64")
    rounds = bootstrap_rounds(
        lambda times: {"share": (n_hits @ times) / (n_images @ times)},
        patients,
        np.random.default_rng(0),
    )["share"]
    return interval_of_rounds(float(hits.mean()), rounds, [len(n_images)])
