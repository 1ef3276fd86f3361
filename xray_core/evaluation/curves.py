"""Curves of one class against the rest, each with a 95 % band by resampling patients.

NumPy alone, for pages that draw them when they are looked at. Throughout, an image is called
positive where its probability is at or above the threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_core.evaluation.intervals import SAME_WIDTH
from xray_core.wilson import Z_SCORE, wilson_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_ROUNDS = 400  # resamplings: a page waits for them; the ends of a report's intervals have 1,000
N_LEVELS = 600  # thresholds that curves are measured at, at most; a chart has fewer px
N_STEPS = 100  # of the axis of a band, and of thresholds from 0 to 1
BLOCK = 4_000_000  # numbers in an array of one image a column and one round a row: 16 MB each
FEW_FREE = (12.7062, 4.3027)  # Student's quantiles with one and two degrees of freedom
GRID: Floats = np.linspace(0, 1, N_STEPS + 1)
RATES = ("sensitivity", "specificity", "PPV", "NPV", "F1")


@dataclass(frozen=True)
class Line:
    """A curve and its band.

    Attributes:
        x: shape (n,), in [0, 1].
        y: likewise; NaN where it cannot be computed.
        at: where the band is measured, shape (m,), ascending.
        low: of the band, shape (m,); NaN where there is none.
        high: likewise.
    """

    x: Floats
    y: Floats
    at: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Calls:
    """How many images are called positive at each threshold, in each round.

    The first round has every patient once; the others draw as many patients with replacement.

    Attributes:
        thresholds: shape (k,), descending, from above every probability down to 0; those of `GRID`
            are among them.
        true: positive images that are called, shape (1 + rounds, k), ascending along a row.
        false: negative images that are called, likewise.
        n_positive: positive images in each round, shape (1 + rounds,).
        n_negative: likewise.
        n_patients: with a positive, with a negative image.
        n_called: patients with an image that is called at each threshold, shape (k,).
        n_cleared: patients with an image that is not, likewise.
        n_either: patients with an image that is called or positive, likewise.
    """

    thresholds: Floats
    true: Floats
    false: Floats
    n_positive: Floats
    n_negative: Floats
    n_patients: tuple[int, int]
    n_called: Ints
    n_cleared: Ints
    n_either: Ints


def count_calls(
    is_positive: Bools,
    scores: Floats,
    patients: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> Calls:
    """Count what is called at each threshold, with everybody and in each round of resampling.

    With more than `N_LEVELS` different probabilities some are left out as thresholds, such that
    about as many images lie between any two that stay.

    Args:
        is_positive: shape (n,), of both kinds.
        scores: shape (n,), in [0, 1], higher means more likely positive.
        patients: shape (n,), 0..n_patients-1.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients.

    Raises:
        ValueError: all images are of one kind, so that there is no curve.
    """
    if not 0 < is_positive.sum() < len(is_positive):
        raise ValueError("A curve needs images that have the class and images that do not.")
    thresholds = _choose_thresholds(scores)
    # The first threshold that calls an image; they descend, so the search is among the negatives.
    first = np.searchsorted(-thresholds, -scores, side="left")
    draws = draw_patients(int(patients.max()) + 1, rng, n_rounds)
    called = [
        _tally(draws, patients[kind], first[kind], len(thresholds))
        for kind in (is_positive, ~is_positive)
    ]
    return Calls(
        thresholds,
        called[0],
        called[1],
        called[0][:, -1],
        called[1][:, -1],
        (len(np.unique(patients[is_positive])), len(np.unique(patients[~is_positive]))),
        *_count_behind(is_positive, patients, first, len(thresholds)),
    )


def _count_behind(
    is_positive: Bools, patients: Ints, first: Ints, n_levels: int
) -> tuple[Ints, Ints, Ints]:
    """Return the patients with an image that is called, that is not, and called or positive.

    Args:
        is_positive: shape (n,).
        patients: likewise.
        first: the first threshold that calls each image, likewise.
        n_levels: thresholds.
    """
    n_patients = int(patients.max()) + 1
    earliest = np.full(n_patients, n_levels)
    np.minimum.at(earliest, patients, first)
    latest = np.full(n_patients, -1)
    np.maximum.at(latest, patients, first)
    either = earliest.copy()
    either[patients[is_positive]] = 0
    called, wholly, known = (
        np.cumsum(np.bincount(levels[levels >= 0], minlength=n_levels + 1)[:n_levels])
        for levels in (earliest, latest, either)
    )
    n_there = int((latest >= 0).sum())
    return called, n_there - wholly, known


def _choose_thresholds(scores: Floats) -> Floats:
    levels, counts = np.unique(scores, return_counts=True)
    if len(levels) > N_LEVELS:
        ends = np.cumsum(counts)
        wanted = np.linspace(ends[0], ends[-1], N_LEVELS)
        levels = levels[np.unique(np.searchsorted(ends, wanted))]
    every = np.unique(np.concatenate([levels, GRID]))
    return np.append(np.inf, every[::-1])


def draw_patients(n_patients: int, rng: np.random.Generator, n_rounds: int) -> NDArray[np.float32]:
    """Return how often each patient is drawn, shape (1 + rounds, n_patients)."""
    drawn = rng.integers(0, n_patients, (n_rounds, n_patients))
    drawn += np.arange(n_rounds)[:, None] * n_patients
    times = np.bincount(drawn.ravel(), minlength=n_patients * n_rounds)
    once = np.ones((1, n_patients), np.float32)
    return np.concatenate([once, times.reshape(n_rounds, n_patients).astype(np.float32)])


def _tally(draws: NDArray[np.float32], patients: Ints, first: Ints, n_levels: int) -> Floats:
    """Return how many images are called from each threshold on, shape (rounds, n_levels)."""
    order = np.argsort(first, kind="stable")
    levels, starts = np.unique(first[order], return_index=True)
    own = patients[order]
    counts = np.zeros((len(draws), n_levels), np.float64)
    per_block = max(1, BLOCK // len(own))
    for begin in range(0, len(draws), per_block):
        rows = slice(begin, begin + per_block)
        counts[rows, levels] = np.add.reduceat(draws[rows][:, own], starts, axis=1)
    return np.cumsum(counts, axis=1)


def roc_band(calls: Calls) -> Line:
    """Return recall (y) against false positive rate (x), averaged upright.

    Source: Fawcett, Pattern Recognit Lett 27 (2006), doi:10.1016/j.patrec.2005.10.010 (vertical
    averaging), with quantiles over the rounds.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = calls.true / calls.n_positive[:, None]
        false_rate = calls.false / calls.n_negative[:, None]
    # At one false positive rate the curve rises: of equal places `interp` takes the last.
    rounds = [np.interp(GRID, x, y) for x, y in zip(false_rate, recall, strict=True)]
    low, high = find_band(np.array(rounds), min(calls.n_patients))
    # A curve that rises is nowhere below where it was; and where all are called, none is missed.
    low, high = np.maximum.accumulate(low), np.maximum.accumulate(high)
    low[-1] = 1.0
    keep = _find_corners(calls.false[0], calls.true[0])
    return Line(false_rate[0][keep], recall[0][keep], GRID, low, high)


def precision_band(calls: Calls) -> Line:
    """Return precision (y) against recall (x), a step curve.

    At a recall that no threshold reaches exactly stands the precision of the next one that does:
    between two points of such a curve no straight line is right.

    Source: Davis and Goadrich, ICML (2006), doi:10.1145/1143844.1143874.
    """
    called = calls.true + calls.false
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = calls.true / called
        recall = calls.true / calls.n_positive[:, None]
    wanted = GRID[1:]  # at a recall of 0 nothing is called
    reached = np.array(
        [np.minimum(np.searchsorted(x, wanted - SAME_WIDTH), len(x) - 1) for x in recall]
    )
    rounds = np.take_along_axis(precision, reached, axis=1)
    # Where the recall stays, the strictest threshold is the one that counts.
    steps = np.flatnonzero(np.diff(calls.true[0]) > 0) + 1
    ends = find_band(rounds, calls.n_called[reached[0]])
    return Line(recall[0][steps], precision[0][steps], wanted, *ends)


def threshold_curves(calls: Calls) -> dict[str, Line]:
    """Return each of `RATES` over the thresholds of `GRID`."""
    places = np.searchsorted(-calls.thresholds, -GRID)
    hits, alarms = calls.true[:, places], calls.false[:, places]
    misses, cleared = calls.n_positive[:, None] - hits, calls.n_negative[:, None] - alarms
    shares: dict[str, tuple[Floats, Floats, ArrayLike]] = {
        "sensitivity": (hits, hits + misses, calls.n_patients[0]),
        "specificity": (cleared, cleared + alarms, calls.n_patients[1]),
        "PPV": (hits, hits + alarms, calls.n_called[places]),
        "NPV": (cleared, cleared + misses, calls.n_cleared[places]),
        "F1": (2 * hits, 2 * hits + alarms + misses, calls.n_either[places]),
    }
    lines = {}
    for name in RATES:
        part, whole, n_patients = shares[name]
        with np.errstate(invalid="ignore", divide="ignore"):
            rounds = part / whole
        lines[name] = Line(GRID, rounds[0], GRID, *find_band(rounds, n_patients))
    return lines


def _find_corners(x: Floats, y: Floats) -> Ints:
    """Return the points without which the line through all of them would be another one."""
    across, up = np.diff(x), np.diff(y)
    moves = np.flatnonzero((across != 0) | (up != 0))
    points = np.append(moves, moves[-1] + 1)
    across, up = np.diff(x[points]), np.diff(y[points])
    turns = across[:-1] * up[1:] != across[1:] * up[:-1]
    corners: Ints = points[np.concatenate([[True], turns, [True]])]
    return corners


def find_band(rounds: Floats, n_patients: ArrayLike) -> tuple[Floats, Floats]:
    """Return the 95 % band of shares, place by place as `intervals.interval_of_rounds` does it.

    Where the rounds do not swing, or the share is 0 or 1, it is Wilson's for so many patients.

    Args:
        rounds: in [0, 1], shape (1 + rounds, m); NaN where a round has no value. The first has
            everybody once.
        n_patients: those that each share is measured on, of shape (m,) or one for all.

    Returns:
        Low and high, each of shape (m,), with the first round between; NaN where that is.
    """
    value = rounds[0]
    n = np.maximum(np.broadcast_to(np.asarray(n_patients, dtype="float64"), value.shape), 1)
    swing = _measure_swing(rounds[1:]) * n / np.maximum(n - 1, 1)
    swings = (n > 1) & (swing > SAME_WIDTH**2) & (value * (1 - value) > 0)
    n_trials = np.where(swings, value * (1 - value) / np.where(swings, swing, 1.0), n)
    z = np.where(swings, student_quantile(n - 1), Z_SCORE)
    known = ~np.isnan(value)
    share = np.where(known, value, 0.0)
    low, high = wilson_interval(share * n_trials, n_trials, z)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def student_quantile(n_free: Floats) -> Floats:
    """Return how many standard deviations lie on either side of Student's distribution.

    Within 0.2 % of `scipy.special.stdtrit`, which takes half a second to import.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5.

    Args:
        n_free: degrees of freedom, at least 1.
    """
    z, n = Z_SCORE, np.maximum(n_free, 1.0)
    quantile = (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
    return np.select([n < 2, n < 3], [FEW_FREE[0], FEW_FREE[1]], quantile)


def _measure_swing(rounds: Floats) -> Floats:
    """Return the variance over the rounds at each place; 0 where fewer than two have a value."""
    swing = np.zeros(rounds.shape[1])
    gaps = np.isnan(rounds)
    whole = ~gaps.any(axis=0)  # nearly all places, and to look out for gaps takes far longer
    if len(rounds) > 1:
        swing[whole] = rounds[:, whole].var(axis=0, ddof=1)
        some = ~whole & ((~gaps).sum(axis=0) > 1)
        if some.any():
            swing[some] = np.nanvar(rounds[:, some], axis=0, ddof=1)
    return swing
