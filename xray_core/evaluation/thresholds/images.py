"""Images as a threshold sees them: positive or not, with a score, and whose they are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.multilabel import classes_of, is_multilabel
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE

CHOSEN_ON = "validation"


@dataclass(frozen=True)
class ScoredImages:
    """The images of one subset that have a prediction, asked for one class against the rest.

    Attributes:
        name: of the class or the finding.
        subset: "validation", "test", or what else the table names.
        is_positive: bool, shape (n,): whether the image has the class.
        scores: float, shape (n,), in [0, 1]: the probability of the class.
        patients: int, shape (n,), 0..n_patients-1: whose image it is.
        image_ids: shape (n,), names.
    """

    name: str
    subset: str
    is_positive: NDArray[np.bool_]
    scores: NDArray[np.float64]
    patients: NDArray[np.int64]
    image_ids: NDArray[np.object_]

    @property
    def n_positive(self) -> int:
        """Images that have the class."""
        return int(self.is_positive.sum())

    @property
    def n_negative(self) -> int:
        """Images that do not."""
        return len(self.is_positive) - self.n_positive

    @property
    def shows_both(self) -> bool:
        """Whether there are images of both kinds, without which no threshold can be chosen."""
        return 0 < self.n_positive < len(self.is_positive)

    @property
    def prevalence(self) -> float:
        """The share of the images that have the class, in [0, 1]; NaN without images."""
        return float(self.is_positive.mean()) if len(self.is_positive) else float("nan")

    def count_patients(self, positive: bool) -> int:
        """Return how many patients have an image of that kind."""
        return len(np.unique(self.patients[self.is_positive == positive]))


def score_images(predictions: pd.DataFrame, name: str, subset: str) -> ScoredImages:
    """Return the images of a subset as a threshold of one class sees them.

    Args:
        predictions: as `Run.read_predictions` returns them. Of a multi-label task, images of which
            it is unknown whether they show the finding count in nothing.
        name: one of its classes.
        subset: "validation" or "test".

    Raises:
        RunError: it has no such class.
    """
    classes = classes_of(predictions)
    if name not in classes:
        raise RunError(f"There is no class {name!r}. Choose one of: {', '.join(classes)}.")
    scores = predictions[PROBABILITY + name]
    known = (predictions["subset"] == subset) & scores.notna()
    if is_multilabel(predictions):
        known &= predictions[STATE + name].notna()
        rows = predictions[known.to_numpy()]
        is_positive = (rows[STATE + name] == 1).to_numpy("bool")
    else:
        rows = predictions[known.to_numpy()]
        is_positive = (rows["actual"] == name).to_numpy("bool")
    return ScoredImages(
        name=name,
        subset=subset,
        is_positive=is_positive,
        scores=rows[PROBABILITY + name].to_numpy("float64"),
        patients=pd.factorize(rows["group"])[0].astype("int64"),
        image_ids=rows["image_id"].to_numpy("object"),
    )


def choosing_subset(predictions: pd.DataFrame, *, watched: bool) -> str:
    """Return on which subset thresholds are chosen: validation, or what was watched in its place.

    Without either it is the validation set, which has no images: nothing is chosen on a test set.

    Args:
        predictions: as `Run.read_predictions` returns them.
        watched: whether the test set was the validation set, too, as the run's report says.
    """
    has_validation = bool((predictions["subset"] == CHOSEN_ON).any())
    return "test" if watched and not has_validation else CHOSEN_ON


def positive_class(classes: list[str]) -> str:
    """Return the class that is looked for where nobody says which: the second.

    >>> positive_class(["no opacity", "opacity"])
    'opacity'
    """
    return classes[min(1, len(classes) - 1)]
