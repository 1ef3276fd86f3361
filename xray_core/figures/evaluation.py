"""Figures about a finished run, from its report."""

from typing import Any

import plotly.graph_objects as go

from xray_core.figures.colors import color_classes
from xray_core.figures.text import escape_texts

MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
CHANCE_GREY = "#7d8b92"
SYMBOLS = ("line-ns-open", "diamond-open", "x-thin-open")


def plot_roc(report: dict[str, Any]) -> go.Figure:
    """Draw the ROC curve of each evaluated class, and chance as the dotted diagonal.

    Args:
        report: as `evaluation.report.build_report` returns it. The curve is thinned, so its area
            is read from there; reports of older runs do not tell it.

    Returns:
        One trace per class in the report's order, then a trace "chance".
    """
    figure = go.Figure()
    colors = color_classes(report["classes"])
    for name, rates in report["roc"].items():
        x, y = rates["false_positive_rate"], rates["true_positive_rate"]
        area = rates.get("area", {"value": None})
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            name=f"{name} (AUC {area['value']:.3f})" if area["value"] is not None else name,
            line={"width": 2, "color": colors.get(name)},
            hovertemplate="recall %{y:.1%}, at a false positive rate of %{x:.1%}<extra></extra>",
        )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="chance",
        line={"dash": "dot", "width": 1, "color": CHANCE_GREY},
        hoverinfo="skip",
    )
    figure.update_layout(
        height=340,
        margin=MARGIN,
        legend={
            "x": 1,
            "xanchor": "right",
            "y": 0,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        },
        xaxis={
            "title": "false positive rate (1 − specificity)",
            "range": [-0.01, 1.01],
            "tickformat": ".0%",
        },
        yaxis={"title": "recall (sensitivity)", "range": [0, 1.01], "tickformat": ".0%"},
    )
    return escape_texts(figure)


def plot_intervals(rows: list[dict[str, Any]]) -> go.Figure:
    """Draw figures with their 95% intervals, one line each, and what they are compared with.

    Args:
        rows: name, value, low, high in [0, 1] (None: cannot be computed, left out), and
            optionally marks: name -> a value to compare with.

    Returns:
        A trace with the figures and their intervals, then one trace per name of mark.
    """
    known = [row for row in rows if None not in (row["value"], row["low"], row["high"])]
    figure = go.Figure()
    figure.add_scatter(
        x=[row["value"] for row in known],
        y=[row["name"] for row in known],
        mode="markers",
        name="this run, 95% interval",
        marker={"size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row["high"] - row["value"] for row in known],
            "arrayminus": [row["value"] - row["low"] for row in known],
            "thickness": 2,
            "width": 6,
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    marks = dict.fromkeys(name for row in known for name in row.get("marks", {}))
    for number, mark in enumerate(marks):
        marked = [row for row in known if mark in row.get("marks", {})]
        figure.add_scatter(
            x=[row["marks"][mark] for row in marked],
            y=[row["name"] for row in marked],
            mode="markers",
            name=mark,
            marker={"size": 14, "symbol": SYMBOLS[number % len(SYMBOLS)], "line": {"width": 2}},
            hovertemplate="%{fullData.name}: %{x:.3f}<extra></extra>",
        )
    figure.update_layout(
        height=110 + 34 * len(known),
        margin=MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"range": [-0.02, 1.02], "tickformat": ".1f", "title": None},
        yaxis={"autorange": "reversed", "type": "category", "title": None},
    )
    return escape_texts(figure)
