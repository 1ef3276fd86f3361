"""Conformal sets: the classes of an image that cannot be excluded at a stated error rate.

Of the validation images is kept how improbable the network held their true class; a new image's
set holds each class that is no more improbable than `COVERAGE` of those were (least ambiguous
sets). For new patients like these it then holds the true class in at least `COVERAGE` of cases,
whatever the network. That takes images as independent, and those of one patient are not: of each
patient one image counts, drawn at random. The epoch and the calibration were chosen on the same
images, which makes the sets a little too small; so the share is measured on the test set, too.

A set may hold no class (none is probable enough: the image is unlike them all) or all of them.
Where an image may have several findings there are none: each finding has a threshold of its own.

Sources: Sadinle et al. 2019, arXiv:1609.00451; Angelopoulos & Bates 2021, arXiv:2107.07511.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.multilabel import classes_of, is_multilabel
from xray_core.evaluation.shares import ShareFigure, measure_share
from xray_core.evaluation.thresholds.images import choosing_subset
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY

COVERAGE = 0.9  # share of new patients whose set shall hold the true class
SEED = 0  # of the draw of one image of each patient
ROUNDING = 1e-12  # of a probability


@dataclass(frozen=True)
class Conformal:
    """What a run's sets go by.

    Attributes:
        classes: of the run.
        least: probability from which on a class is in the set.
        n_patients: of the validation set, one image of each.
        chosen_on: the subset that was used.
    """

    classes: tuple[str, ...]
    least: float
    n_patients: int
    chosen_on: str

    def list_sets(self, probabilities: NDArray[np.float64]) -> list[list[str]]:
        """Return the set of each image, the most probable class first.

        Args:
            probabilities: float (n, n_classes), calibrated where the run is.
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")
        inside = self._hold(probabilities)
        return [
            [self.classes[place] for place in row if held[place]]
            for row, held in zip(order, inside, strict=True)
        ]

    def _hold(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(probabilities >= self.least - ROUNDING)


@dataclass(frozen=True)
class Coverage:
    """How the sets do on a subset.

    Attributes:
        subset: "test" or "validation".
        covered: the share of images whose set holds the true class.
        sizes: the share of images whose set has 0, 1, … n_classes classes.
    """

    subset: str
    covered: ShareFigure
    sizes: tuple[float, ...]


def count_needed(coverage: float = COVERAGE) -> int:
    """Return how many patients are the fewest that sets can be made by.

    >>> count_needed(0.9)
    9
    """
    return int(np.ceil(coverage / (1 - coverage) - 1e-9))


def find_conformal(predictions: pd.DataFrame, *, watched: bool = False) -> Conformal | str:
    """Return what the sets of a run go by, or why it has none, a sentence.

    Args:
        predictions: as `Run.read_predictions` returns them.
        watched: whether the test set was the validation set, too.
    """
    if is_multilabel(predictions):
        return "There are no conformal sets where an image may have several findings."
    classes, subset = classes_of(predictions), choosing_subset(predictions, watched=watched)
    rows = _known(predictions, subset)
    # One image of each patient, whatever the order of the table.
    rows = rows.sort_values("image_id", kind="stable")
    rows = rows.iloc[np.random.default_rng(SEED).permutation(len(rows))]
    rows = rows.drop_duplicates("group")
    if len(rows) < count_needed():
        return (
            f"Conformal sets take {count_needed()} patients of the {subset} set at least; there "
            f"{'is' if len(rows) == 1 else 'are'} {len(rows):,}."
        )
    true = _true_probabilities(rows, classes)
    # The rank that makes the promise hold for a sample of this size.
    rank = int(np.ceil((len(true) + 1) * COVERAGE - 1e-9))
    return Conformal(tuple(classes), float(np.sort(true)[-rank]), len(rows), subset)


def read_conformal(run: Run) -> Conformal | str:
    """Return what the sets of a run go by, or why it has none, a sentence.

    Raises:
        RunError: the run has no predictions, or damaged ones.
    """
    watched = run.read_recipe().split.validate_on_test
    return find_conformal(run.read_predictions(), watched=watched)


def measure_coverage(conformal: Conformal, predictions: pd.DataFrame, subset: str) -> Coverage:
    """Return how often the sets hold the true class of the images of a subset.

    Args:
        conformal: of the run.
        predictions: as `Run.read_predictions` returns them.
        subset: "test"; of the validation set the share is the promise, not a result.
    """
    rows, classes = _known(predictions, subset), list(conformal.classes)
    held = conformal._hold(rows[[PROBABILITY + name for name in classes]].to_numpy("float64"))
    true = rows["actual"].map({name: place for place, name in enumerate(classes)})
    hits = held[np.arange(len(rows)), true.to_numpy("int64")]
    counts = np.bincount(held.sum(axis=1), minlength=len(classes) + 1)
    return Coverage(
        subset,
        measure_share(hits, rows["group"]),
        tuple(float(n) / max(1, len(rows)) for n in counts),
    )


def _known(predictions: pd.DataFrame, subset: str) -> pd.DataFrame:
    there = (predictions["subset"] == subset) & predictions["actual"].notna()
    return predictions[(there & predictions["predicted"].notna()).to_numpy(bool)]


def _true_probabilities(rows: pd.DataFrame, classes: list[str]) -> NDArray[np.float64]:
    values = rows[[PROBABILITY + name for name in classes]].to_numpy("float64")
    places = rows["actual"].map({name: place for place, name in enumerate(classes)})
    true: NDArray[np.float64] = values[np.arange(len(rows)), places.to_numpy("int64")]
    return true
