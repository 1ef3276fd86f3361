"""What several networks said of the same images, as arrays: what comparing them begins with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.findings import UNKNOWN_STATE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """The answers of k networks on n images with c classes.

    Attributes:
        image_ids: n names.
        classes: c names, in the order of the columns.
        multilabel: whether an image may have several classes at once.
        patients: whose image it is, int, shape (n,), 0..n_patients-1.
        states: 1 where an image has the class, 0 where not, `UNKNOWN_STATE` where nobody knows
            (multi-label alone); int, shape (n, c).
        probabilities: in [0, 1], shape (k, n, c).
        called: which classes each network answers, shape (k, n, c): the most probable one, or of a
            multi-label task each that reaches its threshold.
    """

    image_ids: list[str]
    classes: list[str]
    multilabel: bool
    patients: Ints
    states: Ints
    probabilities: Floats
    called: Bools

    @property
    def n_networks(self) -> int:
        """How many networks there are."""
        return len(self.probabilities)

    @property
    def n_patients(self) -> int:
        """How many patients the images are of."""
        return int(self.patients.max()) + 1

    def count_right(self) -> Ints:
        """Return how many answers to each image are right, shape (k, n).

        Of one class an image, 1 or 0. Of a multi-label task, of the findings that are known.
        """
        right = self.called == (self.states == 1)
        if not self.multilabel:
            whole: Ints = right.all(axis=2).astype("int64")
            return whole
        number: Ints = (right & (self.states != UNKNOWN_STATE)).sum(axis=2)
        return number

    def choose(self, number: int) -> "Answers":
        """Return the answers of one network alone."""
        own = slice(number, number + 1)
        return Answers(
            self.image_ids,
            self.classes,
            self.multilabel,
            self.patients,
            self.states,
            self.probabilities[own],
            self.called[own],
        )
