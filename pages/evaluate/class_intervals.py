"""The figures of each class beside each other, each with its interval."""

from typing import Any

import pandas as pd

from pages.components.figure import show_figure
from pages.evaluate.scores import CLASS_FIGURES, OTHER_SCALES, figure_of
from xray_core.figures.evaluation import plot_class_intervals


def show_class_intervals(report: dict[str, Any], name: str, source: str) -> None:
    """Show them as a figure.

    Args:
        report: on one answer an image.
        name: of the files, without ending; unique on the page.
        source: see `figure.show_figure`.
    """
    table = list_class_figures(report)
    show_figure(
        plot_class_intervals(table, report["classes"]),
        name,
        "Recall, specificity, precision, F1 and more of each class with 95% intervals",
        table,
        title="Side by side",
        note=f"with 95% intervals, {report['subset']} set",
        source=source,
    )


def list_class_figures(report: dict[str, Any]) -> pd.DataFrame:
    """Return a row for each figure of each class: figure, class, n, value, low, high.

    Only those from 0 to 1 of which more is better: the others would need axes of their own.
    """
    rows = [
        {"figure": title, "class": row["class"], "n": row["n"], **figure_of(row, key)}
        for key, title in CLASS_FIGURES.items()
        for row in report["per_class"]
        if key in row and key not in OTHER_SCALES  # reports of older runs have fewer
    ]
    ends = dict.fromkeys(("value", "low", "high"), "float64")
    return pd.DataFrame(rows).astype(ends)
