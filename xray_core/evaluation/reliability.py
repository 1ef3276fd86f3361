"""How probabilities are distributed, and whether so many images have the class as they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.class_rounds import N_BINS, bin_of
from xray_core.evaluation.curves import N_ROUNDS, draw_patients, find_band

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_BARS = 20  # of a histogram of probabilities


@dataclass(frozen=True)
class Calibration:
    """Of the images given about the same probability, how many have the class.

    Attributes:
        predicted: mean probability of the images in each bin that has any, shape (b,).
        observed: share of them with the class, shape (b,).
        low: of its 95 % interval, shape (b,).
        high: likewise.
        images: in each bin, shape (b,).
        error: expected calibration error, in [0, 1]; see `class_rounds.calibration_error`.
    """

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    images: Ints
    error: float


def calibration_curve(
    is_positive: Bools,
    scores: Floats,
    patients: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> Calibration:
    """Return the reliability of probabilities in ten bins of one width.

    Args:
        is_positive: shape (n,), at least one image.
        scores: shape (n,), in [0, 1].
        patients: shape (n,), 0..n_patients-1.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients.
    """
    n_patients, bins = int(patients.max()) + 1, bin_of(scores)
    images = np.bincount(bins, minlength=N_BINS)
    used = np.flatnonzero(images)
    draws = draw_patients(n_patients, rng, n_rounds)
    cells = bins * n_patients + patients
    totals = np.bincount(cells, minlength=N_BINS * n_patients).reshape(N_BINS, -1)
    hits = np.bincount(cells, is_positive, N_BINS * n_patients).reshape(N_BINS, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rounds = (draws @ hits[used].T) / (draws @ totals[used].T)
    low, high = find_band(rounds, (totals[used] > 0).sum(axis=1))
    predicted = np.bincount(bins, scores, N_BINS)[used] / images[used]
    gaps = np.abs(predicted - rounds[0]) * images[used]
    error = float(gaps.sum() / len(scores))
    return Calibration(predicted, rounds[0], low, high, images[used], error)


def score_histograms(kinds: Ints, scores: Floats, n_kinds: int, n_bars: int = N_BARS) -> Ints:
    """Count the images of each kind by their probability, in bars of one width from 0 to 1.

    Args:
        kinds: shape (n,), 0..n_kinds-1.
        scores: shape (n,), in [0, 1]; a bar has its lower end, the last one both.
        n_kinds: kinds.
        n_bars: bars.

    Returns:
        Shape (n_kinds, n_bars).
    """
    bars = np.minimum((scores * n_bars).astype("int64"), n_bars - 1)
    counts = np.bincount(kinds * n_bars + bars, minlength=n_kinds * n_bars)
    return counts.reshape(n_kinds, n_bars).astype("int64")
