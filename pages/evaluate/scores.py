"""How good a finished run is: figures with intervals, baseline and published result beside them."""

from typing import Any

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from pages.components.frame import escape_markdown
from pages.components.recipe_words import METRIC_NAMES, metric_name
from pages.components.small_type import show_section
from xray_core.evaluation.published import compare_headline, find_points
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.recipes import Recipe
from xray_core.runs import Run

QUIET = {"displayModeBar": False}
# Metrics, and those of a class by the beginning of their keys, that are shown as 0.852.
NO_SHARES = (
    *("auc", "average_precision", "f1", "loss"),
    *("mcc", "brier", "log_loss", "calibration_error"),
)


def format_metrics(report: dict[str, Any]) -> dict[str, str]:
    """Return the name of each metric with its value, its interval and nothing to look up."""
    rows = {}
    for key, figure in report["metrics"].items():
        name = METRIC_NAMES.get(key, key)
        rows[name[0].upper() + name[1:]] = format_figure(key, figure)
    return rows


def show_charts(run: Run, report: dict[str, Any], recipe: Recipe) -> None:
    """Show the metrics as intervals beside what they are compared with, and the ROC curves."""
    intervals, roc = _plot(f"{run.folder} {report['subset']}", _stamp(run), report, recipe)
    left, right = st.columns(2, gap="medium")
    with left:
        show_section("Metrics", "with 95% intervals")
        st.plotly_chart(
            intervals,
            config=QUIET,
            alt="Metrics with 95% intervals beside baseline and published figures",
        )
    with right:
        show_section("ROC curve", f"{report['subset']} set, n = {report['n']:,}")
        st.plotly_chart(roc, config=QUIET, alt="Recall against false positive rate of each class")
    if points := find_points(recipe, report):
        kinds = dict.fromkeys(f"{point.kind}s" for point in points)
        st.caption(
            f"The points are published {' and '.join(kinds)}, on other images or readings; each "
            "says its own when pointed at."
        )


# A figure is built once for a report: that takes longer than all else on the page.
@st.cache_resource(max_entries=32, show_spinner=False)
def _plot(
    folder: str, stamp: tuple[int, int], _report: dict[str, Any], _recipe: Recipe
) -> tuple[Figure, Figure]:
    return plot_intervals(_rows_with_marks(_report, _recipe)), plot_roc(
        _report, find_points(_recipe, _report)
    )


def _stamp(run: Run) -> tuple[int, int]:
    report, recipe = run.folder / "report.json", run.folder / "recipe.json"
    return report.stat().st_mtime_ns, recipe.stat().st_mtime_ns


def show_class_table(report: dict[str, Any]) -> None:
    """Show each class' figures, each with its interval."""
    st.table(
        pd.DataFrame(
            [
                {
                    "class": escape_markdown(row["class"]),
                    "recall (sensitivity)": format_figure("recall", row["recall"]),
                    "precision (PPV)": format_figure("precision", figure_of(row, "precision")),
                    "specificity": format_figure("specificity", figure_of(row, "specificity")),
                    "F1": format_figure("f1", figure_of(row, "f1")),
                    "n": f"{row['n']:,}",
                }
                for row in report["per_class"]
            ]
        ).set_index("class"),
        border="horizontal",
        alt="Recall, precision, specificity and F1 with intervals, and n of each class",
    )
    st.caption(
        "In brackets 95% intervals: patients resampled, or Wilson's where that cannot swing."
    )


def figure_of(row: dict[str, Any], kind: str) -> dict[str, float | None]:
    """Return a class' precision, specificity or F1 with its interval.

    Reports of older runs have none for some of them: then its ends are None.
    """
    return {
        "value": row[kind],
        "low": row.get(f"{kind}_low"),
        "high": row.get(f"{kind}_high"),
    }


def format_figure(key: str, figure: dict[str, float | None]) -> str:
    """Return a figure and its interval, e.g. "85.2% (79.1% to 90.3%)"."""
    value = format_value(key, figure["value"])
    if figure["low"] is None:
        return value
    return f"{value} ({format_interval(key, figure)})"


def format_value(key: str, value: float | None) -> str:
    """Return a metric's value: shares of images as "85.2%", the others as "0.852"."""
    if value is None:
        return "–"
    return f"{value:.3f}" if key.startswith(NO_SHARES) else f"{value:.1%}"


def format_interval(key: str, figure: dict[str, float | None]) -> str:
    """Return the interval of a metric, e.g. "79.1% to 90.3%"."""
    if figure["low"] is None or figure["high"] is None:
        return "cannot be computed"
    return f"{format_value(key, figure['low'])} to {format_value(key, figure['high'])}"


def _rows_with_marks(report: dict[str, Any], recipe: Recipe) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {
        key: {"name": metric_name(key), **figure, "marks": {}}
        for key, figure in report["metrics"].items()
    }
    for row in report["per_class"]:
        key = f"recall_{row['class']}"
        rows[key] = {"name": metric_name(key), **row["recall"], "marks": {}}
    majority = report["majority"]
    rows["accuracy"]["marks"][f"always {majority['class']}"] = majority["accuracy"]
    for metric in compare_headline(recipe, report):
        if metric["key"] not in rows and metric["ours"]["low"] is not None:  # a precision
            name = metric_name(metric["key"])
            rows[metric["key"]] = {"name": name, **metric["ours"], "marks": {}}
        if metric["key"] in rows:
            rows[metric["key"]]["marks"]["published"] = metric["published"]
    return list(rows.values())
