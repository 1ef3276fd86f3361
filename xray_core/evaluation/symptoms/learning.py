"""Symptoms in the training loss: nothing is learned, it rises, jumps, or is no number."""

import numpy as np

from xray_core.evaluation.symptoms.advice import (
    higher_rate,
    is_too_high,
    is_too_low,
    lower_rate,
)
from xray_core.evaluation.symptoms.course import (
    LASTING,
    N_ERRORS,
    SETTLED_STEPS,
    Course,
    Symptom,
    entropy,
    standard_error,
)
from xray_core.models import MODELS
from xray_core.recipes.usual import USUAL_RATES

# A network that has learned anything useful is this much below guessing; the thesis' stuck run
# 6.6 ends at 1.2099, and guessing its four classes costs 1.2095.
NO_GAIN = 0.03
PATIENCE = 5  # epochs that a slow start may take
# Healthy small trainings jump up by a third from one epoch to the next now and then.
RISE = 1.5
# Of the loss of a fresh network: twice nearly nothing is still nearly nothing.
MIN_RISE = 0.2
EXPLODED = 3.0  # times the loss of a fresh network; healthy first epochs end at one or two
FAR_ABOVE = 2.0  # times the loss of a fresh network, for good


def check_finite(course: Course) -> list[Symptom]:
    """Find a loss that is no number any more."""
    for name, values in (("training", course.loss), ("validation", course.val_loss)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            return [
                Symptom(
                    kind="not_finite",
                    severity="serious",
                    title="The loss is no number any more: the training has diverged.",
                    evidence=f"The {name} loss of epoch {course.epochs[bad[0]]} is "
                    f"{values[bad[0]]}.",
                    advice=lower_rate(course.phase),
                )
            ]
    return []


def check_learning(course: Course) -> list[Symptom]:
    """Find a training loss that explodes, rises or jumps, or stays at that of guessing."""
    for check in (_check_far_above, _check_rising, _check_jumps, _check_nothing_learned):
        if found := check(course):
            return [found]  # the others would say the same in other words
    return []


def _check_far_above(course: Course) -> Symptom | None:
    """Find a loss that exploded and has not become better than guessing since."""
    guess, fresh, last = course.guess_loss, course.fresh_loss, course.loss[-LASTING:]
    if len(course) < LASTING or _is_slow(course):
        return None
    exploded = course.loss[0] >= EXPLODED * fresh and last.min() >= (1 - NO_GAIN) * guess
    # A loss that is falling yet may come down.
    stays = last.min() >= FAR_ABOVE * fresh and last[-1] > 0.8 * last[0]
    if not (exploded and (course.is_settled or course.ended)) and not (
        stays and len(course) >= PATIENCE
    ):
        return None
    return Symptom(
        kind="high_learning_rate",
        severity="serious",
        title="The training loss stays far above guessing: probably the learning rate is too high."
        if stays
        else "The training loss exploded, and it learns nothing since: probably the learning rate "
        "is too high.",
        evidence=f"The first epoch's training loss was {course.loss[0]:.4g}, the last epoch's "
        f"{last[-1]:.4g}; guessing costs {guess:.3f}. {_rate_in_words(course)}",
        advice=lower_rate(course.phase),
    )


def _check_rising(course: Course) -> Symptom | None:
    """Find a training loss that has left its best for good."""
    if len(course) <= LASTING or not course.is_settled:
        return None
    best = int(course.loss[:-LASTING].argmin())
    lowest, last = course.loss[best], course.loss[-LASTING:]
    if last.min() < max(RISE * lowest, lowest + MIN_RISE * course.fresh_loss):
        return None
    return Symptom(
        kind="diverging",
        severity="serious",
        title="The training loss rises: the training diverges.",
        evidence=f"It was {lowest:.4g} in epoch {course.epochs[best]} and is {last[-1]:.4g} in "
        f"epoch {course.epochs[-1]}, above {last.min():.4g} for {LASTING} epochs. "
        f"{_rate_in_words(course)}",
        advice=lower_rate(course.phase),
    )


def _check_jumps(course: Course) -> Symptom | None:
    """Find a training loss that jumps up again and again."""
    loss = course.loss[course.recent]
    rises = np.diff(loss)
    jumps = np.flatnonzero((loss[1:] >= RISE * loss[:-1]) & (rises >= MIN_RISE * course.fresh_loss))
    if len(jumps) < 2:
        return None
    highest = jumps[rises[jumps].argmax()]
    epochs = course.epochs[course.recent]
    return Symptom(
        kind="high_learning_rate",
        severity="worth knowing",
        title="The training loss jumps up again and again: perhaps the learning rate is too high.",
        evidence=f"It jumped {len(jumps)} times in the last {len(loss)} epochs, most from "
        f"{loss[highest]:.4g} to {loss[highest + 1]:.4g} in epoch {epochs[highest + 1]}. "
        f"{_rate_in_words(course)}",
        advice=lower_rate(course.phase),
    )


def _check_nothing_learned(course: Course) -> Symptom | None:
    """Find a network that is no better than one answer for all images."""
    if len(course) < PATIENCE or not (course.ended or course.is_settled):
        return None
    guess, loss = course.guess_loss, course.loss[-PATIENCE:]
    accuracy = float(course.accuracy[-PATIENCE:].mean())
    n = int(course.train_counts.sum())
    majority = float(course.train_counts.max() / max(n, 1))
    # Dropout and augmentation raise the training loss: validation must say the same.
    learned = (
        loss.min() < (1 - NO_GAIN) * guess
        or course.val_loss.min() < (1 - NO_GAIN) * entropy(course.val_counts)
        or accuracy > majority + N_ERRORS * standard_error(majority, n)
    )
    if learned:
        return None
    kind, title = "no_learning", "It has learned nothing yet: it is no better than guessing."
    advice = "Look on the Prepare page at what the network sees, and on Audit at the labels. "
    if is_too_high(course.phase):
        kind, title = "high_learning_rate", "It learns nothing: probably the learning rate is too "
        title, advice = f"{title}high.", lower_rate(course.phase)
    elif is_too_low(course.phase):
        kind, title = "low_learning_rate", "It learns nothing: probably the learning rate is too "
        title, advice = f"{title}low.", higher_rate(course.phase)
    elif int(course.steps[-1]) < SETTLED_STEPS:
        advice = f"Set phases.{course.phase.name}.epochs={course.phase.epochs * 3}."
    elif not MODELS[course.recipe.model].pretrained:
        advice += "Or begin with pretrained weights: model=mobilenet_v2, weights=imagenet."
    else:
        advice += f"Or {lower_rate(course.phase)[0].lower()}{lower_rate(course.phase)[1:]}"
    return Symptom(
        kind=kind,
        severity="serious",
        title=title,
        evidence=f"After {len(course)} epochs the training loss is {loss[-1]:.4f}; one answer for "
        f"all images costs {guess:.4f}. Training accuracy {accuracy:.1%}; always answering the "
        f"most frequent class gives {majority:.1%}. {_rate_in_words(course)}",
        advice=advice.strip(),
    )


def _is_slow(course: Course) -> bool:
    """Whether the learning rate is below what is usual, so that a high loss is no explosion."""
    return course.phase.learning_rate < USUAL_RATES[course.phase.optimizer][0]


def _rate_in_words(course: Course) -> str:
    phase = course.phase
    low, high = USUAL_RATES[phase.optimizer]
    return (
        f"The learning rate is {phase.learning_rate:g}; {low:g} to {high:g} is usual for "
        f"{phase.optimizer}."
    )
