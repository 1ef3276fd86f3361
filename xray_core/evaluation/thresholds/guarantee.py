"""The guaranteed operating point: a threshold whose sensitivity holds for new patients, too.

A threshold with a sensitivity of 0.90 on the validation set may well have 0.85 on other patients.
Learn then test (Angelopoulos et al. 2021, arXiv:2110.01052; MAPIE) gives one whose sensitivity is
at least 0.90 for patients like these, except for 5% of all validation sets that one might have
drawn. It takes patients as independent, and images of one patient are not: of each patient who has
the class, one image that shows it is drawn at random.

MAPIE brings scikit-learn, so that pages do not call `guarantee_levels`: the training does, or a
process of its own, and what it found is read from guaranteed.json.
"""

import warnings
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.multilabel import classes_of, is_multilabel
from xray_core.evaluation.thresholds.images import ScoredImages, choosing_subset, score_images
from xray_core.runs import Run
from xray_core.wilson import CONFIDENCE_LEVEL

GUARANTEED_LEVELS = (0.8, 0.85, 0.9, 0.95, 0.98)  # sensitivities that are asked for
FILE = "guaranteed.json"
SEED = 0  # of the draw of one image of each patient
# Tested from the lowest up, in steps that are as fine near 0 and 1 as the scores may be. They may
# not depend on the scores: the test is of thresholds that were named before.
GRID = np.append(0.0, 1 / (1 + np.exp(-np.linspace(-10, 10, 1001))))


@dataclass(frozen=True)
class Guarantee:
    """What can be promised of one class.

    Attributes:
        sensitivity: that is promised, one of `GUARANTEED_LEVELS`.
        threshold: the highest that keeps the promise; None where none does.
        reason: why there is none; "" where there is one.
    """

    sensitivity: float
    threshold: float | None
    reason: str = ""


@dataclass(frozen=True)
class GuaranteedClass:
    """The promises for one class.

    Attributes:
        n_patients: those with the class on the set chosen on: one image of each was used.
        images: names of these images.
        levels: one for each of `GUARANTEED_LEVELS`.
    """

    n_patients: int
    images: list[str]
    levels: list[Guarantee]


@dataclass(frozen=True)
class Guaranteed:
    """guaranteed.json.

    Attributes:
        confidence: the share of validation sets for which a promise holds.
        chosen_on: the subset that was used.
        seed: of the draw of one image of each patient.
        classes: class -> its promises; of two classes only the second.
    """

    confidence: float
    chosen_on: str
    seed: int
    classes: dict[str, GuaranteedClass]

    def find_level(self, name: str, sensitivity: float) -> Guarantee:
        """Return what can be promised.

        Raises:
            RunError: nothing was worked out for that class or level.
        """
        for level in self.classes[name].levels if name in self.classes else ():
            if abs(level.sensitivity - sensitivity) < 1e-9:
                return level
        raise RunError(
            f"{FILE} says nothing of a sensitivity of {sensitivity:g} for {name}. Delete the file; "
            "it is then made anew."
        )


def read_guaranteed(run: Run) -> Guaranteed | None:
    """Return the promises of a run; None where they have not been worked out.

    Raises:
        RunError: its file is damaged.
    """
    if not run.holds(FILE):
        return None
    about = run.read_record(FILE, Guaranteed)
    for name, of_class in about.classes.items():
        for level in of_class.levels:
            if level.threshold is not None and not 0 <= level.threshold <= 1:
                raise RunError(
                    f"{run.folder / FILE} is damaged: the threshold {level.threshold} of {name} is "
                    "not from 0 to 1. Delete the file; it is then made anew."
                )
    return about


def draw_one_each(images: ScoredImages, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of one positive image of each patient who has one, drawn at random.

    Args:
        images: of a subset.
        rng: where the draw comes from.
    """
    places = rng.permutation(np.flatnonzero(images.is_positive))
    first = np.unique(images.patients[places], return_index=True)[1]
    return np.sort(places[first]).astype("int64")


def guarantee_level(
    scores: NDArray[np.float64], sensitivity: float, confidence: float = CONFIDENCE_LEVEL
) -> Guarantee:
    """Return the highest threshold whose sensitivity is at least what is asked for.

    Thresholds are tested one after the other from the lowest up, until one fails (fixed sequence):
    the sensitivity can only fall, so that no test is paid for by the others. MAPIE's own choice
    corrects for all of them at once, and takes of those that pass the most precise; it promises
    less.

    Args:
        scores: of one positive image of each patient, float, shape (n,), in [0, 1].
        sensitivity: in (0, 1).
        confidence: in (0, 1).
    """
    needed = count_needed(sensitivity, confidence)
    if len(scores) < needed:
        return Guarantee(
            sensitivity,
            None,
            f"{needed:,} patients with the class are needed, all of them found; "
            f"there {'is' if len(scores) == 1 else 'are'} {len(scores):,}.",
        )
    from mapie.risk_control import BinaryClassificationController, BinaryRisk

    # MAPIE's own recall is 1 less a share, whose rounding may count one patient missed too many.
    missed = BinaryRisk(lambda true, said: said != true, lambda true, said: true == 1, False)
    controller = BinaryClassificationController(
        lambda given: np.column_stack([1 - given, given]),
        risk=missed,
        target_level=float(1 - sensitivity),
        confidence_level=confidence,
        best_predict_param_choice=missed,
        list_predict_params=GRID,
        fwer_method="fixed_sequence",
    )
    with warnings.catch_warnings():
        # That none, or every one, passes is an answer here; so is a network that is always sure.
        warnings.simplefilter("ignore", UserWarning)
        controller.calibrate(scores, np.ones(len(scores), dtype="int64"))
    passed = np.asarray(controller.valid_predict_params, dtype="float64")
    if not len(passed) or passed.max() <= 0:
        return Guarantee(
            sensitivity,
            None,
            f"Only calling every image would find enough of the {len(scores):,} patients.",
        )
    return Guarantee(sensitivity, float(passed.max()))


def count_needed(sensitivity: float, confidence: float = CONFIDENCE_LEVEL) -> int:
    """Return how many patients, all found, are the fewest that prove a sensitivity.

    >>> count_needed(0.9), count_needed(0.95)
    (29, 59)
    """
    return int(np.ceil(np.log(1 - confidence) / np.log(sensitivity) - 1e-9))


def guarantee_class(images: ScoredImages, seed: int = SEED) -> GuaranteedClass:
    """Return what can be promised of one class.

    Args:
        images: of the set that is chosen on.
        seed: of the draw of one image of each patient.
    """
    places = draw_one_each(images, np.random.default_rng(seed))
    scores = images.scores[places]
    return GuaranteedClass(
        n_patients=len(places),
        images=[str(name) for name in images.image_ids[places]],
        levels=[guarantee_level(scores, level) for level in GUARANTEED_LEVELS],
    )


def guarantee_levels(predictions: pd.DataFrame, *, watched: bool = False) -> Guaranteed:
    """Return what can be promised of each class; imports scikit-learn.

    Args:
        predictions: as `Run.read_predictions` returns them.
        watched: whether the test set was the validation set, too.
    """
    classes, subset = classes_of(predictions), choosing_subset(predictions, watched=watched)
    asked = classes if is_multilabel(predictions) or len(classes) != 2 else classes[1:]
    return Guaranteed(
        confidence=CONFIDENCE_LEVEL,
        chosen_on=subset,
        seed=SEED,
        classes={name: guarantee_class(score_images(predictions, name, subset)) for name in asked},
    )


def describe_guarantee(about: Guaranteed, name: str, level: Guarantee) -> str:
    """Return in words what is promised of a class, or why nothing is."""
    n_patients = about.classes[name].n_patients
    if level.threshold is None:
        return f"No threshold can be guaranteed. {level.reason} A lower sensitivity asks for fewer."
    return (
        f"For new patients like these, the sensitivity is at least {level.sensitivity:.0%}, with "
        f"{about.confidence:.0%} confidence. Worked out on one image, drawn at random, of each of "
        f"{n_patients:,} patients of the {about.chosen_on} set who have {name}; which images "
        "these are, the run keeps."
    )


def write_guaranteed(run: Run) -> Guaranteed:
    """Work out what can be promised of a run, and keep it with the run; imports scikit-learn.

    Raises:
        RunError: the run has no predictions, or no recipe.
        OSError: the disk refuses.
    """
    watched = run.read_recipe().split.validate_on_test  # asked before there is a report
    about = guarantee_levels(run.read_predictions(), watched=watched)
    run.write_json(FILE, asdict(about))
    return about
