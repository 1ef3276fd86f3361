"""Checks of what is predicted: one class for every image, or some class never."""

import numpy as np

from xray_core.evaluation.training_checks.advice import is_too_high, lower_rate
from xray_core.evaluation.training_checks.collapse import MIN_IMAGES, Ints, only_answer
from xray_core.evaluation.training_checks.history import (
    LASTING_EPOCHS,
    SETTLED_STEPS,
    CheckResult,
    TrainingHistory,
)

# A class counts as never answered below a fiftieth of its images. The thesis' 6.9 answers its
# rarest class for 40 images where 328 are: too seldom, but not never.
NEVER_ANSWERED_SHARE = 0.02


def never_answered(confusion: Ints) -> list[int]:
    """Return the classes that (nearly) no image is taken for, though it has enough of them."""
    n, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        int(k) for k in np.flatnonzero((n >= MIN_IMAGES) & (answered <= NEVER_ANSWERED_SHARE * n))
    ]


def check_answers(history: TrainingHistory) -> list[CheckResult]:
    """Find a network that answers one class only, or never some class."""
    if history.multilabel:
        return []  # see `calls`
    # What the report says of every image needs no epochs to be sure of.
    if history.report is not None:
        final = np.array(history.report["confusion"], dtype="int64")
        if only_answer(final) is not None:
            return [_one_class(history, final, f"{history.report['subset']} images", [])]
    lasting = history.confusions[-LASTING_EPOCHS:]
    if len(lasting) < LASTING_EPOCHS or not (history.is_settled or history.ended):
        return []
    only = [only_answer(confusion) for confusion in lasting]
    if history.report is not None:
        final = np.array(history.report["confusion"], dtype="int64")
        subset = f"{history.report['subset']} images"
        if None not in only:
            return [_collapsed_later(history, lasting[-1])]
        return _never(history, never_answered(final), final, subset)
    if None not in only:
        names = [history.name(k) for k in only if k is not None]
        return [_one_class(history, lasting[-1], "validation images", names)]
    never = set.intersection(*(set(never_answered(confusion)) for confusion in lasting))
    if only[-1] is not None:
        return []  # since the last epoch: too soon to tell which of the two it is
    return _never(history, sorted(never), lasting[-1], "validation images")


def _one_class(
    history: TrainingHistory, confusion: Ints, subset: str, names: list[str]
) -> CheckResult:
    words = _format_shares(history, confusion, subset)
    if len(set(names)) > 1:
        words += f" In the last {len(names)} epochs the one answer was: {', '.join(names)}."
    elif names:
        words += f" It was so in each of the last {len(names)} epochs."
    k = int(confusion.sum(axis=0).argmax())
    which = "one class, now this, now that," if len(set(names)) > 1 else history.name(k)
    how_many = "every" if confusion[:, k].sum() == confusion.sum() else "nearly every"
    return CheckResult(
        kind="one_class",
        severity="serious",
        title=f"It answers {which} to {how_many} image.",
        evidence=words,
        advice=balance_or_slow_down(history),
    )


def _collapsed_later(history: TrainingHistory, confusion: Ints) -> CheckResult:
    k = int(confusion.sum(axis=0).argmax())
    return CheckResult(
        kind="one_class_later",
        severity="warning",
        title=f"In its last epochs it answered {history.name(k)} to nearly every image.",
        evidence=f"{_format_shares(history, confusion, 'validation images')} The weights of "
        f"epoch {history.selected_epoch}, which are evaluated, do not.",
        advice=lower_rate(history.phase),
    )


def _never(
    history: TrainingHistory, classes: list[int], confusion: Ints, subset: str
) -> list[CheckResult]:
    if not classes:
        return []
    names = ", ".join(history.name(k) for k in classes)
    n, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    counts = "; ".join(f"{history.name(k)}: {answered[k]:,} answers to {n[k]:,}" for k in classes)
    return [
        CheckResult(
            kind="never_predicted",
            severity="warning",
            title=f"It never or hardly ever answers {names}.",
            evidence=f"Of {confusion.sum():,} {subset}, {counts} images.",
            advice=balance_or_slow_down(history),
        )
    ]


def _format_shares(history: TrainingHistory, confusion: Ints, subset: str) -> str:
    k = int(confusion.sum(axis=0).argmax())
    answered, total = confusion[:, k].sum(), confusion.sum()
    n_others = total - confusion[k].sum()
    missed = answered - confusion[k, k]
    others = f"all {n_others:,}" if missed == n_others else f"{missed:,} of the {n_others:,}"
    return (
        f"{answered:,} of {total:,} {subset} ({answered / total:.1%}) are taken for "
        f"{history.name(k)}, among them {others} of other classes."
    )


def balance_or_slow_down(history: TrainingHistory) -> str:
    """Return the advice against answers that are all alike."""
    if is_too_high(history.phase):
        return lower_rate(history.phase)
    if int(history.steps[-1]) < SETTLED_STEPS:
        return (
            f"It has taken {history.steps[-1]:,} steps only. Set phases.{history.phase.name}"
            f".epochs={history.phase.epochs * 3}."
        )
    if history.recipe.class_weights == "none":
        return f"Set class_weights=balanced. If that is not enough: {lower_rate(history.phase)}"
    return lower_rate(history.phase)
