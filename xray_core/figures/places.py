"""The map of images: a point an image, those beside each other look alike to the network."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import CLASSES, SUBSETS, color_classes
from xray_core.figures.text import escape_texts

MOST_NAMED = 8  # kinds with a colour of their own
OTHERS, UNKNOWN = "others", "unknown"
GREY = CLASSES[-1]
RIGHT, WRONG = "right", "wrong"
RIGHT_WRONG = {RIGHT: "#6f7f8a", WRONG: "#d81e4f"}
HEIGHT = 420  # px
NUMBER = re.compile(r"\d+(\.\d+)?")
FADED = 0.12  # opacity of what is not chosen


def color_kinds(column: str, kinds: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Return kind -> colour, in the order of the key.

    Args:
        column: what the kinds are of: "label", "prediction", "subset" or another.
        kinds: that there are, the most frequent first.
        classes: of the task, in its order.
    """
    if column == "prediction":
        return {kind: color for kind, color in RIGHT_WRONG.items() if kind in kinds}
    if column == "subset":
        return {kind: color for kind, color in SUBSETS.items() if kind in kinds}
    if column == "label" and set(kinds) <= {*classes, UNKNOWN}:
        colors = color_classes(list(classes))
        return {kind: colors.get(kind, GREY) for kind in [*classes, UNKNOWN] if kind in kinds}
    plain = sorted((kind for kind in kinds if kind not in (OTHERS, UNKNOWN)), key=_rank)
    colors = {kind: CLASSES[n % (len(CLASSES) - 1)] for n, kind in enumerate(plain)}
    return colors | {kind: GREY for kind in (OTHERS, UNKNOWN) if kind in kinds}


def _rank(kind: str) -> tuple[float, str]:
    """Return what kinds are ordered by: the number that each begins with, then its name."""
    number = NUMBER.match(kind)
    return float(number[0]) if number else float("inf"), kind


def merge_rare(values: pd.Series) -> pd.Series:
    """Return text values, the rare ones beyond `MOST_NAMED` as `OTHERS`, <NA> as `UNKNOWN`."""
    named = values.astype("string").fillna(UNKNOWN)
    counts = named.value_counts()
    if len(counts) <= MOST_NAMED:
        return named
    kept = counts.index[: MOST_NAMED - 1]
    return named.where(named.isin(kept), OTHERS)


def plot_map(
    places: pd.DataFrame, colors: Mapping[str, str], chosen: Sequence[int] | None = None
) -> go.Figure:
    """Draw the map of images.

    Args:
        places: a row an image: image_id, label, x, y, kind (of `colors`) and row, a number that a
            selection passes on.
        colors: kind -> colour, in the order of the key. Points of the kind "wrong" are rings.
        chosen: the numbers of those that are not faded; None: all stay as they are.

    Returns:
        One trace a kind, the most frequent drawn first, so that rare ones lie on top.
    """
    figure = go.Figure()
    counts = places["kind"].value_counts()
    picked = None if chosen is None else np.asarray(chosen)
    for kind in [name for name in counts.index if name in colors]:
        own = places[places["kind"] == kind]
        selected = None
        if picked is not None:
            selected = np.flatnonzero(own["row"].isin(picked)).tolist()
        figure.add_trace(
            go.Scattergl(
                name=f"{kind} ({len(own):,})",
                x=own["x"],
                y=own["y"],
                mode="markers",
                customdata=own["row"],
                text=own["image_id"] + "<br>" + own["label"],
                hovertemplate="%{text}<extra></extra>",
                marker={
                    "size": 6,
                    "color": colors[kind],
                    "symbol": "circle-open" if kind == WRONG else "circle",
                },
                selectedpoints=selected,
                unselected={"marker": {"opacity": FADED}},
                legendrank=1000 + list(colors).index(kind),
            )
        )
    # t-SNE has no directions and no unit: no numbers, and as wide as high.
    hidden = {"visible": False, "fixedrange": False}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 24, "b": 0},  # above: the tools
        dragmode="lasso",
        xaxis=hidden,
        yaxis={**hidden, "scaleanchor": "x"},
        legend={"orientation": "h", "x": 0, "y": 0, "yanchor": "top"},
        showlegend=True,
    )
    return escape_texts(figure)
