"""Shared style of the figures of a dataset."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import CLASSES, color_classes
from xray_core.figures.text import escape_texts

ABSENT_GREY = "#9aa5ab"
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
LEGEND_ABOVE = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
N_LINES = 6  # that can be told apart


def color_names(names: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Return name -> colour: those of the task's classes, where the names are such at all.

    Args:
        names: classes, or findings; what is no class is grey beside classes.
        classes: of the task, in its order.
    """
    colors = color_classes(classes if set(names) & set(classes) else names)
    return {name: colors.get(name, CLASSES[-1]) for name in names}


def plot_by_class(
    table: pd.DataFrame, x: str, count: str, hover: str, classes: Sequence[str]
) -> go.Figure:
    """Draw one distribution for each class, as shares, so that small and large classes compare.

    Args:
        table: columns class, share, and those named by `x` and `count`; class after class, each
            with every x, in equal steps.
        x: lower end of each step.
        count: what the shares are of.
        hover: text for one step, where x, share and count may stand as %{x}, %{y} and
            %{customdata}.
        classes: of the task, which have their own colours.

    Returns:
        A stepped line for each class; where there are more than six, which nobody could tell
        apart, a heat map with a row for each.
    """
    names = [str(name) for name in table["class"].unique()]
    colors = color_names(names, classes)
    figure = go.Figure()
    if len(names) > N_LINES:
        steps = np.sort(table[x].unique())
        half = (steps[1] - steps[0]) / 2 if len(steps) > 1 else 0  # a cell is named by its middle
        shape = (len(names), len(steps))
        more = table[[count, x]].to_numpy(dtype="float64").reshape(*shape, 2)
        figure.add_heatmap(
            x=steps + half,
            y=names,
            z=table["share"].to_numpy(dtype="float64").reshape(shape),
            customdata=more,
            zmin=0,
            ygap=1,
            colorbar={"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
            hovertemplate="%{y}<br>"
            + hover.replace("%{y", "%{z")
            .replace("%{customdata", "%{customdata[0]")
            .replace("%{x", "%{customdata[1]")
            + "<extra></extra>",
        )
        figure.update_layout(
            height=100 + 22 * len(names),
            yaxis={"autorange": "reversed", "type": "category", "title": None},
        )
    else:
        for name, of_class in table.groupby("class", sort=False):
            figure.add_scatter(
                name=str(name),
                x=of_class[x],
                y=of_class["share"],
                customdata=of_class[count],
                mode="lines",
                line={"shape": "hv", "width": 2, "color": colors[str(name)]},
                hovertemplate=hover,
            )
        figure.update_layout(
            height=340,
            showlegend=True,
            legend=LEGEND_ABOVE,
            yaxis={"title": "share of the class", "tickformat": ".0%", "rangemode": "tozero"},
        )
    return escape_texts(figure.update_layout(margin=MARGIN))
