"""Figures that compare the runs of a sweep."""

import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import RUNS, SUBSETS
from xray_core.figures.evaluation import MARGIN
from xray_core.figures.text import escape_texts

MEAN = SUBSETS["training"]  # grey


def plot_sweep(runs: pd.DataFrame, figure_name: str) -> go.Figure:
    """Draw one point a run that is done, and the mean of each setting.

    Args:
        runs: as `evaluation.sweeps.summarise_sweep` returns them.
        figure_name: one of `evaluation.sweeps.FIGURES`.

    Returns:
        Two traces, "one run" and "mean of a setting"; settings in the order of the table.
    """
    done = runs[runs[figure_name].notna()]
    words = list(done["member"])
    figure = go.Figure()
    figure.add_scatter(
        x=done["setting"],
        y=done[figure_name],
        mode="markers",
        name="one run",
        marker={"size": 9, "color": _color_runs(runs, done)},
        text=words,
        hovertemplate="%{text}: %{y:.1%}<extra></extra>",
    )
    means = done.groupby("setting", sort=False)[figure_name].mean()
    figure.add_scatter(
        x=means.index,
        y=means,
        mode="markers",
        name="mean of a setting",
        marker={"size": 34, "symbol": "line-ew-open", "line": {"width": 3}, "color": MEAN},
        hovertemplate="mean %{y:.1%}<extra></extra>",
    )
    figure.update_layout(
        margin=MARGIN,
        height=320,
        yaxis={
            "title": figure_name.replace("_", " "),
            "tickformat": ".2~%",
            "minallowed": 0,
            "maxallowed": 1,
        },
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(dict.fromkeys(runs["setting"])),
        },
        legend={"orientation": "h", "y": 1.15},
    )
    return escape_texts(figure)


def _color_runs(runs: pd.DataFrame, done: pd.DataFrame) -> list[str]:
    """Return the colours of the runs that are done: those of their curves, where all have one."""
    if len(runs) > len(RUNS):
        return [RUNS[0]] * len(done)
    return [RUNS[number] for number in runs.index.get_indexer(done.index)]
