"""What guessing costs, and how far a share may stray by chance."""

import numpy as np

from xray_core.evaluation.training_checks.collapse import Ints


def entropy(counts: Ints) -> float:
    """Return the lowest mean cross-entropy, in nats, of one answer for images of these classes.

    >>> round(entropy(np.array([483, 1108, 1736, 3007])), 2)
    1.21
    """
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def finding_entropy(counts: Ints) -> float:
    """Return the lowest mean binary cross-entropy, in nats, of one answer for all images.

    Args:
        counts: shape (n_classes, 2): images that show each finding, and that do not.

    >>> round(finding_entropy(np.array([[50, 50], [0, 100]])), 3)
    0.347
    """
    known = counts[counts.sum(axis=1) > 0]
    return float(np.mean([entropy(of_finding) for of_finding in known]))


def standard_error(share: float, n: int) -> float:
    """Return the standard error of a share of `n` images, above 0 also for none or all of them.

    >>> round(standard_error(0.5, 100), 3), round(standard_error(1.0, 100), 3)
    (0.05, 0.01)
    """
    if n < 1:
        return 1.0
    share = (share * n + 1) / (n + 2)  # one more of each kind: Laplace's rule
    return float(np.sqrt(share * (1 - share) / n))
