"""Wilson's interval of a share: the one for a count out of n, also near 0 and 1."""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE_LEVEL = 0.95  # of every interval in this project
Z_SCORE = NormalDist().inv_cdf((1 + CONFIDENCE_LEVEL) / 2)  # standard deviations on either side


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, z: ArrayLike = Z_SCORE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95% interval of a share.

    `scipy.stats.binomtest` gives the same for one whole count, but takes a second to import, which
    the pages do not have, and knows neither arrays nor fractions of a count (a share of 0.9 among 5
    patients who have several images each).

    Source: Wilson, J Am Stat Assoc 22 (1927), doi:10.1080/01621459.1927.10502953

    Args:
        successes: numbers from 0 to `trials`, of any shape.
        trials: numbers from 0, of the same shape; of none, nothing is known: 0 to 1.
        z: standard deviations on either side, one for all or each its own.

    Returns:
        Lower and upper ends, float, each of that shape, in [0, 1]; exactly 0 where there was no
        success and exactly 1 where there was nothing else.

    >>> low, high = wilson_interval([5, 50], [5, 100])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.566, 0.404], [1.0, 0.596])
    """
    hits, n = np.asarray(successes, dtype="float64"), np.asarray(trials, dtype="float64")
    z = np.asarray(z, dtype="float64")
    misses = n - hits
    middle = (hits + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(hits * misses / np.maximum(n, 1) + z**2 / 4) / (n + z**2)
    # At the ends the two are equal but for the last digit.
    return np.where(hits <= 0, 0.0, middle - half), np.where(misses <= 0, 1.0, middle + half)
