"""A run's result on another dataset, beside that on its own test set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure
from streamlit.delta_generator import DeltaGenerator

from pages.components.figure import show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import metric_name
from pages.evaluate.finding_scores import show_finding_table
from pages.evaluate.findings import show_findings
from pages.evaluate.matrix import read_evaluated, show_cells
from pages.evaluate.scores import NO_SHARES, OTHER_SCALES, format_figure, show_class_table
from pages.evaluate.verdict import format_absent, show_verdict_line
from xray_core.evaluation.external_steps import compare_elsewhere, subtract
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.external import read_notes
from xray_core.tasks import TASKS

EXTERNAL, OWN = "external", "its own test set"


def show_external(place: Run, recipe: Recipe, own: dict[str, Any], line: DeltaGenerator) -> None:
    """Show the verdict, the confusion matrix with its images, and the figures beside the own ones.

    Args:
        place: the evaluation; see `runs.external`.
        recipe: of the run.
        own: the run's own report.
        line: where the verdict goes.
    """
    with show_errors():
        notes, report = read_notes(place), place.read_report()
        predictions = read_evaluated(place, report["subset"])
        there = replace(
            recipe,
            dataset=notes["dataset"],
            task=notes["task"],
            data_folder=notes["folder"],
            selection="",
        )
    report = {**report, "subset": EXTERNAL}
    with line:
        show_verdict_line(report)
    if words := format_absent(report):
        st.warning(escape_markdown(words), icon=":material/warning:")
    if report.get("multilabel"):
        show_findings(place, there, report, predictions)
    else:
        show_cells(place, there, report, predictions)
    _show_details(place, recipe, report, own, notes)


@st.fragment(key="external_details")
def _show_details(
    place: Run, recipe: Recipe, report: dict[str, Any], own: dict[str, Any], notes: dict[str, Any]
) -> None:
    names = ("Beside its own dataset", "Each class", "How it was evaluated")
    beside, classes, conditions = st.tabs(names, key="external_tabs", on_change="rerun")
    if beside.open:
        with beside:
            _show_comparison(str(place.folder), report, own)
    if classes.open:
        with classes:
            if report.get("multilabel"):
                show_finding_table(report, recipe, place.name)
            else:
                show_class_table(report)
    if conditions.open:
        with conditions:
            _show_conditions(notes, report)


def _show_comparison(folder: str, report: dict[str, Any], own: dict[str, Any]) -> None:
    title = OWN if own["subset"] == "test" else "its own validation set"
    figures = [
        (metric_name(key), key, own["metrics"].get(key), figure)
        for key, figure in report["metrics"].items()
    ]
    if report.get("multilabel"):
        before = {row["class"]: row["auc"] for row in own["per_class"]}
        figures = [(f"mean {name}", *rest) for name, *rest in figures]
        figures += [
            (f"AUC of {escape_markdown(row['class'])}", "auc", before.get(row["class"]), row["auc"])
            for row in report["per_class"]
        ]
    table = pd.DataFrame(
        {
            "figure": name,
            title: format_figure(key, before) if before else "–",
            "here": format_figure(key, after),
            "difference": _format_difference(key, before, after),
        }
        for name, key, before, after in figures
    )
    st.table(
        table.set_index("figure"),
        border="horizontal",
        alt="Figures here and on the run's own dataset",
    )
    if words := compare_elsewhere(own, report):
        st.markdown(escape_markdown(words))
    st.caption(
        "In brackets 95% intervals, patients resampled. A difference whose interval holds 0 may be "
        "chance."
    )
    if not report.get("multilabel"):
        _show_charts(folder, report, own, title)


def _show_charts(folder: str, report: dict[str, Any], own: dict[str, Any], title: str) -> None:
    intervals, roc = _plot(folder, report, own, title)
    name = Path(folder).name
    source = f"on {name}, n = {report['n']:,}, and {title}, n = {own['n']:,}"
    left, right = st.columns(2, gap="medium")
    with left:
        show_figure(
            intervals,
            f"{name}-metrics",
            f"Metrics here and on {title}",
            title="Metrics",
            note="with 95% intervals",
            source=source,
        )
    with right:
        show_figure(
            roc,
            f"{name}-roc",
            f"ROC curves here and on {title}",
            title="ROC curve",
            note=f"here n = {report['n']:,}; dotted: {title}, n = {own['n']:,}",
            source=f"on {name}",
        )


def _format_difference(key: str, before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    """Return the difference with its interval; the two were measured on different patients."""
    step = subtract(before, after) if before else {}
    value, low, high = (step.get(end) for end in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    if key.startswith(NO_SHARES):
        return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"{100 * value:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


@st.cache_resource(max_entries=16, show_spinner=False)
def _plot(
    folder: str, _report: dict[str, Any], _own: dict[str, Any], title: str
) -> tuple[Figure, Figure]:
    rows = [
        {"name": metric_name(key), **figure, "marks": _mark(_own["metrics"].get(key), title)}
        for key, figure in _report["metrics"].items()
        if key not in OTHER_SCALES
    ]
    roc = plot_roc(_report)
    for curve in plot_roc(_own).data[:-1]:  # the last is chance
        curve.update(name=f"{curve.name}, {title}", line={"dash": "dot", "width": 1.5})
        roc.add_trace(curve)
    return plot_intervals(rows), roc


def _mark(figure: dict[str, Any] | None, title: str) -> dict[str, float]:
    return {title: figure["value"]} if figure and figure["value"] is not None else {}


def _show_conditions(notes: dict[str, Any], report: dict[str, Any]) -> None:
    task = TASKS.get(notes["task"])
    st.markdown(
        f"**{escape_markdown(Path(notes['folder']).name)}** · "
        f"{escape_markdown(task.question if task else notes['task'])}"
    )
    rows = [
        {
            "class of the dataset": escape_markdown(name),
            "counts as": escape_markdown(meant),
            "images": f"{notes['counts'].get(name, 0):,}",
            "because": escape_markdown(notes["reasons"].get(name, "")),
        }
        for name, meant in notes["classes"].items()
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Classes as they count")
    for words in (*notes["left_out"], *notes["remarks"]):
        st.markdown(escape_markdown(words))
    if left_out := report["left_out"]:
        st.markdown(f"Images that could not be read and are left out of n: {len(left_out):,}")
        st.caption(escape_markdown(", ".join(left_out)))
    st.caption(
        "Preprocessing, calibration and the mean over mirrored images are those of the run; "
        "nothing was chosen on these images."
    )
