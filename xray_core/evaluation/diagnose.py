"""What goes wrong in a training, read from what it has recorded so far.

Nothing is said before there is enough to go by: a wrong warning costs more trust than a late one
costs time. Each threshold stands, with its reason, beside the check that uses it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from xray_core.audit.issue import SEVERITIES
from xray_core.evaluation.training_checks.advice import lower_rate
from xray_core.evaluation.training_checks.answers import check_answers
from xray_core.evaluation.training_checks.calls import check_calls
from xray_core.evaluation.training_checks.history import (
    LASTING_EPOCHS,
    CheckResult,
    TrainingHistory,
)
from xray_core.evaluation.training_checks.learning import check_finite, check_learning
from xray_core.evaluation.training_checks.reading import read_history
from xray_core.evaluation.training_checks.validation import (
    check_overfitting,
    check_size,
    check_split,
    check_swings,
    check_too_good,
    check_watched,
)
from xray_core.evaluation.training_checks.weights import check_weights
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status
from xray_core.runs.opening import needs_opening

# What a check looks for, in words -> the check.
CHECKS: dict[str, Callable[[TrainingHistory], list[CheckResult]]] = {
    "no learning, a learning rate too high or too low, a rising loss": check_learning,
    "one class predicted for every image, or some class never": check_answers,
    "of several findings none called on any image, or some never": check_calls,
    "overfitting": check_overfitting,
    "an unsteady validation loss or accuracy": check_swings,
    "validation far better than training": check_too_good,
    "too few validation images": check_size,
}
# These need no finished epoch.
LOOKED_FOR = (
    *CHECKS,
    "a split that leaks",
    "a test set that is watched as the validation set",
    "starting weights that have seen what is evaluated",
)
# Of these three a run that draws masks knows as well; the others are about classes.
NOT_OF_CLASSES = LOOKED_FOR[len(CHECKS) :]
DIVERGED = "the training diverged"  # the recorder's words for a loss that is no number
MIN_EPOCHS = LASTING_EPOCHS


def diagnose(
    epochs: pd.DataFrame,
    recipe: Recipe,
    data: Mapping[str, Any] | None = None,
    report: Mapping[str, Any] | None = None,
    status: Status | None = None,
) -> list[CheckResult]:
    """Return what seems to go wrong, most serious first; empty while nothing can be said.

    Args:
        epochs: one row per finished epoch, as `Run.read_epochs` returns them.
        recipe: the run's.
        data: what data.json holds; None: it is not there yet.
        report: what report.json holds; None: there is none yet.
        status: of the run; None: it is running.
    """
    known = data or {}
    results = check_split(
        known.get("groups_in_several_subsets"),
        recipe.split.method,
        str(known.get("grouped_by", "")),
        known.get("leaks"),
        known.get("joined"),
    )
    results += check_watched(recipe.split)
    results += check_weights(known.get("starting_weights"))
    ended = status is not None and status.has_ended
    if status is not None and status.state == "failed" and DIVERGED in status.message:
        results += _not_finite(recipe, status)
    elif len(epochs) and not recipe.asks_masks:
        history = read_history(epochs, recipe, data, report, ended)
        if not_finite := check_finite(history):
            results += not_finite  # no curve can be read then
        else:
            results += [result for check in CHECKS.values() for result in check(history)]
    return sorted(results, key=lambda result: SEVERITIES.index(result.severity))


def list_looked_for(recipe: Recipe) -> tuple[str, ...]:
    """Return what `diagnose` looks for in a training of this recipe, in words."""
    if recipe.asks_masks:
        return ("a loss that is no number", *NOT_OF_CLASSES)
    return LOOKED_FOR


def diagnose_run(run: Run, epochs: pd.DataFrame | None = None) -> list[CheckResult]:
    """Return what seems to go wrong in `run`, from its folder; see `diagnose`.

    Args:
        run: in any state.
        epochs: its epochs, where the caller has read them.

    Raises:
        RunError: its status, its recipe or what it wrote of the data or the result is damaged.
    """
    if epochs is None:
        epochs = run.read_epochs()
    status = run.read_status()
    data = run.read_data() if run.holds("data.json") else None
    # A run that was resumed still has its old report until the new one is written.
    evaluated = status.state == "done" and run.holds("report.json")
    report = read_checked_report(run) if evaluated else None
    return diagnose(epochs, run.read_recipe(), data, report, status)


def read_checked_report(run: Run) -> Mapping[str, Any] | None:
    """Return the report that the checks go by: of the validation set, for they say what to change.

    None where an older run has none of it; its epochs tell then.

    Raises:
        RunError: it is not there, or damaged.
    """
    report = run.read_report()
    return report.get("validation") if needs_opening(report) else report


def _not_finite(recipe: Recipe, status: Status) -> list[CheckResult]:
    phase = next(
        (candidate for candidate in recipe.phases if candidate.name == status.phase),
        recipe.phases[0],
    )
    return [
        CheckResult(
            kind="not_finite",
            severity="serious",
            title="The loss is no number any more: the training has diverged.",
            evidence=status.message.split(":")[0] + ".",
            advice=lower_rate(phase),
        )
    ]
