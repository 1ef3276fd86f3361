"""Figures about a finished run, from its report."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import color_classes
from xray_core.figures.text import escape_texts
from xray_core.literature import PublishedPoint

MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
CHANCE_GREY = "#7d8b92"
DOTTED = {"dash": "dot", "width": 1, "color": CHANCE_GREY}  # what something is compared with
POINT_SYMBOLS = {"reader": "circle-open", "network": "diamond-open"}
HOVER_SIGNS = 60
SYMBOLS = ("line-ns-open", "diamond-open", "x-thin-open")


def plot_roc(report: dict[str, Any], points: Sequence[PublishedPoint] = ()) -> go.Figure:
    """Draw the ROC curve of each evaluated class, and chance as the dotted diagonal.

    Args:
        report: as `evaluation.report.build_report` returns it. The curve is thinned, so its area
            is read from there; reports of older runs do not tell it.
        points: published readers and networks of these classes.

    Returns:
        One trace per class in the report's order, then a trace "chance", then one per kind of
        point.
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
    add_chance(figure)
    add_points(figure, points)
    scale_rates(figure, with_points=bool(points))
    return escape_texts(figure)


def add_chance(figure: go.Figure) -> None:
    """Draw the ROC curve of guessing, the dotted diagonal."""
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", line=DOTTED, hoverinfo="skip"
    )


def add_points(figure: go.Figure, points: Sequence[PublishedPoint]) -> None:
    """Draw published readers and networks beside a ROC curve, a trace for each kind."""
    for kind, symbol in POINT_SYMBOLS.items():
        if chosen := [point for point in points if point.kind == kind]:
            figure.add_scatter(**_trace_points(chosen, f"published {kind}s", symbol))


def scale_rates(figure: go.Figure, *, with_points: bool) -> None:
    """Give the axes of a ROC curve their titles and ranges, and the legend its place."""
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
        yaxis={
            "title": "recall (sensitivity)",
            "range": [0, 1.03 if with_points else 1.01],  # whole symbols, at the top too
            "tickformat": ".0%",
        },
    )


def _trace_points(points: Sequence[PublishedPoint], name: str, symbol: str) -> dict[str, Any]:
    """Return a trace of points, each of which says whose it is and on which images."""
    return {
        "x": [1 - point.specificity for point in points],
        "y": [point.sensitivity for point in points],
        "text": [point.who for point in points],
        "customdata": [
            [_wrap(point.images), _wrap(f"against {point.standard}")] for point in points
        ],
        "mode": "markers",
        "name": name,
        "marker": {"symbol": symbol, "size": 9, "color": CHANCE_GREY, "line": {"width": 2}},
        "hovertemplate": "%{text}<br>recall %{y:.1%}, at a false positive rate of "
        "%{x:.1%}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    }


def _wrap(text: str) -> str:
    """Return a text without more than `HOVER_SIGNS` signs, which a small screen has room for."""
    return shorten(text, HOVER_SIGNS, placeholder=" …")


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


def plot_class_intervals(figures: pd.DataFrame, classes: Sequence[str]) -> go.Figure:
    """Draw each figure of each class with its interval: the classes one below the other.

    Args:
        figures: columns figure (its title), class, value, low and high in [0, 1], NaN where it
            cannot be computed; figures in their order.
        classes: of the task, which have their own colours.

    Returns:
        One trace a class; the rows are numbered from above, with the figures' titles at the axis.
    """
    colors = color_classes(list(classes))
    titles = list(dict.fromkeys(figures["figure"]))
    places = {title: place for place, title in enumerate(titles)}
    apart = 0.7 / max(len(classes), 1)
    figure = go.Figure()
    for number, name in enumerate(classes):
        own = figures[figures["class"] == name].dropna(subset=["value", "low", "high"])
        shift = apart * (number - (len(classes) - 1) / 2)
        figure.add_scatter(
            x=own["value"],
            y=own["figure"].map(places).astype("float64") + shift,
            customdata=own[["figure", "low", "high"]],
            mode="markers",
            name=str(name),
            marker={"size": 8, "color": colors[name]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": own["high"] - own["value"],
                "arrayminus": own["value"] - own["low"],
                "thickness": 1.5,
                "width": 4,
                "color": colors[name],
            },
            hovertemplate="%{customdata[0]} of %{fullData.name}: %{x:.3f} (%{customdata[1]:.3f} to "
            "%{customdata[2]:.3f})<extra></extra>",
        )
    figure.update_layout(
        height=70 + len(titles) * (14 + 13 * len(classes)),
        margin=MARGIN,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"range": [-0.02, 1.02], "tickformat": ".1f", "title": None},
        yaxis={
            "range": [len(titles) - 0.5, -0.5],
            "tickvals": list(places.values()),
            "ticktext": titles,
            "title": None,
            "zeroline": False,
        },
    )
    return escape_texts(figure)
