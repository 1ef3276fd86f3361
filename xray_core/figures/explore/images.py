"""Figures of image files: their sizes, and how the mean images of two classes differ."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from xray_core.figures.explore.look import ABSENT_GREY, LEGEND_ABOVE, MARGIN
from xray_core.figures.text import escape_texts


def plot_image_sizes(sizes: pd.DataFrame) -> go.Figure:
    """Draw width against height; the area of a mark grows with its number of images.

    Args:
        sizes: as `eda.image_sizes` returns it.

    Returns:
        A trace for "original" and one for "on disk", and a dotted line where width = height.
    """
    figure = go.Figure()
    longest = max([1, *sizes["width"], *sizes["height"]])
    figure.add_scatter(
        x=[0, longest],
        y=[0, longest],
        mode="lines",
        line={"dash": "dot", "width": 1, "color": ABSENT_GREY},
        hoverinfo="skip",
        name="square",
    )
    for kind in ("original", "on disk"):
        of_kind = sizes[sizes["kind"] == kind]
        if of_kind.empty:
            continue
        figure.add_scatter(
            x=of_kind["width"].astype(int),
            y=of_kind["height"].astype(int),
            mode="markers",
            name=kind,
            customdata=of_kind["images"],
            marker={
                "size": of_kind["images"],
                "sizemode": "area",
                "sizeref": max(1, int(of_kind["images"].max())) / 18**2,
                "sizemin": 3,
                "opacity": 0.65,
            },
            hovertemplate="%{x} × %{y} px<br>%{customdata:,} images<extra></extra>",
        )
    figure.update_layout(
        height=300,
        margin=MARGIN,
        legend=LEGEND_ABOVE,
        xaxis={"title": "width, px", "rangemode": "tozero"},
        yaxis={"title": "height, px", "rangemode": "tozero"},
    )
    return escape_texts(figure)


def plot_difference(
    first: NDArray[np.float32], second: NDArray[np.float32], names: tuple[str, str]
) -> go.Figure:
    """Draw where the mean image of one class is brighter than that of another.

    Args:
        first: (h, w), mean gray levels in [0, 255].
        second: (h, w), the same.
        names: of the two classes.

    Returns:
        A heat map of first - second, white at 0, red where the first is brighter.
    """
    difference = np.round(first - second, 1).astype(np.float32)
    limit = max(1.0, float(np.abs(difference).max()))
    figure = go.Figure(
        go.Heatmap(
            z=difference,
            zmin=-limit,
            zmax=limit,
            colorscale="RdBu_r",
            colorbar={"thickness": 10, "outlinewidth": 0, "title": {"text": "gray<br>levels"}},
            name=f"{names[0]} − {names[1]}",
            hovertemplate="%{fullData.name}: %{z:+.1f} gray levels<extra></extra>",
        )
    )
    figure.update_layout(
        height=360,
        margin=MARGIN,
        xaxis={"visible": False, "constrain": "domain"},
        yaxis={"visible": False, "autorange": "reversed", "scaleanchor": "x"},
    )
    return escape_texts(figure)
