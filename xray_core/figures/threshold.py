"""Figures of a threshold: a thousand patients as dots, and where it lies on the ROC curve."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from xray_core.evaluation.thresholds.measured import Operating
from xray_core.evaluation.thresholds.points import OperatingPoints
from xray_core.evaluation.thresholds.prevalence import Thousand
from xray_core.figures.evaluation import MARGIN, add_chance
from xray_core.figures.text import escape_texts

ACROSS, STEP = 50, 11  # dots in a row; from one to the next, in units of the picture
DOT, RING = 8.4, 3.4  # diameter of a filled dot, radius of a hollow one
N_POINTS = 300  # of a curve


def draw_thousand(people: Thousand, ill: str, healthy: str) -> str:
    """Draw patients as dots, row by row: filled is right, hollow is wrong.

    Args:
        people: found, missed, wrongly alarmed, rightly cleared; drawn in this order.
        ill: colour of those who have the class, as "#rrggbb".
        healthy: of those who do not.

    Returns:
        SVG, with one path for each of the four.
    """
    paths, at = "", 0
    for number, color, right in (
        (people.hits, ill, True),
        (people.missed, ill, False),
        (people.alarmed, healthy, False),
        (people.cleared, healthy, True),
    ):
        places = range(at, at + number)
        paths += _draw_dots(places, color) if right else _draw_rings(places, color)
        at += number
    width, height = ACROSS * STEP, -(-at // ACROSS) * STEP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" fill="none">{paths}</svg>'
    )


def _center(place: int) -> tuple[float, float]:
    return place % ACROSS * STEP + STEP / 2, place // ACROSS * STEP + STEP / 2


def _draw_dots(places: Sequence[int], color: str) -> str:
    """A line of no length with round ends is a dot: the shortest way to write one."""
    lines = "".join(f"M{x:g} {y:g}h0" for x, y in map(_center, places))
    return f'<path d="{lines}" stroke="{color}" stroke-width="{DOT}" stroke-linecap="round"/>'


def _draw_rings(places: Sequence[int], color: str) -> str:
    arc = f"a{RING} {RING} 0 1 0 {2 * RING:g} 0a{RING} {RING} 0 1 0 {-2 * RING:g} 0"
    rings = "".join(f"M{x - RING:g} {y:g}{arc}" for x, y in map(_center, places))
    return f'<path d="{rings}" stroke="{color}" stroke-width="1.7"/>'


def plot_operating_point(points: OperatingPoints, operating: Operating, color: str) -> go.Figure:
    """Draw the ROC curve with the threshold on it, and its intervals as a cross.

    Args:
        points: of the images that are shown.
        operating: the threshold, on the same images.
        color: of the class.

    Returns:
        Traces "ROC curve", "chance" and "threshold".
    """
    keep = np.unique(np.linspace(0, len(points.thresholds) - 1, N_POINTS).round().astype(int))
    figure = go.Figure()
    figure.add_scatter(
        x=(1 - points.specificity[keep]).tolist(),
        y=points.sensitivity[keep].tolist(),
        customdata=points.thresholds[keep].tolist(),
        mode="lines",
        name="ROC curve",
        line={"width": 2, "color": color},
        hovertemplate="threshold %{customdata:.3f}: sensitivity %{y:.1%}, "
        "false positive rate %{x:.1%}<extra></extra>",
    )
    add_chance(figure)
    hit, clear = operating.sensitivity, operating.specificity
    if hit["value"] is not None and clear["value"] is not None:
        figure.add_scatter(
            x=[1 - clear["value"]],
            y=[hit["value"]],
            mode="markers",
            name="threshold",
            marker={"size": 12, "color": color, "line": {"width": 2, "color": "#ffffff"}},
            error_x=_bars(clear["value"], clear["high"], clear["low"]),
            error_y=_bars(hit["value"], hit["low"], hit["high"]),
            hovertemplate="sensitivity %{y:.1%}, false positive rate %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        height=250,
        margin=MARGIN,
        showlegend=False,
        xaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "title": "false positive rate"},
        yaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "title": "recall (sensitivity)"},
    )
    return escape_texts(figure)


def _bars(value: float, below: float | None, above: float | None) -> dict[str, object]:
    """Return the ends of an interval as Plotly wants them: how far they lie from the value."""
    least, most = (value if end is None else end for end in (below, above))
    return {
        "type": "data",
        "symmetric": False,
        "array": [abs(most - value)],
        "arrayminus": [abs(value - least)],
        "thickness": 1.2,
        "width": 3,
    }
