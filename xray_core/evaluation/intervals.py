"""Intervals: how far a figure would swing if other patients had been drawn."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95


def bootstrap_intervals(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    n_rounds: int = 1000,
) -> dict[str, tuple[float, float]]:
    """Return a 95% interval per metric by resampling whole patients with replacement.

    Images of one patient resemble each other, so resampling images would make the intervals
    too narrow (percentile bootstrap, Efron and Tibshirani 1993, by cluster).

    Args:
        measure: row numbers (with repeats) -> metric name -> value; NaN values are left out.
        groups: shape (n,), the patient of each row as 0..n_groups-1.
        rng: where the resampling draws from.
        n_rounds: resamplings.

    Returns:
        Metric name -> (low, high); NaN for both if every round gave NaN.
    """
    order = np.argsort(groups, kind="stable")
    n_groups = int(groups.max()) + 1
    starts = np.searchsorted(groups[order], np.arange(n_groups + 1))
    rows_of = [order[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]
    rounds: dict[str, list[float]] = {}
    for _ in range(n_rounds):
        drawn = rng.integers(0, n_groups, n_groups)
        rows = np.concatenate([rows_of[group] for group in drawn])
        for name, value in measure(rows).items():
            rounds.setdefault(name, []).append(value)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    intervals = {}
    for name, values in rounds.items():
        valid = np.array(values)[~np.isnan(values)]
        low, high = np.quantile(valid, tails) if len(valid) else (np.nan, np.nan)
        intervals[name] = (float(low), float(high))
    return intervals
