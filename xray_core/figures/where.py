"""Where a network looks: the scores of its heat maps beside those of maps that know nothing."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from xray_core.evaluation.where.summary import ENERGY, POINTING
from xray_core.evaluation.where.words import KINDS
from xray_core.figures.evaluation import CHANCE_GREY, MARGIN
from xray_core.figures.overlay import color_of
from xray_core.figures.text import escape_texts

DRAWN = {POINTING: ("hottest point in a box", "circle"), ENERGY: ("heat in the boxes", "diamond")}
APART = 0.24  # rows, between the two scores of a kind of maps
ROW_HEIGHT, FRAME_HEIGHT = 40, 84  # px


def plot_where(notes: Mapping[str, Any]) -> go.Figure:
    """Draw the pointing game and the energy in the boxes of each kind of maps, with intervals.

    Args:
        notes: see `evaluation.where.files.WhereNotes`.

    Returns:
        A trace for either score, then the boxes' share of the image as a dotted line.
    """
    names = list(KINDS.values())
    figure = go.Figure()
    for number, (score, (title, symbol)) in enumerate(DRAWN.items()):
        figures = [notes["scores"][kind][score] for kind in KINDS]
        figure.add_scatter(
            x=[row["value"] for row in figures],
            y=[place + APART * (2 * number - 1) / 2 for place in range(len(names))],
            customdata=[
                [name, row["low"], row["high"]] for name, row in zip(names, figures, strict=True)
            ],
            mode="markers",
            name=title,
            marker={"size": 9, "symbol": symbol, "color": color_of(number)},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["value"] for row in figures],
                "arrayminus": [row["value"] - row["low"] for row in figures],
                "thickness": 1.6,
                "width": 4,
                "color": color_of(number),
            },
            hovertemplate="%{customdata[0]}, %{fullData.name}: %{x:.3f} (%{customdata[1]:.3f} to "
            "%{customdata[2]:.3f})<extra></extra>",
        )
    share = notes["share"]["value"]
    figure.add_scatter(
        x=[share, share],
        y=[-0.6, len(names) - 0.4],
        mode="lines",
        name="the boxes' share of the image",
        line={"dash": "dot", "width": 1.5, "color": CHANCE_GREY},
        hovertemplate="the boxes' share of the image: %{x:.3f}<extra></extra>",
    )
    ends = [
        figure_of["high"]
        for kind in KINDS
        for figure_of in (notes["scores"][kind][score] for score in DRAWN)
    ]
    figure.update_layout(
        height=FRAME_HEIGHT + ROW_HEIGHT * len(names),
        margin=MARGIN,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={
            "range": [-0.01, min(1.01, max(*ends, share) + 0.05)],
            "tickformat": ".0%",
            "title": None,
        },
        yaxis={
            "range": [len(names) - 0.4, -0.6],
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "title": None,
            "zeroline": False,
        },
    )
    return escape_texts(figure)
