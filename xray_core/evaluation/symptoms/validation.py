"""Symptoms beside the validation part: by heart, unsteady, too good, too few, not its own."""

import numpy as np

from xray_core.audit.finding import count_of
from xray_core.evaluation.symptoms.advice import calm_down, learn_by_heart_less
from xray_core.evaluation.symptoms.answers import only_answer
from xray_core.evaluation.symptoms.course import (
    LASTING,
    N_ERRORS,
    Course,
    Symptom,
    standard_error,
)
from xray_core.splits import LEAKY_METHODS
from xray_core.wilson import wilson_interval

# The loss of one image varies by about 0.7 around the mean of n; a rise by two standard errors.
LOSS_SPREAD = 1.5
OVERFIT_RISE = 0.1  # of the lowest validation loss; less is the wear of a long training
OVERFIT_FALL = 0.1  # of the training loss since then: it goes on learning something
# Accuracy in training above that in validation: a few points are usual in good trainings.
OVERFIT_GAP = 0.15
SWING = 0.10  # accuracy lost from one epoch to the next, beyond what chance explains
LOSS_SWING = 2.0  # times the validation loss of the epoch before
N_SWINGS = 2  # one setback may be followed by a better epoch
# Dropout and augmentation make training harder than validation: 5 to 10 points are common.
TOO_GOOD = 0.15
WIDE = 0.20  # width of the 95% interval of accuracy: plus or minus ten points
FEW = 10  # validation images of a class: one of them is ten points of its hit rate


def check_overfitting(course: Course) -> list[Symptom]:
    """Find a network that goes on learning its training images by heart."""
    # A network that collapsed in validation has another illness.
    if not course.is_settled or only_answer(course.confusions[-1]) is not None:
        return []
    n, last = course.n_validation, slice(-LASTING, None)
    accuracy, val_accuracy = course.accuracy[last].mean(), course.val_accuracy[last].mean()
    best = int(course.val_loss.argmin())
    lowest = course.val_loss[best]
    least = lowest + max(OVERFIT_RISE * lowest, LOSS_SPREAD / np.sqrt(n))
    rises = (
        course.val_loss[last].min() >= least  # so the best epoch is before these
        and np.median(course.loss[best + 1 :]) <= (1 - OVERFIT_FALL) * course.loss[best]
    )
    error = standard_error(float(val_accuracy), n)
    apart = accuracy - val_accuracy >= OVERFIT_GAP + N_ERRORS * error
    if not rises and not apart:
        return []
    evidence = (
        f"Since epoch {course.epochs[best]} the validation loss has risen from {lowest:.3f} to "
        f"{course.val_loss[-1]:.3f}, while the training loss went from {course.loss[best]:.3f} "
        f"to {course.loss[-1]:.3f}. "
        if rises
        else ""
    )
    unmended = course.recipe.judged_epoch == "last" and not course.recipe.calibrate
    return [
        Symptom(
            kind="overfitting",
            severity="serious" if unmended else "worth knowing",
            title="It learns its training images by heart: it over-fits.",
            evidence=f"{evidence}Over the last {LASTING} epochs it is right for {accuracy:.1%} "
            f"of the training images and for {val_accuracy:.1%} of the validation images.",
            advice=learn_by_heart_less(course.recipe, course.phase),
        )
    ]


def check_swings(course: Course) -> list[Symptom]:
    """Find a validation that swings from epoch to epoch far more than chance does."""
    recent, n = course.recent, course.n_validation
    accuracy, loss = course.val_accuracy[recent], course.val_loss[recent]
    if len(accuracy) <= N_SWINGS:
        return []
    # The same images are judged each time, so chance does even less than that.
    chance = float(np.sqrt(2)) * standard_error(float(accuracy.mean()), n)
    falls = int((np.diff(accuracy) <= -max(SWING, N_ERRORS * chance)).sum())
    higher, lower = loss[1:] / loss[:-1], loss[:-1] / loss[1:]
    clear = np.abs(np.diff(loss)) >= 2 * LOSS_SPREAD / np.sqrt(n)
    ups = int(((higher >= LOSS_SWING) & clear).sum())
    downs = int(((lower >= LOSS_SWING) & clear).sum())
    if falls < N_SWINGS and (ups < N_SWINGS or not downs):
        return []
    training = course.accuracy[recent]
    epochs = course.epochs[recent]
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
        Symptom(
            kind="unstable_validation",
            severity="worth knowing",
            title="The validation swings from epoch to epoch far more than chance explains.",
            evidence=f"{evidence} The kept epoch may be a lucky one.",
            advice=calm_down(course.recipe, course.phase),
        )
    ]


def check_too_good(course: Course) -> list[Symptom]:
    """Find a validation that is far better than training, again and again."""
    recent, n = course.recent, course.n_validation
    validation, training = course.val_accuracy[recent], course.accuracy[recent]
    if len(validation) <= LASTING:
        return []
    # Accuracy in training is the mean while the epoch went on; the next epoch begins with the
    # weights that were validated, so that a fast learner is not suspected.
    fair = np.maximum(training[:-1], training[1:])
    ahead = validation[:-1] - fair
    error = standard_error(float(validation.mean()), n)
    suspicious = np.flatnonzero(ahead >= TOO_GOOD + N_ERRORS * error)
    if len(suspicious) < LASTING:
        return []
    most = suspicious[ahead[suspicious].argmax()]
    epochs = course.epochs[recent]
    if course.leaks:
        advice = "The split leaks, which may be all of it: set split.method=clean."
    elif course.recipe.augment.is_none:
        advice = "Set split.seed to another number: if it stays, the cause is not this split."
    else:
        advice = (
            "Set augment.zoom=0, augment.rotation=0 and augment.shift=0: if training catches up, "
            "it was the augmentation. If not, try another split.seed."
        )
    return [
        Symptom(
            kind="validation_too_good",
            severity="serious",
            title="Validation is far better than training: that is suspicious.",
            evidence=f"In {len(suspicious)} of the last {len(validation)} epochs it was ahead by "
            f"more than {100 * TOO_GOOD:.0f} points and chance, most in epoch {epochs[most]}: "
            f"{validation[most]:.1%} in validation, {fair[most]:.1%} in training. Possible causes: "
            "a validation part that is easier, has other shares of the classes or copies of "
            "training images; very strong augmentation or dropout; training labels that are mixed "
            "up.",
            advice=advice,
        )
    ]


def check_size(course: Course) -> list[Symptom]:
    """Find a validation part that is too small to tell one epoch, or recipe, from another."""
    n, counts = course.n_validation, course.val_counts
    if len(course) < LASTING or not n:
        return []
    low, high = wilson_interval(course.kept_accuracy * n, n)
    smallest = int(counts.argmin())
    if high - low <= WIDE and counts[smallest] >= FEW:
        return []
    few = (
        f" Of {course.name(smallest)} there {'is' if counts[smallest] == 1 else 'are'} only "
        f"{count_of(int(counts[smallest]), 'image')}."
        if counts[smallest] < FEW
        else ""
    )
    share = course.recipe.split.validation
    wish = min(0.3, round(2 * share, 2))
    advice = "Use more images; whole patients count."
    if wish > share and wish + course.recipe.split.test < 1:
        advice = f"Set split.validation={wish:g}, or use more images."
    return [
        Symptom(
            kind="small_validation",
            severity="worth knowing",
            title=f"The validation part is small: {count_of(n, 'image')}.",
            evidence=f"The accuracy of the kept epoch {course.kept_epoch}, "
            f"{course.kept_accuracy:.1%}, may be anything from {low:.0%} to {high:.0%} (95% "
            f"interval).{few}",
            advice=advice,
        )
    ]


def check_split(leaks: int | None, method: str, grouped_by: str) -> list[Symptom]:
    """Find a split that has one patient in several parts, or may have.

    Args:
        leaks: patients or identical files in several parts; None if nobody counted.
        method: of the split.
        grouped_by: what the split keeps together, in words.
    """
    if leaks:
        return [
            Symptom(
                kind="leaky_split",
                severity="serious",
                title="The split leaks: the network is judged on what it was trained on.",
                evidence=f"{leaks:,} patients or identical files are in several parts, so it "
                "scores too well.",
                advice="Set split.method=clean.",
            )
        ]
    # With patients known, a count of none is the proof; without them it proves nothing.
    if leaks == 0 and method in LEAKY_METHODS and grouped_by.startswith("image"):
        return [
            Symptom(
                kind="split_by_image",
                severity="worth knowing",
                title="The split does not keep the images of a patient together.",
                evidence=f"split.method is {method}. No patient was found in several parts, but "
                "not all patients may be known.",
                advice="Set split.method=clean.",
            )
        ]
    return []
