"""Tests of two networks on the same images, and what to do where there are many of them.

Written out here, as SciPy's take a second to import, which pages do not have.
"""

import math
from collections.abc import Sequence

import numpy as np


def mcnemar_p(only_first: int, only_second: int, *, mid: bool = True) -> float:
    """Return McNemar's p value, from the binomial distribution itself.

    Of the images that one network alone gets right, each should have half, if they are as good.
    Each image counts as independent of the others.

    Sources: McNemar, Psychometrika 12 (1947), doi:10.1007/BF02295996; the mid-p value, which
    counts the outcome itself half and is not too careful as the exact one is: Fagerland, Lydersen
    and Laake, BMC Med Res Methodol 13 (2013), doi:10.1186/1471-2288-13-91.

    Args:
        only_first: images that the first alone gets right.
        only_second: the second alone.
        mid: whether the mid-p value is returned; else the exact one.

    Returns:
        In [0, 1]; 1 where they disagree on no image.

    >>> round(mcnemar_p(1, 5, mid=False), 5), round(mcnemar_p(1, 5), 5)
    (0.21875, 0.125)
    """
    n, least = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    steps = np.arange(1, least + 1)
    # log of C(n, k) / 2^n for k from 0 to the lesser count.
    logs = np.concatenate([[0.0], np.cumsum(np.log((n - steps + 1) / steps))]) - n * math.log(2)
    chances = np.exp(logs)
    p = 2 * float(chances.sum()) - (float(chances[-1]) if mid else 0.0)
    return min(p, 1.0)


def normal_p(z: float) -> float:
    """Return the two-sided p value of a number of standard errors; NaN stays NaN.

    >>> round(normal_p(1.96), 3)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def holm_adjust(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, in their order.

    Who looks at many comparisons finds one that looks different by luck. The chance of even one
    such among them stays below 5 % if all whose corrected value is below 0.05 are believed.

    Source: Holm, Scand J Stat 6 (1979), https://www.jstor.org/stable/4615733.

    Args:
        p_values: in [0, 1]; NaN for a test that cannot be computed, which does not count.

    Returns:
        In [0, 1], none smaller than its p value; NaN stays NaN.

    >>> [round(p, 2) for p in holm_adjust([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    known = [n for n, p in enumerate(p_values) if not math.isnan(p)]
    adjusted = [math.nan] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(known, key=lambda n: p_values[n])):
        highest = max(highest, min(1.0, (len(known) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
