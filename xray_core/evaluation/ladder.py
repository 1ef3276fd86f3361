"""The error ladder: where a network loses, from the images it learned on to those it never saw.

Its rungs are error rates of the same weights: on training images, on held-out images of the same
mixture, on held-out images of the production source alone, and on the test part. A step up between
two rungs has a name: variance, data mismatch, the choice made on validation. After A. Ng, Machine
Learning Yearning (2018), chapters 40 to 43, as the thesis on SIIM-FISABIO-RSNA COVID-19 uses it.

A test part that others set apart was not drawn from where the validation part was: a step up to it
is a data mismatch first of all.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.intervals import (
    N_ROUNDS,
    bootstrap_intervals,
    difference_interval,
    has_swing,
    settle_interval,
    tally_images,
)
from xray_core.splits import PRODUCTION

TRAINING, TRAIN_DEV, VALIDATION, TEST = "training", "train-dev", "validation", "test"
# Of a step: its name, and what it tells.
VARIANCE = (
    "variance",
    "it has learned its own training images better than others of the same kind. Try more "
    "data, augmentation, dropout, a smaller network, or an earlier stop",
)
MISMATCH = (
    "data mismatch",
    "the production images differ from the mixture that it learned from. Try to train on more "
    "images like them, or to make the others resemble them",
)
CHOICE = (
    "choice on validation",
    "epoch and settings were chosen to suit the validation part. Try a larger one, and look at "
    "it less often",
)
PUBLISHED_TEST = (
    "data mismatch",
    "the test images were set apart by the dataset's authors, and are harder for it than those "
    "that it was validated on. Look at both kinds on the Explore page; to see what the choice of "
    "an epoch has to do with it, divide all images anew (split.method=patient)",
)


def build_ladder(
    training: pd.DataFrame,
    predictions: pd.DataFrame,
    sources: pd.Series,
    *,
    published_test: bool = False,
    n_rounds: int = N_ROUNDS,
) -> dict[str, Any] | None:
    """Measure every rung and the steps between them.

    Args:
        training: predictions on images of the training part, as `report.prediction_table` returns.
        predictions: likewise on the validation and test parts.
        sources: reader name of each image, by image_id; only where production images are held out
            among others is there a rung of their own.
        published_test: whether the test part is that of the dataset's authors, rather than drawn
            as the validation part was.
        n_rounds: bootstrap resamplings of patients.

    Returns:
        Plain data for JSON: rungs (name, n, error with value, low, high), lowest first; steps
        (name, to, value, low, high), one less; verdict, a sentence. None if no image of the
        validation part has a prediction, or none of the training part.
    """
    rows = pd.concat([training, predictions], ignore_index=True)
    rows = rows[rows["predicted"].notna()]
    rungs = {name: mask for name, mask in _rungs_of(rows, sources).items() if mask.any()}
    if TRAINING not in rungs or len(rungs) < 2:
        return None
    wrong = (rows["predicted"] != rows["actual"]).to_numpy(dtype="int64")
    patients = pd.factorize(rows["group"])[0].astype("int64")
    names, n_rungs, n_patients = list(rungs), len(rungs), int(patients.max()) + 1
    rung, row = np.nonzero(np.array([mask.to_numpy() for mask in rungs.values()]))
    answers = tally_images(2 * rung + wrong[row], patients[row], 2 * n_rungs, n_patients)

    def measure(draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        right_or_wrong = (answers @ draws).T.reshape(-1, n_rungs, 2)
        with np.errstate(invalid="ignore"):  # a rung may have no image in a round: NaN
            errors = right_or_wrong[..., 1] / right_or_wrong.sum(axis=-1)
        return {"error": errors, "step": np.diff(errors)}

    values = {name: found[0] for name, found in measure(np.ones((n_patients, 1))).items()}
    intervals = bootstrap_intervals(measure, patients, np.random.default_rng(0), n_rounds)

    def numbers(kind: str, which: int) -> tuple[float, float, float]:
        low, high = intervals[kind]
        return float(values[kind][which]), float(low[which]), float(high[which])

    found: list[dict[str, Any]] = []
    seen = []  # of each rung, whether resampling shows how far its error swings
    for number, name in enumerate(names):
        value, low, high = numbers("error", number)
        behind = [len(np.unique(patients[row[rung == number]]))]
        seen.append(has_swing(low, high, behind))
        low, high = settle_interval(value, low, high, behind)
        error = {"value": value, "low": low, "high": high}
        found.append({"name": name, "n": int((rung == number).sum()), "error": error})
    # Without a mixture, the first step up from training is the variance, whatever its end.
    last = PUBLISHED_TEST if published_test else CHOICE
    kinds = [VARIANCE, *({VALIDATION: MISMATCH, TEST: last}[to] for to in names[2:])]
    steps: list[dict[str, Any]] = []
    for number, (kind, _) in enumerate(kinds):
        value, low, high = numbers("step", number)
        below, above = found[number], found[number + 1]
        if not (seen[number] and seen[number + 1]):
            low, high = difference_interval(below["error"], above["error"])
        steps.append({"name": kind, "to": above["name"], "value": value, "low": low, "high": high})
    advice = [advice for _, advice in kinds]
    return {
        "rungs": found,
        "steps": steps,
        "verdict": _judge(found[0]["error"]["value"], steps, advice),
    }


def _rungs_of(rows: pd.DataFrame, sources: pd.Series) -> dict[str, pd.Series]:
    """Return rung -> which rows are on it: four where production is held out, else three."""
    part = {name: rows["part"] == name for name in ("train", "validation", "test")}
    own = rows["image_id"].map(sources) == PRODUCTION
    mixed = part["validation"] & own
    if mixed.any() and (part["validation"] & ~own).any():
        return {
            TRAINING: part["train"],
            TRAIN_DEV: part["validation"],
            VALIDATION: mixed,
            TEST: part["test"],
        }
    return {TRAINING: part["train"], VALIDATION: part["validation"], TEST: part["test"]}


def _judge(training_error: float, steps: list[dict[str, Any]], advice: list[str]) -> str:
    clear = [number for number, step in enumerate(steps) if step["low"] > 0]
    if not clear:
        return (
            "No step is larger than chance may make it. What is left is the error on the training "
            f"images, {training_error:.1%}: as far as people do better, it is avoidable bias, for "
            "which a larger network or a longer training helps."
        )
    number = max(clear, key=lambda number: float(steps[number]["value"]))
    largest = steps[number]
    words = f"The largest clear step is {largest['name']} ({100 * largest['value']:+.1f} points): "
    words += f"{advice[number]}."
    if training_error > largest["value"]:
        words += (
            f" The error on the training images, {training_error:.1%}, is larger still: as far as "
            "people do better, that is avoidable bias."
        )
    return words
