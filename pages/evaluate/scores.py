"""How good a finished run is: its figures in words, each with its interval."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.recipe_words import METRIC_NAMES

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
