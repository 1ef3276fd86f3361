"""Checks of what is called in a multi-label task: nothing on any image, or some finding never."""

from xray_core.evaluation.training_checks.answers import balance_or_slow_down
from xray_core.evaluation.training_checks.collapse import MIN_IMAGES, FindingScores
from xray_core.evaluation.training_checks.history import (
    LASTING_EPOCHS,
    CheckResult,
    TrainingHistory,
)


def check_calls(history: TrainingHistory) -> list[CheckResult]:
    """Find a network that answers none to every image, or all images alike, or never some finding.

    Rare findings are seldom above 0.5 in a good network, too: as long as it ranks the images, the
    thresholds that are chosen at last decide what is called.
    """
    lasting = history.findings[-LASTING_EPOCHS:]
    if len(lasting) < LASTING_EPOCHS or not (history.is_settled or history.ended):
        return []
    if all(scores.is_constant for scores in lasting):
        return [_alike(history, lasting[-1])]
    if history.report is not None:
        return _never_called(history)
    if any(scores.n_called for scores in lasting):
        return []
    return [_none_called(history, lasting[-1])]


def _alike(history: TrainingHistory, scores: FindingScores) -> CheckResult:
    none = "none to every image" if not scores.n_called else "the same to every image"
    return CheckResult(
        kind="answers_alike",
        severity="serious",
        title=f"It answers {none}: each finding has nearly the same probability on all of them.",
        evidence=f"On {scores.n_images:,} validation images the probabilities of a finding vary by "
        f"{scores.spreads.max():.2g} at most (standard deviation). It was so in each of the last "
        f"{LASTING_EPOCHS} epochs. {_format_area(scores)}",
        advice=balance_or_slow_down(history),
    )


def _none_called(history: TrainingHistory, scores: FindingScores) -> CheckResult:
    """Return that nothing is called at 0.5: serious where the order of the images tells nothing."""
    n_present = int(scores.present_absent[:, 0].sum())
    ranks = history.ranks
    words = (
        "It ranks the images better than chance, so that the thresholds that are chosen at the end "
        "may still call them."
        if ranks
        else "Nor does it rank the images better than chance."
    )
    return CheckResult(
        kind="answers_none",
        severity="warning" if ranks else "serious",
        title="It answers none to every image: no probability reaches 0.5.",
        evidence=f"On {scores.n_images:,} validation images, {n_present:,} findings are present "
        f"and none is called, in each of the last {LASTING_EPOCHS} epochs. {_format_area(scores)} "
        f"{words}",
        advice=balance_or_slow_down(history),
    )


def _never_called(history: TrainingHistory) -> list[CheckResult]:
    """Find findings that the final thresholds call on no image that shows them."""
    report = history.report or {}
    missed = [
        row
        for row in report.get("per_class", [])
        if row["n"] >= MIN_IMAGES and row["recall"]["value"] == 0
    ]
    if not missed:
        return []
    names = ", ".join(row["class"] for row in missed)
    counts = "; ".join(f"{row['class']}: none of {row['n']:,}" for row in missed)
    return [
        CheckResult(
            kind="never_called",
            severity="warning",
            title=f"It never calls {names} where it is present.",
            evidence=f"Of the {report['subset']} images that show it, it calls {counts}.",
            advice=balance_or_slow_down(history),
        )
    ]


def _format_area(scores: FindingScores) -> str:
    areas = [area for area in scores.areas.tolist() if area == area]
    if not areas:
        return "No AUC can be had."
    return f"The mean AUC is {sum(areas) / len(areas):.3f}; chance gives 0.500."
