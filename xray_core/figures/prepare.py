"""Figures about the pixels of single images."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

GAP = 0.03  # of the figure's width, between two panels


def plot_intensities(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Draw gray level histograms side by side, each with its cumulative share as a line.

    Args:
        tables: name -> as `preprocess.images.intensity_histogram` returns it.

    Returns:
        Two traces for each name, "<name> histogram" (pixels, scaled such that nearly all bars
        fit and the few taller ones are cut off) and "<name> CDF", in a panel of its own; all
        with y from 0 to 1.
    """
    figure = go.Figure()
    width = (1 + GAP) / len(tables)
    for number, (name, table) in enumerate(tables.items()):
        axis = "" if number == 0 else str(number + 1)
        # Black borders are often the one level that would flatten all others: let it be cut off.
        used = table.loc[table["count"] > 0, "count"]
        tallest = 1.15 * float(np.quantile(used, 0.97))
        figure.add_bar(
            name=f"{name} histogram",
            x=table["level"],
            y=(table["count"] / tallest).clip(upper=1),
            customdata=table["count"],
            marker={"color": "#7d8b92", "line": {"width": 0}},
            hovertemplate="level %{x}: %{customdata:,} pixels<extra></extra>",
            xaxis=f"x{axis}",
        )
        figure.add_scatter(
            name=f"{name} CDF",
            x=table["level"],
            y=table["cdf"],
            mode="lines",
            line={"color": "#d55e00", "width": 2},
            hovertemplate="%{y:.0%} of pixels at or below %{x}<extra></extra>",
            xaxis=f"x{axis}",
        )
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": [number * width, (number + 1) * width - GAP],
                    "range": [0, 255],
                    "tickvals": [0, 128, 255],
                    "showgrid": False,
                    "title": None,
                }
            }
        )
    figure.update_layout(
        height=130,
        margin={"l": 0, "r": 0, "t": 4, "b": 20},
        bargap=0,
        showlegend=False,
        yaxis={"range": [0, 1.02], "visible": False},
    )
    return figure
