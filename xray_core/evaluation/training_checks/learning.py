"""Checks of the training loss: nothing is learned, it rises, jumps, or is no number."""

import numpy as np

from xray_core.audit.issue import count_of
from xray_core.evaluation.training_checks.advice import (
    higher_rate,
    is_too_high,
    is_too_low,
    lower_rate,
)
from xray_core.evaluation.training_checks.guessing import standard_error
from xray_core.evaluation.training_checks.history import (
    LASTING_EPOCHS,
    N_STANDARD_ERRORS,
    SETTLED_STEPS,
    CheckResult,
    TrainingHistory,
)
from xray_core.models import MODELS
from xray_core.recipes.usual import USUAL_RATES

# A network that has learned anything useful is this much below guessing; the thesis' stuck run
# 6.6 ends at 1.2099, and guessing its four classes costs 1.2095.
MIN_LOSS_GAIN = 0.03
SLOW_START_EPOCHS = 5  # epochs that a slow start may take
# Healthy small trainings jump up by a third from one epoch to the next now and then.
LOSS_RISE_FACTOR = 1.5
# Of the loss of a fresh network: twice nearly nothing is still nearly nothing.
MIN_LOSS_RISE = 0.2
EXPLODED_LOSS = 3.0  # times the loss of a fresh network; healthy first epochs end at one or two
FALLING = 0.9  # times the loss of the epoch before: it has not come to rest
HIGH_LOSS = 2.0  # times the loss of a fresh network, for good


def check_finite(history: TrainingHistory) -> list[CheckResult]:
    """Find a loss that is no number any more."""
    for name, values in (("training", history.loss), ("validation", history.val_loss)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            return [
                CheckResult(
                    kind="not_finite",
                    severity="serious",
                    title="The loss is no number any more: the training has diverged.",
                    evidence=f"The {name} loss of epoch {history.epochs[bad[0]]} is "
                    f"{values[bad[0]]}.",
                    advice=lower_rate(history.phase),
                )
            ]
    return []


def check_learning(history: TrainingHistory) -> list[CheckResult]:
    """Find a training loss that explodes, rises or jumps, or stays at that of guessing."""
    for check in (_check_far_above, _check_rising, _check_jumps, _check_nothing_learned):
        if result := check(history):
            return [result]  # the others would say the same in other words
    return []


def _check_far_above(history: TrainingHistory) -> CheckResult | None:
    """Find a loss that exploded and has not become better than guessing since."""
    guess, fresh, last = history.guess_loss, history.fresh_loss, history.loss[-LASTING_EPOCHS:]
    if len(history) < LASTING_EPOCHS or _is_slow(history):
        return None
    # A loss that is falling yet may come down.
    exploded = (
        history.loss[0] >= EXPLODED_LOSS * fresh
        and last.min() >= (1 - MIN_LOSS_GAIN) * guess
        and last[-1] > FALLING * last[-2]
    )
    stays = last.min() >= HIGH_LOSS * fresh and last[-1] > 0.8 * last[0]
    if not (exploded and (history.is_settled or history.ended)) and not (
        stays and len(history) >= SLOW_START_EPOCHS
    ):
        return None
    return CheckResult(
        kind="high_learning_rate",
        severity="serious",
        title="The training loss stays far above guessing: probably the learning rate is too high."
        if stays
        else "The training loss exploded, and it learns nothing since: probably the learning rate "
        "is too high.",
        evidence=f"The first epoch's training loss was {history.loss[0]:.4g}, the last epoch's "
        f"{last[-1]:.4g}; guessing costs {guess:.3f}. {_format_rate(history)}",
        advice=lower_rate(history.phase),
    )


def _check_rising(history: TrainingHistory) -> CheckResult | None:
    """Find a training loss that has left its best for good."""
    if len(history) <= LASTING_EPOCHS or not history.is_settled:
        return None
    best = int(history.loss[:-LASTING_EPOCHS].argmin())
    lowest, last = history.loss[best], history.loss[-LASTING_EPOCHS:]
    if last.min() < max(LOSS_RISE_FACTOR * lowest, lowest + MIN_LOSS_RISE * history.fresh_loss):
        return None
    return CheckResult(
        kind="diverging",
        severity="serious",
        title="The training loss rises: the training diverges.",
        evidence=f"It was {lowest:.4g} in epoch {history.epochs[best]} and is {last[-1]:.4g} in "
        f"epoch {history.epochs[-1]}, above {last.min():.4g} for {LASTING_EPOCHS} epochs. "
        f"{_format_rate(history)}",
        advice=lower_rate(history.phase),
    )


def _check_jumps(history: TrainingHistory) -> CheckResult | None:
    """Find a training loss that jumps up again and again."""
    loss = history.loss[history.recent]
    rises = np.diff(loss)
    jumps = np.flatnonzero(
        (loss[1:] >= LOSS_RISE_FACTOR * loss[:-1]) & (rises >= MIN_LOSS_RISE * history.fresh_loss)
    )
    if len(jumps) < 2:
        return None
    highest = jumps[rises[jumps].argmax()]
    epochs = history.epochs[history.recent]
    return CheckResult(
        kind="high_learning_rate",
        severity="warning",
        title="The training loss jumps up again and again: perhaps the learning rate is too high.",
        evidence=f"It jumped {len(jumps)} times in the last {len(loss)} epochs, most from "
        f"{loss[highest]:.4g} to {loss[highest + 1]:.4g} in epoch {epochs[highest + 1]}. "
        f"{_format_rate(history)}",
        advice=lower_rate(history.phase),
    )


def _check_nothing_learned(history: TrainingHistory) -> CheckResult | None:
    """Find a network that is no better than one answer for all images."""
    if len(history) < SLOW_START_EPOCHS or not (history.ended or history.is_settled):
        return None
    guess, loss = history.guess_loss, history.loss[-SLOW_START_EPOCHS:]
    accuracy = float(history.accuracy[-SLOW_START_EPOCHS:].mean())
    n, majority = history.n_training, history.guess_accuracy
    # Dropout and augmentation raise the training loss: validation must say the same.
    learned = (
        loss.min() < (1 - MIN_LOSS_GAIN) * guess
        or history.val_loss.min() < (1 - MIN_LOSS_GAIN) * history.val_guess_loss
        or accuracy > majority + N_STANDARD_ERRORS * standard_error(majority, n)
        or history.ranks
    )
    if learned:
        return None
    kind, title = "no_learning", "It has learned nothing yet: it is no better than guessing."
    advice = "Look on the Prepare page at what the network sees, and on Audit at the labels. "
    if is_too_high(history.phase):
        kind, title = "high_learning_rate", "It learns nothing: probably the learning rate is too "
        title, advice = f"{title}high.", lower_rate(history.phase)
    elif is_too_low(history.phase):
        kind, title = "low_learning_rate", "It learns nothing: probably the learning rate is too "
        title, advice = f"{title}low.", higher_rate(history.phase)
    elif int(history.steps[-1]) < SETTLED_STEPS:
        advice = f"Set phases.{history.phase.name}.epochs={history.phase.epochs * 3}."
    elif not MODELS[history.recipe.model].pretrained:
        advice += "Or begin with pretrained weights: model=mobilenet_v2, weights=imagenet."
    else:
        advice += f"Or {lower_rate(history.phase)[0].lower()}{lower_rate(history.phase)[1:]}"
    return CheckResult(
        kind=kind,
        severity="serious",
        title=title,
        evidence=f"After {count_of(len(history), 'epoch')} the training loss is {loss[-1]:.4f}; "
        "one answer for "
        f"all images costs {guess:.4f}. Training accuracy {accuracy:.1%}; always answering the "
        f"{'more' if history.multilabel else 'most'} frequent "
        f"{'state of each finding' if history.multilabel else 'class'} gives {majority:.1%}. "
        f"{_format_rate(history)}",
        advice=advice.strip(),
    )


def _is_slow(history: TrainingHistory) -> bool:
    """Whether the learning rate is below what is usual, so that a high loss is no explosion."""
    return history.phase.learning_rate < USUAL_RATES[history.phase.optimizer][0]


def _format_rate(history: TrainingHistory) -> str:
    phase = history.phase
    low, high = USUAL_RATES[phase.optimizer]
    return (
        f"The learning rate is {phase.learning_rate:g}; {low:g} to {high:g} is usual for "
        f"{phase.optimizer}."
    )
