"""A run's figures beside those that the source of its recipe published, and how far both compare.

What is published stands in `literature`; what of ours belongs beside it is found here: the report
itself, the figures of one phase on the validation set, or the error on the training images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xray_core.literature import NO, PublishedPoint, PublishedResult, compute_figures, results_of
from xray_core.literature import reader_points as published_points
from xray_core.literature.result import PARTLY, YES
from xray_core.recipes import Recipe
from xray_core.recipes.titles import field_title

Figure = Mapping[str, float | None]  # value, low, high
DATA_FIELDS = ("split", "selection", "task")  # of a recipe: which images are in which subset
NO_PHASES = "This run was evaluated by an earlier version, without figures for each phase."
NOT_MEASURED = "Ours were not measured on this subset."
CLOSED = "Ours were measured, but the test set is closed: they stand here once it is opened."


@dataclass(frozen=True)
class Comparison:
    """A published result, and what of a run belongs beside it.

    Attributes:
        published: the figures, their images and where they stand.
        figures: ours, name -> value, low and high (None: there is no interval).
        confusion: ours, in the order of the published classes; empty where there is none.
        n_images: how many ours are; 0 where there is nothing of ours.
        subset: of ours; "" where there is nothing.
        same_images: whether both are of the same images: "yes", "no" or "partly".
        why: why not.
        missing: why there is nothing of ours; "" where there is.
        headline: whether it is the result that stands beside ours elsewhere.
    """

    published: PublishedResult
    figures: Mapping[str, Figure]
    confusion: tuple[tuple[int, ...], ...]
    n_images: int
    subset: str
    same_images: str
    why: str
    missing: str
    headline: bool


def compare_with_source(
    recipe: Recipe, report: Mapping[str, Any], *, closed: bool = False
) -> list[Comparison]:
    """Return every published result of a recipe with ours beside it, in the source's order.

    Args:
        recipe: of the run; of a changed one the figures are those of the recipe it was made from.
        report: of the run, as `report.report_run` returns it.
        closed: whether it is of the validation set because the test set is not opened.
    """
    rows = results_of(recipe.parent or recipe.name)
    headline = _headline(rows)
    compared = [_compare(row, row is headline, rows, recipe, report) for row in rows]
    return [
        replace(row, missing=CLOSED)
        if closed and row.missing == NOT_MEASURED and row.published.subset == "test"
        else row
        for row in compared
    ]


def compare_headline(recipe: Recipe, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recipe's published figures beside ours.

    Returns:
        Rows of key, published, and ours (value, low, high); figures that the report lacks, such
        as the recall of a class that another task renamed, are left out.
    """
    ours = figures_of(report)
    return [
        {"key": key, "published": value, "ours": ours[key]}
        for key, value in recipe.published.items()
        if key in ours
    ]


def find_points(recipe: Recipe, report: Mapping[str, Any]) -> tuple[PublishedPoint, ...]:
    """Return the published readers and networks that belong beside a run's ROC curves.

    Empty where the run answers another question than theirs.
    """
    if len(report["classes"]) > 2 and not report.get("multilabel"):
        return ()
    points = published_points(recipe.parent or recipe.name)
    return tuple(point for point in points if point.positive in report["roc"])


def figures_of(report: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the metrics of a report and those of each class, by the keys of published figures."""
    ours: dict[str, Figure] = dict(report["metrics"])
    for row in report["per_class"]:
        for kind in ("recall", "precision", "specificity", "f1", "auc", "average_precision"):
            if kind in row:
                figure = row[kind]
                ours[f"{kind}_{row['class']}"] = (
                    figure
                    if isinstance(figure, Mapping)
                    else {
                        "value": figure,
                        "low": row.get(f"{kind}_low"),
                        "high": row.get(f"{kind}_high"),
                    }
                )
    return ours


def _headline(rows: Sequence[PublishedResult]) -> PublishedResult | None:
    """Return the result after the last phase, on the test set if there is one."""
    for subset in ("test", "validation"):
        there = [row for row in rows if row.subset == subset and row.recipe == rows[0].recipe]
        if there:
            return next(row for row in there if row.phase == there[-1].phase)
    return None


def _compare(
    row: PublishedResult,
    headline: bool,
    rows: Sequence[PublishedResult],
    recipe: Recipe,
    report: Mapping[str, Any],
) -> Comparison:
    figures, confusion, n_images, subset, missing = _find_ours(row, rows, report)
    classes = list(report["classes"])
    if confusion and set(row.classes or classes) == set(classes):
        order = [classes.index(name) for name in row.classes or classes]
        confusion = [[confusion[i][j] for j in order] for i in order]
    else:
        confusion = []
    same, why = _compare_images(row, recipe, n_images, subset)
    return Comparison(
        row, figures, tuple(map(tuple, confusion)), n_images, subset, same, why, missing, headline
    )


def _find_ours(
    row: PublishedResult, rows: Sequence[PublishedResult], report: Mapping[str, Any]
) -> tuple[Mapping[str, Figure], list[list[int]], int, str, str]:
    """Return our figures, confusion matrix, number of images and subset, and why there are none."""
    measured = [other for other in rows if other.subset != "training"]
    last = [other for other in measured if other.recipe == row.recipe][-1:]
    after_all = not row.phase or (bool(last) and last[0].phase == row.phase)
    of_subset = row.subset == report["subset"] or not any(
        other.subset == report["subset"] for other in measured
    )
    if row.subset != "training" and after_all and of_subset:
        confusion = report.get("confusion") or []
        return figures_of(report), confusion, report["n"], report["subset"], ""
    if row.subset == "training":
        levels = (report.get("error_analysis") or {}).get("levels", [])
        for level in levels:
            if level["name"] == "training" and after_all:
                return {"accuracy": _invert(level["error"])}, [], level["n"], "training", ""
        return {}, [], 0, "", NOT_MEASURED
    if row.subset == "validation":
        phases = report.get("phases")
        for phase in phases or ():
            if phase["name"] == row.phase:
                confusion = phase.get("confusion") or []
                areas = phase.get("finding_auc", {})
                figures = {
                    **_without_intervals(confusion, report["classes"]),
                    **phase["metrics"],
                    **{f"auc_{name}": area for name, area in areas.items()},
                }
                return figures, confusion, phase["n"], "validation", ""
        return {}, [], 0, "", NOT_MEASURED if phases else NO_PHASES
    return {}, [], 0, "", NOT_MEASURED


def _without_intervals(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> Any:
    if not confusion or not all(map(sum, confusion)):  # a class without an image has no recall
        return {}
    figures = compute_figures(tuple(map(tuple, confusion)), tuple(classes))
    return {key: {"value": value, "low": None, "high": None} for key, value in figures.items()}


def _invert(error: Figure) -> Figure:
    """Return the accuracy of an error rate."""
    value, low, high = (error[key] for key in ("value", "low", "high"))
    return {
        "value": None if value is None else 1 - value,
        "low": None if high is None else 1 - high,
        "high": None if low is None else 1 - low,
    }


def _compare_images(
    row: PublishedResult, recipe: Recipe, n_images: int, subset: str
) -> tuple[str, str]:
    """Return whether ours are the published images, and why not."""
    if not n_images:
        return row.same_images, row.images_note
    changed = [
        field_title(name) for name in recipe.changes if name.partition(".")[0] in DATA_FIELDS
    ]
    if changed:
        return NO, f"The recipe was changed: {', '.join(changed)}. {row.images_note}".strip()
    if subset != row.subset:
        return NO, f"Theirs validated the training, ours are of the {subset} set. {row.images_note}"
    if row.same_images == YES and row.n_images not in (0, n_images):
        return PARTLY, f"Of the {row.n_images:,}, ours are {n_images:,}. {row.images_note}".strip()
    few = row.same_images == PARTLY and n_images < row.n_images
    return row.same_images, f"{row.images_note} Here: {n_images:,}." if few else row.images_note
