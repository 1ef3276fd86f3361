"""How good a finished run is: its figures in words, each with its interval."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.recipe_words import METRIC_NAMES
from xray_core.audit.issue import count_of
from xray_core.evaluation.columns_baseline import name_columns
from xray_core.evaluation.measured import FEW_PATIENTS

# Metrics, and those of a class by the beginning of their keys, that are shown as 0.852.
OTHER_SCALES = ("mcc", "brier", "log_loss", "calibration_error")  # not from 0, bad, to 1, good
NO_SHARES = ("auc", "average_precision", "f1", "loss", *OTHER_SCALES)


# Of two classes, in this order; the other figures are folded below them.
FIRST = ("accuracy", "balanced_accuracy", "auc", "sensitivity", "specificity", "ppv", "npv")
OUTCOMES = {
    "tp": "True positives",
    "fp": "False positives",
    "fn": "False negatives",
    "tn": "True negatives",
}
TOO_FEW = "too few to say"


def format_metrics(report: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return names and figures with their intervals: those to be seen first, and the others."""
    metrics = report["metrics"]
    # Of more classes each has its own sensitivity, in the table of classes.
    names = [name for name in FIRST if name in metrics] if "positive" in report else list(metrics)
    first = {_title(name): format_figure(name, metrics[name]) for name in names}
    others = {
        f"{title} ({key.upper()})": f"{report['outcomes'][key]:,}"  # the matrix has them above
        for key, title in OUTCOMES.items()
        if report.get("outcomes")
    }
    others |= {
        _title(name): format_figure(name, metrics[name]) for name in metrics if name not in names
    }
    return first, others | format_baselines(report)


def format_baselines(report: dict[str, Any]) -> dict[str, str]:
    """Return what is reached without learning, and without looking at the image."""
    rows = {}
    if majority := report.get("majority"):
        rows[f"Accuracy, always {majority['class']}"] = format_value(
            "accuracy", majority["accuracy"]
        )
    baseline = report.get("columns_baseline")
    if baseline is None:  # of an older run
        return rows
    if "missing" in baseline:
        return rows | {"Columns only": baseline["missing"]}
    rows["Columns only: what is known"] = name_columns(baseline)
    for name, figure in baseline["metrics"].items():
        rows[f"{_title(name)}, columns only"] = format_figure(name, figure)
    return rows


def _title(name: str) -> str:
    title = METRIC_NAMES.get(name, name)
    return title[0].upper() + title[1:]


def show_class_table(report: dict[str, Any]) -> None:
    """Show each class' figures, each with its interval: a column a class."""
    rows = report["per_class"]
    table = {
        escape_markdown(row["class"]): {
            "images": _count(row),
            **{
                title: format_figure(kind, figure_of(row, kind))
                for kind, title in CLASS_FIGURES.items()
            },
        }
        for row in rows
    }
    st.table(
        pd.DataFrame(table),
        border="horizontal",
        alt="Every figure of each class with its interval, and its images and patients",
    )
    st.caption(
        "Each class against the others; in brackets 95% intervals by patient. "
        f"{TOO_FEW.capitalize()}: fewer than {FEW_PATIENTS} patients have the class."
    )


# Figures on another axis than from 0 to 1, or of which less is better.
OTHER_SCALES = ("mcc", "brier", "log_loss", "calibration_error")
# Figures of a class in a report -> what they are called. Older reports have fewer.
CLASS_FIGURES = {
    "recall": "recall (sensitivity)",
    "specificity": "specificity",
    "precision": "precision (PPV)",
    "npv": "NPV",
    "f1": "F1",
    "auc": "AUC",
    "average_precision": "average precision",
    "mcc": "Matthews correlation",
    "brier": "Brier score",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def _count(row: dict[str, Any]) -> str:
    """Return how many images and patients a class has, and whether they are too few."""
    if "n_patients" not in row:
        return f"{row['n']:,}"
    few = f"; {TOO_FEW}" if row["too_few"] else ""
    return f"{row['n']:,} ({count_of(row['n_patients'], 'patient')}{few})"


def figure_of(row: dict[str, Any], kind: str) -> dict[str, float | None]:
    """Return a figure of a class with its interval, however the report holds it.

    Reports of older runs lack some figures, and of others the interval: then these are None.
    """
    figure = row.get(kind)
    if isinstance(figure, dict):
        return figure
    return {"value": figure, "low": row.get(f"{kind}_low"), "high": row.get(f"{kind}_high")}


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
