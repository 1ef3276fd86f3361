"""Checks against the validation set: overfitting, swings, too good, too small, or it leaks."""

from collections.abc import Mapping

import numpy as np

from xray_core.audit.issue import count_of
from xray_core.evaluation.training_checks.advice import overfitting_advice, stability_advice
from xray_core.evaluation.training_checks.guessing import standard_error
from xray_core.evaluation.training_checks.history import (
    LASTING_EPOCHS,
    N_STANDARD_ERRORS,
    CheckResult,
    TrainingHistory,
)
from xray_core.splits import LEAKY_METHODS, SplitSpec, format_leaks
from xray_core.wilson import wilson_interval

OVERFIT_RISE = 0.1  # of the lowest validation loss; less is the wear of a long training
OVERFIT_FALL = 0.1  # of the training loss since then: it goes on learning something
# Accuracy in training above that in validation: a few points are usual in good trainings.
OVERFIT_GAP = 0.15
ACCURACY_SWING = 0.10  # accuracy lost from one epoch to the next, beyond what chance explains
LOSS_SWING = 2.0  # times the validation loss of the epoch before
N_SWINGS = 2  # one setback may be followed by a better epoch
# Dropout and augmentation make training harder than validation: 5 to 10 points are common.
TOO_GOOD_GAP = 0.15
WIDE_INTERVAL = 0.20  # width of the 95% interval of accuracy: plus or minus ten points
FEW_IMAGES = 10  # validation images of a class: one of them is ten points of its recall


def check_overfitting(history: TrainingHistory) -> list[CheckResult]:
    """Find a network that overfits: it goes on learning its training images alone."""
    # A network that collapsed in validation has another illness.
    if not history.is_settled or history.collapsed:
        return []
    n, last = history.n_validation, slice(-LASTING_EPOCHS, None)
    accuracy, val_accuracy = history.accuracy[last].mean(), history.val_accuracy[last].mean()
    best = int(history.val_loss.argmin())
    lowest = history.val_loss[best]
    least = lowest + max(OVERFIT_RISE * lowest, history.loss_spread / np.sqrt(n))
    rises = (
        history.val_loss[last].min() >= least  # so the best epoch is before these
        and np.median(history.loss[best + 1 :]) <= (1 - OVERFIT_FALL) * history.loss[best]
    )
    error = standard_error(float(val_accuracy), n)
    apart = accuracy - val_accuracy >= OVERFIT_GAP + N_STANDARD_ERRORS * error
    if not rises and not apart:
        return []
    evidence = (
        f"Since epoch {history.epochs[best]} the validation loss has risen from {lowest:.3f} to "
        f"{history.val_loss[-1]:.3f}, while the training loss went from {history.loss[best]:.3f} "
        f"to {history.loss[-1]:.3f}. "
        if rises
        else ""
    )
    what = "labels" if history.multilabel else "images"
    uncorrected = history.recipe.selected_epoch == "last" and not history.recipe.calibrate
    return [
        CheckResult(
            kind="overfitting",
            severity="serious" if uncorrected else "warning",
            title="It overfits: it knows the training set by now and gets worse on new images.",
            evidence=f"{evidence}Over the last {LASTING_EPOCHS} epochs it is right for "
            f"{accuracy:.1%} of the training {what} and for {val_accuracy:.1%} of the validation "
            f"{what}.",
            advice=overfitting_advice(history.recipe, history.phase),
        )
    ]


def check_swings(history: TrainingHistory) -> list[CheckResult]:
    """Find a validation that swings from epoch to epoch far more than chance does."""
    recent, n = history.recent, history.n_validation
    accuracy, loss = history.val_accuracy[recent], history.val_loss[recent]
    if len(accuracy) <= N_SWINGS:
        return []
    # The same images are evaluated each time, so chance does even less than that.
    chance = float(np.sqrt(2)) * standard_error(float(accuracy.mean()), n)
    falls = int((np.diff(accuracy) <= -max(ACCURACY_SWING, N_STANDARD_ERRORS * chance)).sum())
    higher, lower = loss[1:] / loss[:-1], loss[:-1] / loss[1:]
    clear = np.abs(np.diff(loss)) >= 2 * history.loss_spread / np.sqrt(n)
    ups = int(((higher >= LOSS_SWING) & clear).sum())
    downs = int(((lower >= LOSS_SWING) & clear).sum())
    if falls < N_SWINGS and (ups < N_SWINGS or not downs):
        return []
    training = history.accuracy[recent]
    epochs = history.epochs[recent]
    evidence = (
        f"From epoch {epochs[0]} to {epochs[-1]} the validation accuracy lay between "
        f"{accuracy.min():.1%} and {accuracy.max():.1%}; training kept between "
        f"{training.min():.1%} and {training.max():.1%}. "
    )
    if falls >= N_SWINGS:
        evidence += (
            f"It fell {falls} times from one epoch to the next, by up to "
            f"{-100 * np.diff(accuracy).min():.1f} points; on {n:,} images chance explains "
            f"{200 * chance:.1f}."
        )
    else:
        evidence += (
            f"The validation loss at least doubled {ups} times from one epoch to the next; it lay "
            f"between {loss.min():.3f} and {loss.max():.3f}."
        )
    return [
        CheckResult(
            kind="unstable_validation",
            severity="warning",
            title="The validation swings from epoch to epoch far more than chance explains.",
            evidence=f"{evidence} The selected epoch may be a lucky one.",
            advice=stability_advice(history.recipe, history.phase),
        )
    ]


def check_too_good(history: TrainingHistory) -> list[CheckResult]:
    """Find a validation that is far better than training, again and again."""
    recent, n = history.recent, history.n_validation
    validation, training = history.val_accuracy[recent], history.accuracy[recent]
    if len(validation) <= LASTING_EPOCHS:
        return []
    # Accuracy in training is the mean while the epoch went on; the next epoch begins with the
    # weights that were validated, so that a fast learner is not suspected.
    fair = np.maximum(training[:-1], training[1:])
    ahead = validation[:-1] - fair
    error = standard_error(float(validation.mean()), n)
    suspicious = np.flatnonzero(ahead >= TOO_GOOD_GAP + N_STANDARD_ERRORS * error)
    if len(suspicious) < LASTING_EPOCHS:
        return []
    most = suspicious[ahead[suspicious].argmax()]
    epochs = history.epochs[recent]
    if history.leaks:
        advice = "The split leaks, which may be all of it: set split.method=clean."
    elif history.recipe.augment.is_none:
        advice = "Set split.seed to another number: if it stays, the cause is not this split."
    else:
        advice = (
            "Set augment.zoom=0, augment.rotation=0 and augment.shift=0: if training catches up, "
            "it was the augmentation. If not, try another split.seed."
        )
    return [
        CheckResult(
            kind="validation_too_good",
            severity="serious",
            title="Validation is far better than training: that is suspicious.",
            evidence=f"In {len(suspicious)} of the last {len(validation)} epochs it was ahead by "
            f"more than {100 * TOO_GOOD_GAP:.0f} points and chance, most in epoch {epochs[most]}: "
            f"{validation[most]:.1%} in validation, {fair[most]:.1%} in training. Possible causes: "
            "a validation set that is easier, has other shares of the classes or copies of "
            "training images; very strong augmentation or dropout; training labels that are mixed "
            "up.",
            advice=advice,
        )
    ]


def check_watched(split: SplitSpec) -> list[CheckResult]:
    """Find a test set that is watched as the validation set.

    Args:
        split: how the run's dataset is divided.
    """
    if not split.validate_on_test:
        return []
    return [
        CheckResult(
            kind="watched_test",
            severity="warning",
            title="The test set is watched as the validation set, so nothing is left unseen.",
            evidence="split.validate_on_test is true: stops, and the epoch that is kept where that "
            "is the best one, are chosen by the images that the network is evaluated on.",
            advice="Expect less on new images. Set split.validate_on_test=false.",
        )
    ]


def check_size(history: TrainingHistory) -> list[CheckResult]:
    """Find a validation set that is too small to tell one epoch, or recipe, from another."""
    n, counts = history.n_validation, history.val_counts
    if len(history) < LASTING_EPOCHS or not n:
        return []
    if history.multilabel:
        return _check_findings(history)
    low, high = wilson_interval(history.selected_accuracy * n, n)
    smallest = int(counts.argmin())
    if high - low <= WIDE_INTERVAL and counts[smallest] >= FEW_IMAGES:
        return []
    few = (
        f" Of {history.name(smallest)} there {'is' if counts[smallest] == 1 else 'are'} only "
        f"{count_of(int(counts[smallest]), 'image')}."
        if counts[smallest] < FEW_IMAGES
        else ""
    )
    return [
        CheckResult(
            kind="small_validation",
            severity="warning",
            title=f"The validation set is small: {count_of(n, 'image')}.",
            evidence=f"The accuracy of the selected epoch {history.selected_epoch}, "
            f"{history.selected_accuracy:.1%}, may be anything from {low:.0%} to {high:.0%} (95% "
            f"interval).{few}",
            advice=_advise_more(history),
        )
    ]


def _check_findings(history: TrainingHistory) -> list[CheckResult]:
    """Find findings that too few validation images show for their AUC and threshold."""
    few = [(history.name(k), int(n)) for k, n in enumerate(history.val_counts) if n < FEW_IMAGES]
    if not few:
        return []
    counts = ", ".join(f"{name} {n:,}" for name, n in few)
    return [
        CheckResult(
            kind="small_validation",
            severity="warning",
            title=f"Few validation images show {', '.join(name for name, _ in few)}.",
            evidence=f"Of {history.n_validation:,} validation images that is: {counts}. "
            "Their AUC tells little, nor can a good threshold be chosen for them.",
            advice=_advise_more(history),
        )
    ]


def _advise_more(history: TrainingHistory) -> str:
    share = history.recipe.split.validation
    wish = min(0.3, round(2 * share, 2))
    if wish > share and wish + history.recipe.split.test < 1:
        return f"Set split.validation={wish:g}, or use more images."
    return "Use more images; whole patients count."


def check_split(
    leaks: int | None,
    method: str,
    grouped_by: str,
    kinds: Mapping[str, int | None] | None = None,
    joined: Mapping[str, int] | None = None,
) -> list[CheckResult]:
    """Find a split that has one patient or picture in several subsets, or may have.

    Args:
        leaks: groups of images that belong together in several subsets; None if nobody counted.
        method: of the split.
        grouped_by: what the split keeps together, in words.
        kinds: what these groups have in common, as `Leaks.to_dict` gives it; None if unknown.
        joined: of a clean split, what was kept together; see `training.data`.
    """
    if leaks and kinds and not any(n for kind, n in kinds.items() if kind != "near_identical"):
        # No proof of a leak: two people can look alike on small images, drawn ones all the more.
        return [
            CheckResult(
                kind="leaky_split",
                severity="warning",
                title="Images that look the same are in several subsets.",
                evidence=f"That is {format_leaks(kinds)}; of a copy the network knows the answer, "
                "so it may score a little too well.",
                advice="Set split.method=clean.",
            )
        ]
    if leaks:
        what = format_leaks(kinds) if kinds else f"{leaks:,} patients or identical files"
        return [
            CheckResult(
                kind="leaky_split",
                severity="serious",
                title="The split leaks: the network is evaluated on what it was trained on.",
                evidence=f"{what} are in several subsets, so it scores too well.",
                advice="Set split.method=clean.",
            )
        ]
    if left := (joined or {}).get("left_apart"):
        return [
            CheckResult(
                kind="copies_left_apart",
                severity="warning",
                title="Some images that look the same may be in several subsets.",
                evidence=f"{count_of(left, 'pair')} of images look the same, but hang together in "
                "a chain too long to be one picture, so they were not joined.",
                advice="Look at them on Audit; leave out what shows nothing.",
            )
        ]
    # With patients known, a count of none is the proof; without them it proves nothing.
    unknown = grouped_by.startswith("image") or " where known" in grouped_by
    if leaks == 0 and method in LEAKY_METHODS and unknown:
        return [
            CheckResult(
                kind="split_by_image",
                severity="warning",
                title="The split may not keep the images of a patient together.",
                evidence=f"split.method is {method}. No patient was found in several subsets, but "
                "not all patients are known.",
                advice="Set split.method=clean.",
            )
        ]
    return []
