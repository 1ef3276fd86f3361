"""95% confidence intervals: the bootstrap, resampling patients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.wilson import CONFIDENCE_LEVEL, Z_SCORE, wilson_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N_ROUNDS = 1000
BLOCK_SIZE = 500_000  # numbers in an array of one image a row and one round a column: 4 MB each
TAILS = ((1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2)
N_HALVINGS = 16  # of the range in which the end of an interval is looked for
# Figures that add up over all images what each answer costs, whatever its class.
COSTS = ("brier", "log_loss", "calibration_error")
# A share of n patients that is worth more trials than so many times n does not swing: what few
# patients answer alike tells nothing of other patients.
MOST_TRIALS = 100
HIGHEST_ERROR = 1.0  # of a calibration
SAME_WIDTH = 1e-9  # ends of an interval that lie no further apart differ by rounding alone


def tally_images(
    kinds: Ints, groups: Ints, n_kinds: int, n_groups: int, weights: Floats | None = None
) -> Any:
    """Return how many images of each kind each patient has, as a sparse matrix.

    Times `draws`, how often each patient was drawn in each round, (n_groups, r), it gives the
    images of each kind in each round, (n_kinds, r). What does not depend on the draw, such as the
    order of the scores, is so found once for all rounds.

    Args:
        kinds: int, shape (n,), the kind of each image, 0..n_kinds-1.
        groups: int, shape (n,), the patient of each, 0..n_groups-1.
        n_kinds: kinds.
        n_groups: patients.
        weights: what each image counts, shape (n,); None: 1.

    Returns:
        scipy.sparse.csr_array, float64, shape (n_kinds, n_groups).
    """
    from scipy.sparse import coo_array  # here: a page that draws no rounds opens without it

    counted = np.ones(len(kinds)) if weights is None else weights
    return coo_array((counted, (kinds, groups)), shape=(n_kinds, n_groups)).tocsr()


def bootstrap_intervals(
    measure: Callable[[Floats], Mapping[str, Floats]],
    groups: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> dict[str, tuple[Floats, Floats]]:
    """Return a 95% interval per figure by resampling whole patients with replacement.

    Images of one patient resemble each other, so resampling images would make the intervals
    too narrow (percentile bootstrap, Efron and Tibshirani 1993, by cluster).

    Args:
        measure: how often each patient was drawn, whole numbers as float, shape (n_groups, r) for
            r rounds at once -> name -> values, shape (r, ...); NaN values are left out.
        groups: shape (n,), the patient of each image as 0..n_groups-1.
        rng: where the resampling draws from.
        n_rounds: resamplings.

    Returns:
        Name -> (low, high), each of the shape of one round's values; NaN for both if every round
        gave NaN.
    """
    rounds = bootstrap_rounds(measure, groups, rng, n_rounds)
    return {name: find_ends(values) for name, values in rounds.items()}


def bootstrap_rounds(
    measure: Callable[[Floats], Mapping[str, Floats]],
    groups: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> dict[str, Floats]:
    """Return what `measure` finds in each round of resampling whole patients.

    Args:
        measure: see `bootstrap_intervals`.
        groups: likewise.
        rng: likewise.
        n_rounds: likewise.

    Returns:
        Name -> values, shape (n_rounds, ...).
    """
    n_groups = int(groups.max()) + 1
    per_block = max(1, BLOCK_SIZE // len(groups))
    blocks = []
    for start in range(0, n_rounds, per_block):
        n = min(per_block, n_rounds - start)
        drawn = rng.integers(0, n_groups, (n, n_groups)) * n + np.arange(n)[:, None]
        times = np.bincount(drawn.ravel(), minlength=n_groups * n)
        blocks.append(measure(times.reshape(n_groups, n).astype("float64")))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def find_ends(rounds: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the 95% interval of values in rounds, shape (n_rounds, ...)."""
    columns = rounds.reshape(len(rounds), -1).T
    valid = [column[~np.isnan(column)] for column in columns]
    ends = [np.quantile(column, TAILS) if len(column) else (np.nan, np.nan) for column in valid]
    low, high = np.array(ends).T.reshape(2, *rounds.shape[1:])
    return low, high


@dataclass(frozen=True)
class Scale:
    """The values that a figure can have, and how they lie as a share from 0 to 1.

    Attributes:
        to_share: value or values -> share.
        from_share: the reverse.
    """

    to_share: Callable[[Any], Any]
    from_share: Callable[[Any], Any]


SHARE = Scale(lambda value: value, lambda share: share)
CORRELATION = Scale(lambda value: (value + 1) / 2, lambda share: 2 * share - 1)  # -1 to 1
# From 0 up, without end: as the probability of which it is the cost.
COST = Scale(lambda value: np.exp(-value), lambda share: -np.log(share))


def interval_of_rounds(
    value: float, rounds: Floats, n_patients: Sequence[int], scale: Scale = SHARE
) -> tuple[float, float]:
    """Return the 95% interval of a figure from how far it swings over rounds of resampling.

    It is Wilson's, of as many independent trials as would swing as far. Unlike the percentiles of
    the rounds it is as lopsided as it must be near 0 and 1, and unlike them it allows for how
    poorly few patients tell their own swing: `docs/evaluation.md` has the coverage of both.

    Source: Wilson, J Am Stat Assoc 22 (1927), with the design effect and degrees of freedom of
    Korn and Graubard, Surv Methodol 24 (1998).

    Args:
        value: on the scale, or NaN.
        rounds: shape (r,); NaN values are left out.
        n_patients: those that the figure is measured on, at least 1; of a mean, of each class.
        scale: of the figure.

    Returns:
        Low and high, on the scale, with the value between; NaN if the value is.
    """
    known = rounds[~np.isnan(rounds)]
    low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    if np.isnan(value) or not has_swing(float(low), float(high), n_patients):
        return settle_interval(value, float(low), float(high), n_patients, scale)
    n = count_behind(n_patients)
    share = float(scale.to_share(value))
    # Rounds swing a little less than other patients would.
    swing = float(np.var(scale.to_share(known), ddof=1)) * n / (n - 1)
    n_trials = share * (1 - share) / swing
    return _ends_of_share(share * n_trials, n_trials, scale, _student_quantile(n - 1))


def interval_of_gaps(
    value: float, gaps: Floats, rounds: Floats, n_patients: Sequence[int]
) -> tuple[float, float]:
    """Return the 95% interval of a calibration error, from the gaps that it is the sum of.

    A sum of distances is too large by chance, and the more so in rounds of resampling: even of a
    network without any error every round finds one. So it is asked which true error would show
    the value that was found, with chance on top. Chance adds most where the true error lies in few
    bins, which gives the lower end, and least where each bin has its share, which gives the upper.

    Args:
        value: the sum of the distances of `gaps` from 0.
        gaps: shape (n_bins,).
        rounds: likewise, shape (r, n_bins).
        n_patients: as for `interval_of_rounds`.

    Returns:
        Low and high, in [0, 1], with the value between.
    """
    n = count_behind(n_patients)
    known = rounds[~np.isnan(rounds).any(axis=1)]
    # Where all answers are as right as one another, how many are of each class swings in the bins,
    # but not the error: rounds cannot tell how many of other patients would be right.
    spread = float(np.var(np.abs(known).sum(axis=1))) if len(known) else 0.0
    alike = spread * MOST_TRIALS * n <= max(value * (1 - value), SAME_WIDTH)
    _, most = settled = settle_interval(value, np.nan, np.nan, n_patients)
    if np.isnan(value) or n <= 1 or alike:
        return settled
    chance = (known - gaps) * _student_quantile(n - 1) / Z_SCORE * np.sqrt(n / (n - 1))
    swing = chance.std(axis=0)
    clear = np.sign(gaps) * np.maximum(np.abs(gaps) - swing, 0)
    even = np.where(gaps < 0, -swing, swing)

    def show(error: float, shape: Floats) -> Floats:
        shown: Floats = np.abs(error * shape / np.abs(shape).sum() + chance).sum(axis=1)
        return shown

    few_bins = clear if clear.any() else even
    low = _last_true(lambda error: bool(np.mean(show(error, few_bins) >= value) < TAILS[0]), value)
    high = _last_true(
        lambda error: bool(np.mean(show(error, even) <= value) >= TAILS[0]), HIGHEST_ERROR
    )
    # Of very few patients the rounds may show more than was seen, even with a smaller error.
    return min(low, value), high if high > value else most


def _last_true(holds: Callable[[float], bool], end: float) -> float:
    """Return up to where from 0 something holds, which at `end` it does no longer; 0 if nowhere."""
    if not holds(0.0):
        return 0.0
    low, high = 0.0, end
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _student_quantile(n_free: float) -> float:
    """Return how many standard deviations lie on either side, with so many degrees of freedom."""
    from scipy.special import stdtrit  # here: a page that draws no rounds opens without it

    return float(stdtrit(n_free, TAILS[1]))


def count_behind(n_patients: Sequence[int]) -> float:
    """Return of how many patients a mean over classes swings like a share; see `settle_interval`.

    Args:
        n_patients: of each class, at least 1.
    """
    return len(n_patients) ** 2 / sum(1 / n_of_class for n_of_class in n_patients)


def count_for_costs(n_patients: Sequence[int], n_all: int) -> list[int]:
    """Return of how many patients one of `COSTS` is, from those of the rarer kind of each class.

    Most errors are theirs. Whoever is alone of that kind does not stand alone, though: everybody's
    answers count, and resampling can replace them.

    Args:
        n_patients: of each class, at least 0.
        n_all: patients of all images.
    """
    return [max(n_of_class, min(2, n_all)) for n_of_class in n_patients]


def settle_interval(
    value: float, low: float, high: float, n_patients: Sequence[int], scale: Scale = SHARE
) -> tuple[float, float]:
    """Return an interval that resampling found, or Wilson's where resampling can find none.

    Of five patients who are all predicted right, every round is all right: "100% to 100%", although
    five others may well not be. The same happens to every figure at 0 or 1, or of one patient
    alone. Wilson's interval then tells what so many patients allow to be said.

    A figure that is a mean over classes swings like a share of K² / Σ 1/n patients, with n those
    of each of the K classes: of all of them where the classes are of one size, of fewer where one
    is small. So it does where a single patient stands for a class, whom resampling cannot replace.

    Args:
        value: on the scale, or NaN.
        low: of the rounds; NaN where none had a value.
        high: likewise.
        n_patients: those that the figure is measured on, at least 1; of a mean, of each class.
        scale: of the figure.

    Returns:
        Low and high, on the scale, NaN if the value is.
    """
    if np.isnan(value):
        return np.nan, np.nan
    if has_swing(low, high, n_patients):
        return low, high
    n = count_behind(n_patients)
    wilson_low, wilson_high = _ends_of_share(float(scale.to_share(value)) * n, n, scale)
    return float(np.fmin(low, wilson_low)), float(np.fmax(high, wilson_high))


def _ends_of_share(
    successes: float, trials: float, scale: Scale, z: float = Z_SCORE
) -> tuple[float, float]:
    first, last = (float(scale.from_share(end)) for end in wilson_interval(successes, trials, z))
    return min(first, last), max(first, last)


def has_swing(low: float, high: float, n_patients: Sequence[int]) -> bool:
    """Whether resampling can tell how far a figure swings; see `settle_interval`."""
    return high - low > SAME_WIDTH and min(n_patients) > 1


def difference_interval(
    before: Mapping[str, float], after: Mapping[str, float], correlation: float = 0.0
) -> tuple[float, float]:
    """Return the interval of `after` minus `before`, two shares each with an interval of its own.

    Source: Newcombe, Stat Med 17 (1998), method 10 for two Wilson intervals,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I; for others, and for those
    that go together, Zou and Donner, Stat Med 27 (2008), doi:10.1002/sim.3095.

    Args:
        before: value, low, high in [0, 1].
        after: likewise.
        correlation: of the two over other patients, in [-1, 1].

    Returns:
        Low and high, in [-1, 1].
    """
    difference = after["value"] - before["value"]
    before_down, before_up = before["value"] - before["low"], before["high"] - before["value"]
    after_down, after_up = after["value"] - after["low"], after["high"] - after["value"]
    down = after_down**2 + before_up**2 - 2 * correlation * after_down * before_up
    up = after_up**2 + before_down**2 - 2 * correlation * after_up * before_down
    # Rounding may take them a little below 0.
    return (
        float(difference - np.sqrt(max(down, 0.0))),
        float(difference + np.sqrt(max(up, 0.0))),
    )


def correlation_of_rounds(first: Floats, second: Floats) -> float:
    """Return how far two figures swing together, in [-1, 1]; 0 where one does not swing.

    Args:
        first: of each round, shape (r,); rounds in which one is NaN are left out.
        second: likewise.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    if not both.any() or min(np.ptp(first[both]), np.ptp(second[both])) < SAME_WIDTH:
        return 0.0
    return float(np.corrcoef(first[both], second[both])[0, 1])
