"""Figures of boxes: how many, how large, where, and on which side."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from xray_core.figures.explore.look import LEGEND_ABOVE, MARGIN, plot_by_class
from xray_core.figures.text import escape_texts

N_COLUMNS = 3  # maps beside each other
SIDE_COLOR, INTERVAL_COLOR = "#84919a", "#56626a"  # greys: the colours of classes mean classes
SIDE_PATTERNS = ("/", "\\", "")  # left, right, both


def plot_boxes_per_image(boxes: pd.DataFrame) -> go.Figure:
    """Draw how many images carry how many boxes.

    Args:
        boxes: as `eda.boxes_per_image` returns it.
    """
    figure = go.Figure(
        go.Bar(
            x=boxes["boxes"],
            y=boxes["images"],
            text=[f"{n:,}" for n in boxes["images"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y:,} images with %{x} boxes<extra></extra>",
        )
    )
    figure.update_layout(
        height=300,
        margin={**MARGIN, "t": 32},
        bargap=0.25,
        xaxis={"title": "boxes on the image", "dtick": 1},
        yaxis={"title": "images", "tickformat": ",d"},
    )
    return escape_texts(figure)


def plot_box_areas(areas: pd.DataFrame, classes: Sequence[str]) -> go.Figure:
    """Draw how large the boxes of each class are; see `plot_by_class`.

    Args:
        areas: as `eda.box_areas` returns them.
        classes: of the task.
    """
    hover = "from %{x:.0%} of the image: %{y:.1%}<br>%{customdata:,} boxes"
    figure = plot_by_class(areas, "area", "boxes", hover, classes)
    return figure.update_layout(
        xaxis={"title": "area of a box, share of the image", "tickformat": ".0%"}
    )


def plot_box_maps(maps: Mapping[str, NDArray[np.float64]]) -> go.Figure:
    """Draw where the boxes of each class lie, each on a scale up to its own peak.

    Args:
        maps: as `eda.map_boxes` returns them.

    Returns:
        A square heat map for each class, three beside each other; the peak is in its title.
    """
    n_columns = min(N_COLUMNS, len(maps))
    n_rows = math.ceil(len(maps) / n_columns)
    peaks = {name: float(share.max()) for name, share in maps.items()}
    figure = make_subplots(
        n_rows,
        n_columns,
        subplot_titles=[f"{name}<br>peak {peak:.0%}" for name, peak in peaks.items()],
        horizontal_spacing=0.03,
        vertical_spacing=0.2 / n_rows,
    )
    for number, (name, share) in enumerate(maps.items()):
        figure.add_heatmap(
            z=np.round(share, 4).astype(np.float32),
            zmin=0,
            zmax=max(peaks[name], 1e-3),
            showscale=False,
            name=name,
            hovertemplate="%{fullData.name}: %{z:.1%} of the boxes cover this place<extra></extra>",
            row=number // n_columns + 1,
            col=number % n_columns + 1,
        )
    figure.update_xaxes(visible=False, constrain="domain")
    for number in range(len(maps)):
        axis = "" if number == 0 else str(number + 1)
        figure.update_layout(
            {
                f"yaxis{axis}": {
                    "visible": False,
                    "autorange": "reversed",
                    "scaleanchor": f"x{axis}",
                    "constrain": "domain",
                }
            }
        )
    figure.update_annotations(font_size=12)
    figure.update_layout(height=40 + 210 * n_rows, margin={**MARGIN, "t": 44})
    return escape_texts(figure)


def plot_sides(sides: pd.DataFrame) -> go.Figure:
    """Draw the share of each class' images with boxes left, right and on both sides.

    Args:
        sides: as `eda.count_sides` returns them.

    Returns:
        A bar with a 95 % interval for each class and side; the sides differ in their hatching.
    """
    figure = go.Figure()
    for (name, of_side), pattern in zip(
        sides.groupby("side", sort=False), SIDE_PATTERNS, strict=False
    ):
        figure.add_bar(
            name=str(name),
            y=of_side["class"],
            x=of_side["share"],
            orientation="h",
            customdata=of_side[["images", "n", "low", "high"]],
            marker={"color": SIDE_COLOR, "pattern": {"shape": pattern}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": of_side["high"] - of_side["share"],
                "arrayminus": of_side["share"] - of_side["low"],
                "color": INTERVAL_COLOR,  # seen on both themes and on the bars
                "thickness": 1.4,
                "width": 3,
            },
            hovertemplate="%{x:.1%} (%{customdata[2]:.1%} to %{customdata[3]:.1%})<br>"
            "%{customdata[0]:,} of %{customdata[1]:,} images",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=110 + 62 * sides["class"].nunique(),
        margin=MARGIN,
        showlegend=True,
        legend={**LEGEND_ABOVE, "traceorder": "normal"},
        xaxis={"tickformat": ".0%", "range": [0, 1.02], "title": "share of images with a box"},
        yaxis={"autorange": "reversed", "type": "category", "title": None},
    )
    return escape_texts(figure)
