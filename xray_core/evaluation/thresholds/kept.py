"""The threshold that is kept with a run, and that Predict goes by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xray_core.errors import RunError
from xray_core.evaluation.multilabel import read_thresholds
from xray_core.evaluation.thresholds.images import CHOSEN_ON
from xray_core.files import utc_now
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.findings_shapes import Thresholds

FILE = "threshold.json"


@dataclass(frozen=True)
class KeptThreshold:
    """threshold.json of a run on two classes.

    Attributes:
        value: in [0, 1]; the second class is the answer where its probability reaches it.
        rule: one of `rules.RULES`.
        chosen_on: the subset it was chosen on.
        words: how it was chosen, for a person.
        by: who keeps it; "" if nobody said.
        time: ISO, UTC.
    """

    value: float
    rule: str
    chosen_on: str = CHOSEN_ON
    words: str = ""
    by: str = ""
    time: str = ""


def read_threshold(run: Run) -> KeptThreshold | None:
    """Return the threshold kept with a run; None where the most probable class is the answer.

    Raises:
        RunError: its file is damaged.
    """
    if not run.holds(FILE):
        return None
    kept = run.read_record(FILE, KeptThreshold)
    if not 0 <= kept.value <= 1:
        raise RunError(
            f"{run.folder / FILE} is damaged: its threshold {kept.value} is not from 0 to 1. "
            "Keep one anew, or delete the file."
        )
    return kept


def find_kept(run: Run, finding: str = "") -> float | None:
    """Return the threshold that predictions with a run go by; None where none is kept.

    Args:
        run: finished.
        finding: of a multi-label task; "" for a task on two classes.

    Raises:
        RunError: its file is damaged.
    """
    if finding:
        limits = read_thresholds(run)
        value = limits["thresholds"].get(finding) if limits else None
        return None if value is None else float(value)
    kept = read_threshold(run)
    return kept.value if kept else None


def format_kept(run: Run, report: Mapping[str, Any]) -> str:
    """Return that another threshold is kept than the one that a report's figures are of; else "".

    Args:
        run: finished.
        report: of it.

    Raises:
        RunError: the file of what is kept is damaged.
    """
    if report.get("multilabel"):
        others = [
            row["class"]
            for row in report["per_class"]
            if row["threshold"] is not None
            and find_kept(run, row["class"]) not in (None, row["threshold"])
        ]
        if not others:
            return ""
        return (
            f"Other thresholds are kept for predictions of {', '.join(others)}; the figures here "
            "are of those that were chosen when the training ended."
        )
    kept = find_kept(run) if len(report["classes"]) == 2 else None
    if kept is None:
        return ""
    return (
        f"A threshold of {kept:.4g} is kept for predictions; the figures here are of the most "
        "probable class."
    )


def write_threshold(run: Run, kept: KeptThreshold) -> None:
    """Keep a threshold with a run on two classes, instead of the one before.

    Args:
        run: finished.
        kept: without a time it is stamped with the present one.

    Raises:
        OSError: the disk refuses.
    """
    run.write_json(FILE, asdict(kept) | {"time": kept.time or utc_now()})


def forget_threshold(run: Run) -> None:
    """Let the most probable class be the answer again; no error if nothing was kept."""
    (run.folder / FILE).unlink(missing_ok=True)


def write_finding_threshold(run: Run, name: str, kept: KeptThreshold) -> None:
    """Keep the threshold of one finding of a multi-label task; the others stay as they are.

    Args:
        run: evaluated.
        name: of the finding.
        kept: its new threshold, and how it was chosen.

    Raises:
        RunError: the run has no thresholds, or not of that finding.
        OSError: the disk refuses.
    """
    thresholds = read_thresholds(run)
    if thresholds is None or name not in thresholds["thresholds"]:
        raise RunError(f"{run.name} has no threshold of {name}. Let its training end first.")
    changed: Thresholds = {
        **thresholds,
        "thresholds": thresholds["thresholds"] | {name: kept.value},
        "fallback": [other for other in thresholds.get("fallback", []) if other != name],
        "by_hand": thresholds.get("by_hand", {}) | {name: kept.words},
    }
    run.write_json("thresholds.json", changed)


def find_obstacle(recipe: Recipe) -> str:
    """Return why a run can keep no threshold; "" where it can.

    >>> from xray_core.recipes import PUBLISHED
    >>> find_obstacle(PUBLISHED["demo_cnn"])
    ''
    """
    n_classes = len(recipe.class_names)
    if recipe.multilabel or n_classes == 2:
        return ""
    return (
        f"With {n_classes} classes the answer is the most probable one: a threshold of one class "
        "against the rest would not say which of the rest it is."
    )


def keep_threshold(run: Run, recipe: Recipe, name: str, kept: KeptThreshold) -> None:
    """Keep a threshold where Predict looks for it.

    Args:
        run: evaluated.
        recipe: its own.
        name: the class or finding that it is a threshold of.
        kept: the threshold, and how it was chosen.

    Raises:
        RunError: the task has more than two classes, or the class is not the second.
        OSError: the disk refuses.
    """
    if obstacle := find_obstacle(recipe):
        raise RunError(obstacle)
    if recipe.multilabel:
        write_finding_threshold(run, name, kept)
        return
    if name != recipe.class_names[1]:
        raise RunError(f"A threshold is kept of {recipe.class_names[1]}, not of {name}.")
    write_threshold(run, kept)
