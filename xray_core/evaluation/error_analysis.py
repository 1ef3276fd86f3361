"""The error analysis: where a network loses, from the images it learned on to those it never saw.

Its levels are error rates of the same weights: on training images, on held-out images of the same
mixture, on held-out images of the target-domain source alone, and on the test set. A step up
between two levels has a name: variance, data mismatch, the choice made on validation. After A. Ng,
Machine Learning Yearning (2018), chapters 40 to 43, as the thesis on SIIM-FISABIO-RSNA COVID-19
uses it.

A test set that others set apart was not drawn from where the validation set was: a step up to it
is a data mismatch first of all.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.finding_rounds import figures_of_counts, mean_of_known
from xray_core.evaluation.findings import OUTCOMES, UNKNOWN_STATE
from xray_core.evaluation.intervals import (
    N_ROUNDS,
    Floats,
    Ints,
    bootstrap_rounds,
    correlation_of_rounds,
    difference_interval,
    interval_of_rounds,
    tally_images,
)
from xray_core.evaluation.multilabel import classes_of, is_multilabel, read_called, states_of
from xray_core.runs.findings_shapes import Thresholds
from xray_core.splits import TARGET_DOMAIN

TRAINING, TRAIN_DEV, VALIDATION, TEST = "training", "train-dev", "validation", "test"
# Of a step: its name, and what it tells.
VARIANCE = (
    "variance",
    "it has learned its own training images better than others of the same kind. Try more "
    "data, augmentation, dropout, a smaller network, or an earlier stop",
)
MISMATCH = (
    "data mismatch",
    "the target-domain images differ from the mixture that it learned from. Try to train on more "
    "images like them, or to make the others resemble them",
)
CHOICE = (
    "choice on validation",
    "epoch and settings were chosen to suit the validation set. Try a larger one, and look at "
    "it less often",
)
PUBLISHED_TEST = (
    "data mismatch",
    "the test images were set apart by the dataset's authors, and are harder for it than those "
    "that it was validated on. Look at both kinds on the Explore page; to see what the choice of "
    "an epoch has to do with it, divide all images anew (split.method=patient)",
)

SITE_TEST = (
    "data mismatch",
    "the test images come from a site that nothing was learnt from, and are harder for it than "
    "those that it was validated on. Try to train on more sites, or to make their images resemble "
    "each other",
)


def analyse_errors(
    training: pd.DataFrame,
    predictions: pd.DataFrame,
    sources: pd.Series,
    thresholds: Thresholds | None = None,
    *,
    published_test: bool = False,
    other_site: bool = False,
    n_rounds: int = N_ROUNDS,
) -> dict[str, Any] | None:
    """Measure every level and the steps between them.

    Args:
        training: predictions on images of the training set, as `report.prediction_table` returns;
            of a multi-label task, as `multilabel.findings_table` does.
        predictions: likewise on the validation and test sets.
        sources: reader name of each image, by image_id; only where target-domain images are held
            out among others is there a level of their own.
        thresholds: of a multi-label task, by which its findings are called; None: 0.5.
        published_test: whether the test set is that of the dataset's authors, rather than drawn
            as the validation set was.
        other_site: whether the test set is of one site, and nothing of it was learnt from.
        n_rounds: bootstrap resamplings of patients.

    Returns:
        The error is the share of wrong images; of a multi-label task 1 less the balanced accuracy,
        the mean over the findings that every level shows and lacks.

        Plain data for JSON: levels (name, n, error with value, low, high), lowest first; steps
        (name, to, value, low, high), one less; verdict, a sentence. None if no image of the
        validation set has a prediction, or none of the training set.
    """
    rows = pd.concat([training, predictions], ignore_index=True)
    rows = rows[rows["predicted"].notna()]
    levels = {name: mask for name, mask in _levels_of(rows, sources).items() if mask.any()}
    if TRAINING not in levels or len(levels) < 2:
        return None
    patients = pd.factorize(rows["group"])[0].astype("int64")
    names, n_levels = list(levels), len(levels)
    level, row = np.nonzero(np.array([mask.to_numpy() for mask in levels.values()]))
    if is_multilabel(rows):
        called = read_called(rows, thresholds)
        measure_level = _draw_findings(rows, called, level, row, patients, n_levels)
    else:
        measure_level = _draw_classes(rows, level, row, patients, n_levels)
    if measure_level is None:
        return None

    def measure(draws: Floats) -> dict[str, Floats]:
        errors = measure_level(draws)
        return {"error": errors, "step": np.diff(errors)}

    once = measure(np.ones((int(patients.max()) + 1, 1)))
    drawn = bootstrap_rounds(measure, patients, np.random.default_rng(0), n_rounds)
    rounds = drawn["error"]
    errors, rises = [], []
    for number, value in enumerate(once["error"][0].tolist()):
        n_patients = len(np.unique(patients[row[level == number]]))
        low, high = interval_of_rounds(value, rounds[:, number], [n_patients])
        errors.append({"value": value, "low": low, "high": high})
    for number, value in enumerate(once["step"][0].tolist()):
        before, after = errors[number], errors[number + 1]
        together = correlation_of_rounds(rounds[:, number], rounds[:, number + 1])
        low, high = difference_interval(before, after, together)
        rises.append({"value": value, "low": low, "high": high})
    # Without a mixture, the first step up from training is the variance, whatever its end.
    last = SITE_TEST if other_site else PUBLISHED_TEST if published_test else CHOICE
    kinds = [VARIANCE, *({VALIDATION: MISMATCH, TEST: last}[to] for to in names[2:])]
    steps: list[dict[str, Any]] = [
        {"name": kind, "to": to, **rise}
        for (kind, _), to, rise in zip(kinds, names[1:], rises, strict=True)
    ]
    advice = [advice for _, advice in kinds]
    return {
        "levels": [
            {"name": name, "n": int((level == number).sum()), "error": errors[number]}
            for number, name in enumerate(names)
        ],
        "steps": steps,
        "verdict": _evaluate(errors[0]["value"], steps, advice),
    }


def leave_out_test(analysis: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error analysis as it is before the test set is looked at: its level is left out.

    Args:
        analysis: as `analyse_errors` returns it.
    """
    levels = [level for level in analysis["levels"] if level["name"] != TEST]
    steps = [dict(step) for step in analysis["steps"] if step["to"] != TEST]
    if len(levels) < 2:
        return {"levels": levels, "steps": [], "verdict": ""}
    advice = dict((VARIANCE, MISMATCH))
    verdict = _evaluate(levels[0]["error"]["value"], steps, [advice[s["name"]] for s in steps])
    return {"levels": levels, "steps": steps, "verdict": verdict}


def _draw_classes(
    rows: pd.DataFrame, level: Ints, row: Ints, patients: Ints, n_levels: int
) -> Callable[[Floats], Floats]:
    """Return what measures the share of wrong images on each level, for many rounds at once.

    Args:
        rows: all predictions.
        level: int, shape (m,): of each image of each level, which level.
        row: int, shape (m,): which row.
        patients: int, shape (n,): of each row.
        n_levels: how many.
    """
    wrong = (rows["predicted"] != rows["actual"]).to_numpy(dtype="int64")
    n_patients = int(patients.max()) + 1
    answers = tally_images(2 * level + wrong[row], patients[row], 2 * n_levels, n_patients)

    def measure(draws: Floats) -> Floats:
        right_or_wrong = (answers @ draws).T.reshape(-1, n_levels, 2)
        with np.errstate(invalid="ignore"):  # a level may have no image in a round: NaN
            errors: Floats = right_or_wrong[..., 1] / right_or_wrong.sum(axis=-1)
        return errors

    return measure


def _draw_findings(
    rows: pd.DataFrame,
    called: NDArray[np.bool_],
    level: Ints,
    row: Ints,
    patients: Ints,
    n_levels: int,
) -> Callable[[Floats], Floats] | None:
    """Return the same of a multi-label task; None where no finding is to be had on every level."""
    classes = classes_of(rows)
    states = states_of(rows, classes)
    n_findings, n_patients = len(classes), int(patients.max()) + 1
    at, finding = np.nonzero(states[row] != UNKNOWN_STATE)
    outcome = 2 * states[row[at], finding] + called[row[at], finding]
    kinds = (level[at] * n_findings + finding) * len(OUTCOMES) + outcome
    n_kinds = n_levels * n_findings * len(OUTCOMES)
    answers = tally_images(kinds, patients[row[at]], n_kinds, n_patients)
    shape = (-1, n_levels, n_findings, len(OUTCOMES))
    recalled = figures_of_counts(answers.sum(axis=1).reshape(shape)[0])["balanced_accuracy"]
    everywhere = ~np.isnan(recalled).any(axis=0)
    if not everywhere.any():
        return None

    def measure(draws: Floats) -> Floats:
        counts = (answers @ draws).T.reshape(shape)[:, :, everywhere]
        return 1 - mean_of_known(figures_of_counts(counts)["balanced_accuracy"])

    return measure


def _levels_of(rows: pd.DataFrame, sources: pd.Series) -> dict[str, pd.Series]:
    """Return level -> its rows: four where the target domain is held out, else three."""
    subset = {name: rows["subset"] == name for name in ("training", "validation", "test")}
    own = rows["image_id"].map(sources) == TARGET_DOMAIN
    mixed = subset["validation"] & own
    if mixed.any() and (subset["validation"] & ~own).any():
        # Where no target-domain image was learnt from, held out of the same mixture is what is
        # external: so it was in the thesis' own union.
        alike = subset["validation"]
        if not (subset["training"] & own).any():
            alike &= ~own
        return {
            TRAINING: subset["training"],
            TRAIN_DEV: alike,
            VALIDATION: mixed,
            TEST: subset["test"],
        }
    return {TRAINING: subset["training"], VALIDATION: subset["validation"], TEST: subset["test"]}


def _evaluate(training_error: float, steps: list[dict[str, Any]], advice: list[str]) -> str:
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
