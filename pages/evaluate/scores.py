"""How good a finished run is: figures with intervals, baseline and published result beside them."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.frame import escape_markdown
from pages.components.recipe_words import METRIC_NAMES, metric_name
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.glossary import explain
from xray_core.recipes import PUBLISHED, Recipe

QUIET = {"displayModeBar": False}


def show_scores(report: dict[str, Any], recipe: Recipe) -> None:
    """Show the metrics as cards and as intervals beside what they are compared with."""
    for column, (key, figure) in zip(
        st.columns(len(report["metrics"])), report["metrics"].items(), strict=True
    ):
        with column, st.container(border=True):
            name = METRIC_NAMES.get(key, key)
            st.metric(
                name[0].upper() + name[1:],
                format_value(key, figure["value"]),
                help=explain(name.removeprefix("macro ")) or None,
            )
            st.caption(f"95% interval {format_interval(key, figure)}")
    majority = report["majority"]
    st.markdown(
        f"Always answering **{escape_markdown(majority['class'])}**, the most frequent class in "
        f"training, would be right for {majority['accuracy']:.1%}. "
        f"{_format_published(report, recipe)}"
    )
    rows = _rows_with_marks(report, recipe)
    st.plotly_chart(
        plot_intervals(rows),
        config=QUIET,
        alt="Metrics with 95% intervals beside baseline and published figures",
    )


def show_matrix_and_roc(report: dict[str, Any]) -> None:
    """Show which classes are taken for which, and the ROC curve."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Confusion matrix", anchor=False)
        show_confusion(
            report["classes"],
            report["confusion"],
            f"n = {report['n']:,} images of the {report['subset']} set. "
            "Shares are of the row; framed cells are right.",
        )
    with right:
        st.subheader("ROC curve", anchor=False)
        st.plotly_chart(
            plot_roc(report), config=QUIET, alt="Recall against false positive rate for each class"
        )


def show_class_table(report: dict[str, Any]) -> None:
    """Show each class' figures, each with its interval."""
    st.subheader("Each class", anchor=False)
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
    return f"{value:.3f}" if key in ("auc", "f1", "f1_macro") else f"{value:.1%}"


def format_interval(key: str, figure: dict[str, float | None]) -> str:
    """Return the interval of a metric, e.g. "79.1% to 90.3%"."""
    if figure["low"] is None or figure["high"] is None:
        return "cannot be computed"
    return f"{format_value(key, figure['low'])} to {format_value(key, figure['high'])}"


def compare_published(report: dict[str, Any], recipe: Recipe) -> list[dict[str, Any]]:
    """Return each published figure beside ours.

    Returns:
        Rows of key, name, published, and ours (value, low, high); figures that the report
        lacks, such as the recall of a class that another task renamed, are left out.
    """
    ours = {**report["metrics"]}
    for row in report["per_class"]:
        ours[f"recall_{row['class']}"] = row["recall"]
        ours[f"precision_{row['class']}"] = figure_of(row, "precision")
    return [
        {"key": key, "name": metric_name(key), "published": value, "ours": ours[key]}
        for key, value in recipe.published.items()
        if key in ours
    ]


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
    for metric in compare_published(report, recipe):
        if metric["key"] not in rows and metric["ours"]["low"] is not None:  # a precision
            rows[metric["key"]] = {"name": metric["name"], **metric["ours"], "marks": {}}
        if metric["key"] in rows:
            rows[metric["key"]]["marks"]["published"] = metric["published"]
    return list(rows.values())


def _format_published(report: dict[str, Any], recipe: Recipe) -> str:
    compared = compare_published(report, recipe)
    if not compared:
        return ""
    words = "; ".join(
        f"{escape_markdown(metric['name'])} {format_value(metric['key'], metric['published'])}, "
        f"ours {format_value(metric['key'], metric['ours']['value'])}"
        for metric in compared
    )
    parent = PUBLISHED.get(recipe.parent or recipe.name)
    # A recipe has the published split because its source had it; it may have been changed.
    same_subset = (
        parent is not None
        and parent.dataset == recipe.dataset
        and parent.split.method == recipe.split.method == "published"
    )
    where = (
        "Both are of the test set that the dataset's authors set apart."
        if same_subset
        else "The published figure was taken on other images, so compare with care."
    )
    return f"Published ({escape_markdown(recipe.source)}): {words}. {where}"
