"""What a threshold means for patients among whom the disease is as frequent as one says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
N_PATIENTS = 1000  # of a picture; natural frequencies are grasped better than percentages


@dataclass(frozen=True)
class Thousand:
    """Of 1,000 patients, how many are what; the four numbers sum to 1,000.

    Attributes:
        hits: have the class and are called.
        missed: have it and are not called.
        alarmed: do not have it and are called.
        cleared: do not have it and are not called.
    """

    hits: int
    missed: int
    alarmed: int
    cleared: int

    @property
    def ill(self) -> int:
        """Patients who have the class."""
        return self.hits + self.missed

    @property
    def called(self) -> int:
        """Patients who are called."""
        return self.hits + self.alarmed


def count_thousand(sensitivity: float, specificity: float, prevalence: float) -> Thousand:
    """Return what becomes of 1,000 patients, rounded such that nobody is lost.

    Args:
        sensitivity: in [0, 1].
        specificity: in [0, 1].
        prevalence: the share that has the class, in [0, 1].

    >>> count_thousand(0.9, 0.8, 0.1)
    Thousand(hits=90, missed=10, alarmed=180, cleared=720)
    """
    ill = round(N_PATIENTS * prevalence)
    hits = round(ill * sensitivity)
    cleared = round((N_PATIENTS - ill) * specificity)
    return Thousand(hits, ill - hits, N_PATIENTS - ill - cleared, cleared)


def predictive_values(
    sensitivity: ArrayLike, specificity: ArrayLike, prevalence: float
) -> tuple[Floats, Floats]:
    """Return PPV and NPV at a prevalence, by Bayes' rule.

    Args:
        sensitivity: in [0, 1], of any shape.
        specificity: in [0, 1], of the same shape.
        prevalence: in [0, 1].

    Returns:
        PPV and NPV, each of that shape; NaN where nothing, or everything, is called.

    >>> ppv, npv = predictive_values(0.9, 0.8, 0.1)
    >>> round(float(ppv), 3), round(float(npv), 3)
    (0.333, 0.986)
    """
    hits = prevalence * np.asarray(sensitivity, dtype="float64")
    cleared = (1 - prevalence) * np.asarray(specificity, dtype="float64")
    missed, alarmed = prevalence - hits, 1 - prevalence - cleared
    return _share(hits, hits + alarmed), _share(cleared, cleared + missed)


def expected_cost(
    sensitivity: ArrayLike, specificity: ArrayLike, prevalence: float, cost: float
) -> Floats:
    """Return what the errors cost for one patient, in wrongly alarmed patients.

    Args:
        sensitivity: in [0, 1], of any shape.
        specificity: in [0, 1], of the same shape.
        prevalence: in [0, 1].
        cost: of one missed patient, in wrongly alarmed ones; above 0.
    """
    missed = prevalence * (1 - np.asarray(sensitivity, dtype="float64"))
    alarmed = (1 - prevalence) * (1 - np.asarray(specificity, dtype="float64"))
    total: Floats = cost * missed + alarmed
    return total


def _share(part: Floats, whole: Floats) -> Floats:
    shares = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares
