"""95% confidence intervals: the bootstrap, resampling patients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.wilson import CONFIDENCE_LEVEL, wilson_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N_ROUNDS = 1000
BLOCK_SIZE = 500_000  # numbers in an array of one image a row and one round a column: 4 MB each
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
    n_groups = int(groups.max()) + 1
    per_block = max(1, BLOCK_SIZE // len(groups))
    blocks = []
    for start in range(0, n_rounds, per_block):
        n = min(per_block, n_rounds - start)
        drawn = rng.integers(0, n_groups, (n, n_groups)) * n + np.arange(n)[:, None]
        times = np.bincount(drawn.ravel(), minlength=n_groups * n)
        blocks.append(measure(times.reshape(n_groups, n).astype("float64")))
    return {
        name: _quantiles(np.concatenate([block[name] for block in blocks])) for name in blocks[0]
    }


def _quantiles(rounds: Floats) -> tuple[Floats, Floats]:
    tails = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
    columns = rounds.reshape(len(rounds), -1).T
    valid = [column[~np.isnan(column)] for column in columns]
    ends = [np.quantile(column, tails) if len(column) else (np.nan, np.nan) for column in valid]
    low, high = np.array(ends).T.reshape(2, *rounds.shape[1:])
    return low, high


@dataclass(frozen=True)
class Scale:
    """The values that a figure can have, and how they lie as a share from 0 to 1.

    Attributes:
        to_share: value -> share.
        from_share: the reverse.
    """

    to_share: Callable[[float], float]
    from_share: Callable[[float], float]


SHARE = Scale(float, float)
CORRELATION = Scale(lambda value: (value + 1) / 2, lambda share: 2 * share - 1)  # -1 to 1
# From 0 up, without end: as the probability of which it is the cost.
COST = Scale(lambda value: float(np.exp(-value)), lambda share: float(-np.log(share)))


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
    n = len(n_patients) ** 2 / sum(1 / n_of_class for n_of_class in n_patients)
    ends = (scale.from_share(float(end)) for end in wilson_interval(scale.to_share(value) * n, n))
    wilson_low, wilson_high = sorted(ends)
    return float(np.fmin(low, wilson_low)), float(np.fmax(high, wilson_high))


def has_swing(low: float, high: float, n_patients: Sequence[int]) -> bool:
    """Whether resampling can tell how far a figure swings; see `settle_interval`."""
    return high - low > SAME_WIDTH and min(n_patients) > 1


def difference_interval(
    before: Mapping[str, float], after: Mapping[str, float]
) -> tuple[float, float]:
    """Return the interval of `after` minus `before`, two shares each with an interval of its own.

    For a difference of which resampling sees one side at most, as the other is 0 or 1 in every
    round. It takes the two for independent.

    Source: Newcombe, Stat Med 17 (1998), method 10 for two Wilson intervals,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I; for others Zou and
    Donner, Stat Med 27 (2008), doi:10.1002/sim.3095.

    Args:
        before: value, low, high in [0, 1].
        after: likewise.

    Returns:
        Low and high, in [-1, 1].
    """
    difference = after["value"] - before["value"]
    down = np.hypot(after["value"] - after["low"], before["high"] - before["value"])
    up = np.hypot(after["high"] - after["value"], before["value"] - before["low"])
    return float(difference - down), float(difference + up)
