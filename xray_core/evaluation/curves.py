"""Curves of one class against the rest, each with a 95 % band by resampling patients.

NumPy alone, for pages that draw them when they are looked at. Throughout, an image is called
positive where its probability is at or above the threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.intervals import SAME_WIDTH
from xray_core.wilson import CONFIDENCE_LEVEL, wilson_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_ROUNDS = 400  # resamplings: a page waits for them; the ends of a report's intervals have 1,000
N_LEVELS = 600  # thresholds that curves are measured at, at most; a chart has fewer px
N_STEPS = 100  # of the axis of a band, and of thresholds from 0 to 1
BLOCK = 4_000_000  # numbers in an array of one image a column and one round a row: 16 MB each
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
    """

    thresholds: Floats
    true: Floats
    false: Floats
    n_positive: Floats
    n_negative: Floats
    n_patients: tuple[int, int]


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
    )


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
    rounds = [
        np.interp(GRID, x, y)
        for x, y in zip(false_rate, recall, strict=True)
        if not np.isnan(x[-1] + y[-1])
    ]
    keep = _find_corners(calls.false[0], calls.true[0])
    return Line(false_rate[0][keep], recall[0][keep], GRID, *_band(np.array(rounds)))


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
    rounds = [
        y[np.minimum(np.searchsorted(x, wanted - SAME_WIDTH), len(x) - 1)]
        for x, y in zip(recall, precision, strict=True)
        if not np.isnan(x[-1])
    ]
    # Where the recall stays, the strictest threshold is the one that counts.
    steps = np.flatnonzero(np.diff(calls.true[0]) > 0) + 1
    return Line(recall[0][steps], precision[0][steps], wanted, *_band(np.array(rounds)))


def threshold_curves(calls: Calls) -> dict[str, Line]:
    """Return each of `RATES` over the thresholds of `GRID`.

    Where resampling cannot tell how far a rate swings, as at 0 and 1, the band is Wilson's for as
    many patients as there are with such images.
    """
    places = np.searchsorted(-calls.thresholds, -GRID)
    hits, alarms = calls.true[:, places], calls.false[:, places]
    misses, cleared = calls.n_positive[:, None] - hits, calls.n_negative[:, None] - alarms
    with_class, without = calls.n_patients
    shares = {
        "sensitivity": (hits, hits + misses, with_class),
        "specificity": (cleared, cleared + alarms, without),
        "PPV": (hits, hits + alarms, with_class + without),
        "NPV": (cleared, cleared + misses, with_class + without),
        "F1": (2 * hits, 2 * hits + alarms + misses, with_class + without),
    }
    lines = {}
    for name in RATES:
        part, whole, n_patients = shares[name]
        with np.errstate(invalid="ignore", divide="ignore"):
            rounds = part / whole
        # No more patients than images are behind a rate at this threshold.
        low, high = settle_band(rounds, np.minimum(n_patients, whole[0]))
        lines[name] = Line(GRID, rounds[0], GRID, low, high)
    return lines


def _find_corners(x: Floats, y: Floats) -> Ints:
    """Return the points without which the line through all of them would be another one."""
    across, up = np.diff(x), np.diff(y)
    moves = np.flatnonzero((across != 0) | (up != 0))
    points = np.append(moves, moves[-1] + 1)
    across, up = np.diff(x[points]), np.diff(y[points])
    turns = across[:-1] * up[1:] != across[1:] * up[:-1]
    return points[np.concatenate([[True], turns, [True]])]


def _band(rounds: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % band of curves; it holds the first of them, which is that of everybody."""
    if len(rounds) < 2:
        nothing = np.full(rounds.shape[1:], np.nan)
        return nothing, nothing
    tails = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
    known = ~np.isnan(rounds[1:]).all(axis=0)
    low = np.full(rounds.shape[1], np.nan)
    high = low.copy()
    # Few columns have gaps, and to look out for them takes ten times as long.
    whole = known & ~np.isnan(rounds[1:]).any(axis=0)
    for columns, quantile in ((whole, np.quantile), (known & ~whole, np.nanquantile)):
        if columns.any():
            low[columns], high[columns] = quantile(rounds[1:, columns], tails, axis=0)
    return np.fmin(low, rounds[0]), np.fmax(high, rounds[0])


def settle_band(rounds: Floats, n_patients: Ints | Floats) -> tuple[Floats, Floats]:
    """Return the band of shares, Wilson's where resampling finds no width; see `intervals`."""
    low, high = _band(rounds)
    value = rounds[0]
    n = np.broadcast_to(np.asarray(n_patients, dtype="float64"), value.shape)
    stands = ~np.isnan(value) & (n > 0) & ~(high - low > SAME_WIDTH)
    wilson_low, wilson_high = wilson_interval(np.nan_to_num(value) * n, np.maximum(n, 1))
    low = np.where(stands, np.fmin(low, wilson_low), low)
    high = np.where(stands, np.fmax(high, wilson_high), high)
    unknown = np.isnan(value)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
