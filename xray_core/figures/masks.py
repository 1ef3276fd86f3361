"""Figures about drawn masks."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import SUBSETS
from xray_core.figures.evaluation import MARGIN
from xray_core.figures.text import escape_texts

STEP = 0.02  # width of a bar, in Dice
LOWEST = 0.5  # where the axis begins at the latest; it begins lower where an image lies lower


def count_dice(dice: pd.Series) -> pd.DataFrame:
    """Return how many images lie in each bar: low, high (of Dice) and images.

    Args:
        dice: of each image, in [0, 1].
    """
    first = min(LOWEST, np.floor(dice.min() / STEP) * STEP) if len(dice) else LOWEST
    edges = np.linspace(first, 1.0, round((1 - first) / STEP) + 1)
    counts, _ = np.histogram(dice, edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "images": counts})


def plot_dice(table: pd.DataFrame, subset: str, height: int = 220) -> go.Figure:
    """Draw how many images have which Dice.

    Args:
        table: as `count_dice` returns it.
        subset: whose images they are, which decides the colour.
        height: px.
    """
    figure = go.Figure()
    figure.add_bar(
        x=(table["low"] + table["high"]) / 2,
        y=table["images"],
        width=STEP * 0.92,
        marker={"color": SUBSETS[subset]},
        customdata=table[["low", "high"]],
        hovertemplate="Dice %{customdata[0]:.2f} to %{customdata[1]:.2f}: "
        "%{y:,} images<extra></extra>",
    )
    figure.update_layout(
        height=height,
        margin=MARGIN,
        showlegend=False,
        xaxis={"title": "Dice of an image", "range": [float(table["low"].iloc[0]), 1.0]},
        yaxis={"title": "images", "rangemode": "tozero"},
    )
    return escape_texts(figure)
