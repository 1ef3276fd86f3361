"""DeLong's test: whether areas under ROC curves of the same images differ.

Sources: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), doi:10.2307/2531595; in the
form of ranks, which takes n log n steps: Sun and Xu, IEEE Signal Process Lett 21 (2014),
doi:10.1109/LSP.2014.2337313. Each image counts as independent of the others.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def compare_areas(is_positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """Return the areas under several ROC curves of the same images, and their covariance.

    Args:
        is_positive: shape (n,).
        scores: of each curve, shape (k, n); higher means more likely positive.

    Returns:
        Areas, shape (k,), in [0, 1]; covariance, shape (k, k). NaN where there are fewer than two
        images of either kind, as nothing is known of their spread then.

    >>> areas, _ = compare_areas(np.array([0, 0, 1, 1], bool), np.array([[0.1, 0.6, 0.5, 0.9]]))
    >>> areas.tolist()
    [0.75]
    """
    positives, negatives = scores[:, is_positive], scores[:, ~is_positive]
    n_positive, n_negative = positives.shape[1], negatives.shape[1]
    if min(n_positive, n_negative) < 2:
        n_curves = len(scores)
        return np.full(n_curves, np.nan), np.full((n_curves, n_curves), np.nan)
    both = np.array([_mid_ranks(row) for row in np.hstack([positives, negatives])])
    own = np.array([_mid_ranks(row) for row in positives])
    others = np.array([_mid_ranks(row) for row in negatives])
    # Of each positive image the share of negative ones below it, and the other way round.
    below = (both[:, :n_positive] - own) / n_negative
    above = 1 - (both[:, n_positive:] - others) / n_positive
    covariance = (
        np.atleast_2d(np.cov(below)) / n_positive + np.atleast_2d(np.cov(above)) / n_negative
    )
    return below.mean(axis=1), covariance


def standardise_difference(areas: Floats, covariance: Floats, first: int, second: int) -> float:
    """Return how many standard errors the first area is above the second.

    Args:
        areas: as `compare_areas` returns them.
        covariance: likewise.
        first: place of a curve.
        second: likewise.

    Returns:
        0 where the two curves are one; NaN where it cannot be computed.
    """
    difference = areas[first] - areas[second]
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    if np.isnan(variance):
        return float("nan")
    # Equal curves differ by rounding alone; two whole ones, at 1 and 0, have no spread to go by.
    if variance <= 1e-18:
        return 0.0 if abs(difference) < 1e-12 else float("nan")
    return float(difference / np.sqrt(variance))


def _mid_ranks(values: Floats) -> Floats:
    """Return the ranks from 1 on, those of equal values the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks
