"""The threshold that is kept with a run, and that Predict goes by."""

from dataclasses import asdict, dataclass

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
