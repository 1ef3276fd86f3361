"""A network drawn layer by layer: how its maps shrink while their number grows."""

from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

import numpy as np
import plotly.graph_objects as go

from xray_core.figures.evaluation import MARGIN
from xray_core.figures.text import escape_texts

GAP = 0.6  # between two layers, in the unit of their widths
ROOM = 0.06  # of the drawing's width, for one size written above the layers
# Layers that a network is told by. Others only act on what these make, or join it.
DRAWN = {
    "Conv2D": "convolution",
    "DepthwiseConv2D": "convolution, each channel apart",
    "SeparableConv2D": "convolution, channels apart, then mixed",
    "MaxPooling2D": "pooling",
    "AveragePooling2D": "pooling",
    "GlobalAveragePooling2D": "pooling",
    "GlobalMaxPooling2D": "pooling",
    "Concatenate": "joins its inputs",
    "Dense": "fully connected",
}
OTHER = "other layer with weights"
HOVERED = ("name", "kind", "output", "parameters")
WITHOUT_PLACE = ("BatchNormalization", "LayerNormalization")  # belong to the layer before


def plot_layers(layers: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Draw each layer as a block, as high as its maps are (log scale), as wide as they are many.

    Args:
        layers: in their order, as `training.describe.describe_recipe` returns them: name, kind,
            output (words), shape (of one image: height, width, channels; or units), parameters.

    Returns:
        One trace of bars for each sort of layer, empty where the network has none. Above the
        blocks stands the side of the maps in px wherever it changes; hovering names the layer.
    """
    drawn = list(dropwhile(_only_reshapes, filter(_is_drawn, layers)))
    sides = np.array([_side(layer["shape"]) for layer in drawn])
    heights = np.log2(1 + sides)
    widths = np.log2(1 + np.array([layer["shape"][-1] for layer in drawn], "float64")) / 4
    centres = np.cumsum(widths + GAP) - widths / 2
    sorts = [DRAWN.get(layer["kind"], OTHER) for layer in drawn]
    figure = go.Figure()
    for sort in dict.fromkeys([*DRAWN.values(), OTHER]):
        own = [number for number, layer_sort in enumerate(sorts) if layer_sort == sort]
        figure.add_bar(  # also an empty one: a sort has the same colour in every network
            showlegend=bool(own),
            x=centres[own],
            y=heights[own],
            base=-heights[own] / 2,
            width=widths[own],
            name=sort,
            customdata=[[drawn[k][field] for field in HOVERED] for k in own],
            hovertemplate="%{customdata[0]} (%{customdata[1]})<br>%{customdata[2]}<br>"
            "%{customdata[3]:,} parameters<extra></extra>",
        )
    _write_sides(figure, centres - widths / 2, heights, sides)
    figure.update_layout(
        margin={**MARGIN, "t": 24},
        height=300,
        barmode="overlay",
        xaxis={"visible": False},
        yaxis={"visible": False},
        legend={"orientation": "h", "y": -0.05},
    )
    return escape_texts(figure)


def _is_drawn(layer: Mapping[str, Any]) -> bool:
    if layer["kind"] in DRAWN:
        return True
    return layer["parameters"] > 0 and layer["kind"] not in WITHOUT_PLACE


def _only_reshapes(layer: Mapping[str, Any]) -> bool:
    """Return whether a layer learns nothing, as those that repeat a gray image as a colour one."""
    return int(layer["parameters"]) == 0


def _side(shape: Sequence[int]) -> int:
    return max(shape[:-1], default=1)


def _write_sides(figure: go.Figure, starts: Any, heights: Any, sides: Any) -> None:
    """Write the side of the maps above the first layer of each size, where there is room."""
    free_from, room = -np.inf, ROOM * starts[-1] if len(starts) else 0.0
    for number, side in enumerate(sides):
        changes = number == 0 or side != sides[number - 1]
        if not changes or side < 2 or starts[number] < free_from:
            continue
        free_from = starts[number] + room
        figure.add_annotation(
            x=starts[number],
            y=heights[number] / 2,
            yshift=10,
            text=f"{side} px",
            xanchor="left",
            showarrow=False,
            font={"size": 11},
        )
