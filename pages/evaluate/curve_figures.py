"""The figures of one class of a run, drawn once for a state of its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from plotly.graph_objects import Figure

from pages.components.recipe_words import metric_name
from pages.evaluate.finding_scores import name_metric
from pages.evaluate.matrix import read_evaluated
from pages.evaluate.scores import OTHER_SCALES, format_figure
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.one_class import OneClass, measure_class, pick_class
from xray_core.evaluation.published import compare_headline, find_points
from xray_core.evaluation.reliability import score_histograms
from xray_core.evaluation.thresholds.kept import find_kept
from xray_core.figures.colors import color_classes
from xray_core.figures.curves import (
    HEIGHT,
    list_pale,
    plot_calibration,
    plot_precision_band,
    plot_roc_band,
    plot_scores,
    plot_thresholds,
)
from xray_core.figures.evaluation import plot_intervals
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run

WITHOUT = "no "  # begins the name of the images without a finding
ROW_HEIGHT = 22  # px
FILES = ("predictions.parquet", "report.json", "recipe.json", "threshold.json", "thresholds.json")


@dataclass(frozen=True)
class Drawn:
    """One figure; read-only and shared.

    Attributes:
        title: of its section.
        note: behind the title.
        figure: what is drawn.
    """

    title: str
    note: str
    figure: Figure


def draw_class(run: Run, recipe: Recipe, report: dict[str, Any], name: str) -> list[Drawn]:
    """Return the figures of a class: the curves only where images are of both kinds.

    Args:
        run: evaluated.
        recipe: its own.
        report: the one that is shown; its subset is the one whose predictions are read.
        name: of the class.

    Raises:
        RunError: its predictions cannot be read.
    """
    stamps = tuple(stamp_file(str(run.folder / file)) for file in FILES)
    return _draw(str(run.folder), stamps, report["subset"], name, run, recipe, report)


# To resample takes longer than all else on the page.
@st.cache_resource(max_entries=32, show_spinner=False)
def _draw(
    folder: str,
    stamps: tuple[object, ...],
    subset: str,
    name: str,
    _run: Run,
    _recipe: Recipe,
    _report: dict[str, Any],
) -> list[Drawn]:
    table = read_evaluated(_run, subset)
    images = pick_class(table, name)
    drawn = _draw_curves(_run, images, name, _recipe, _report) if images.shows_both else []
    if len(images.scores):
        kinds, codes = [f"{WITHOUT}{name}", name], images.is_class.astype("int64")
        if not _report.get("multilabel"):
            kinds = list(_report["classes"])
            places = {kind: k for k, kind in enumerate(kinds)}
            codes = table["actual"].map(places).to_numpy("int64")
        counts = score_histograms(codes, images.scores, len(kinds))
        figure = plot_scores(counts, kinds, name, _report["classes"])
        drawn.append(Drawn("Probabilities", "by true class", figure))
    rows = _rows_with_marks(_report, _recipe)
    intervals = plot_intervals(rows).update_layout(height=max(HEIGHT, 90 + ROW_HEIGHT * len(rows)))
    drawn.append(Drawn("Metrics", "with 95% intervals", intervals))
    return drawn


def _draw_curves(
    run: Run, images: OneClass, name: str, recipe: Recipe, report: dict[str, Any]
) -> list[Drawn]:
    curves = measure_class(images)
    [row] = [row for row in report["per_class"] if row["class"] == name]
    color = color_classes(report["classes"])[name]
    n, n_class = len(images.is_class), int(images.is_class.sum())
    average = row.get("average_precision")
    area = report["roc"].get(name, {}).get("area") or row.get("auc")
    error = row.get("calibration_error")  # a report that has none: without its interval
    if not isinstance(error, dict):
        error = {"value": curves.calibration.error, "low": None, "high": None}
    thresholds = _name_thresholds(run, report, row)
    marks = [_mark(images, threshold, words) for threshold, words in thresholds.items()]
    others = {}
    if len(report["classes"]) > 2 and not report.get("multilabel"):
        others = list_pale(report, name)
    points = [point for point in find_points(recipe, report) if point.positive == name]
    return [
        Drawn(
            "ROC curve",
            f"{n_class:,} of {n:,}",
            plot_roc_band(curves.roc, name, color, area, points, others, marks),
        ),
        Drawn(
            "Precision and recall",
            f"{n_class / n:.0%} have it",
            plot_precision_band(curves.precision, name, color, n_class / n, average),
        ),
        Drawn(
            "Calibration",
            f"ECE {format_figure('calibration_error', error)}",
            plot_calibration(curves.calibration, name, color),
        ),
        Drawn("Thresholds", "", plot_thresholds(curves.rates, name, thresholds)),
    ]


def _name_thresholds(
    run: Run, report: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[float, str]:
    """Return threshold -> name: the one of the figures, and one kept for predictions if another.

    Empty where the most probable of several classes is right.
    """
    if report.get("multilabel"):
        used, kept = row["threshold"], find_kept(run, row["class"])
    elif len(report["classes"]) == 2:
        used, kept = DEFAULT_THRESHOLD, find_kept(run)
    else:
        return {}
    named = {} if used is None else {float(used): f"called from {used:.2f} on"}
    if kept is not None and kept not in named:
        named[kept] = f"kept: from {kept:.2f} on"
    return named


def _mark(images: OneClass, threshold: float, words: str) -> tuple[float, float, str]:
    """Return where a threshold stands on a ROC curve, and what that point is called."""
    called = images.scores >= threshold
    recall, false_rate = (called[kind].mean() for kind in (images.is_class, ~images.is_class))
    return float(false_rate), float(recall), words


def _rows_with_marks(report: dict[str, Any], recipe: Recipe) -> list[dict[str, Any]]:
    name_of = name_metric if report.get("multilabel") else metric_name
    rows: dict[str, dict[str, Any]] = {
        key: {"name": name_of(key), **figure, "marks": {}}
        for key, figure in report["metrics"].items()
        if key not in OTHER_SCALES
    }
    # Of two classes the sensitivity and the specificity say the same; findings have a table.
    has_recalls = "sensitivity" not in rows and not report.get("multilabel")
    for row in report["per_class"] if has_recalls else ():
        key = f"recall_{row['class']}"
        rows[key] = {"name": metric_name(key), **row["recall"], "marks": {}}
    if majority := report.get("majority"):
        rows["accuracy"]["marks"][f"always {majority['class']}"] = majority["accuracy"]
    baseline = report.get("columns_baseline", {}).get("metrics", {})
    for key, figure in baseline.items():
        if key in rows and figure["value"] is not None:
            rows[key]["marks"]["columns alone"] = figure["value"]
    same = _name_same(report)
    for metric in compare_headline(recipe, report):
        key = same.get(metric["key"], metric["key"])
        if key not in rows and metric["ours"]["low"] is not None:  # a precision
            rows[key] = {"name": metric_name(key), **metric["ours"], "marks": {}}
        if key in rows:
            rows[key]["marks"]["published"] = metric["published"]
    return list(rows.values())


def _name_same(report: Mapping[str, Any]) -> dict[str, str]:
    """Return which figures of a class are metrics of two classes under another name."""
    if "sensitivity" not in report["metrics"]:
        return {}
    positive = str(report["positive"])
    [negative] = [name for name in report["classes"] if name != positive]
    return {
        f"recall_{positive}": "sensitivity",
        f"recall_{negative}": "specificity",
        f"precision_{positive}": "ppv",
        f"precision_{negative}": "npv",
        f"f1_{positive}": "f1",
    }
