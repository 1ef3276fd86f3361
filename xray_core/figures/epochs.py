"""Learning curves, epoch by epoch, as a still figure for a report."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import SUBSETS
from xray_core.figures.text import escape_texts

HEIGHT = 340  # px
FEW = 12  # epochs of which each has its tick


def plot_epochs(epochs: pd.DataFrame, several: bool = False) -> go.Figure:
    """Draw the loss after each epoch, and below it accuracy or, of several findings, the AUC.

    Args:
        epochs: one row per finished epoch, as `Run.read_epochs` returns them; at least one.
        several: whether the run answers for several findings at once.
    """
    score = "auc" if several else "accuracy"
    figure = go.Figure()
    for metric, axis in (("loss", "y"), (score, "y2")):
        for subset, dash, column in (
            ("training", "dot", metric),
            ("validation", "solid", f"val_{metric}"),
        ):
            if column in epochs and epochs[column].notna().any():
                figure.add_scatter(**_trace(epochs, column, subset, dash, axis))
    selected = epochs[epochs["epoch"] == epochs["best_epoch"].iloc[-1]]
    for metric, axis in (("loss", "y"), (score, "y2")):
        figure.add_scatter(
            x=selected["epoch"],
            y=selected[f"val_{metric}"],
            mode="markers",
            name="selected epoch",
            showlegend=False,
            yaxis=axis,
            marker={
                "symbol": "circle-open",
                "size": 12,
                "color": SUBSETS["validation"],
                "line": {"width": 2},
            },
        )
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": "epoch", "anchor": "y2", **({"dtick": 1} if len(epochs) < FEW else {})},
        yaxis={"title": "loss", "domain": [0.54, 1], "rangemode": "tozero"},
        yaxis2={
            "title": "mean AUC" if several else "accuracy",
            "domain": [0, 0.46],
            "range": [0, 1.02],
        },
    )
    return escape_texts(figure)


def _trace(epochs: pd.DataFrame, column: str, subset: str, dash: str, axis: str) -> dict[str, Any]:
    return {
        "x": epochs["epoch"],
        "y": epochs[column],
        "mode": "lines+markers",
        "name": subset,
        "legendgroup": subset,
        "showlegend": axis == "y",
        "yaxis": axis,
        "line": {"dash": dash, "width": 2, "color": SUBSETS[subset]},
        "marker": {"size": 4, "color": SUBSETS[subset]},
    }
