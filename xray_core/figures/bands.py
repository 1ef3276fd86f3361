"""Bands around curves: two traces each, which `table` puts together again."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from xray_core.figures.table import HIGH, LOW

OPACITY = 0.16

Floats = NDArray[np.float64]


def add_band(
    figure: go.Figure,
    at: Floats,
    ends: tuple[Floats, Floats],
    name: str,
    color: str,
    *,
    opacity: float = OPACITY,
    shape: str = "linear",
    **axes: Any,
) -> None:
    """Draw a band behind the line of the same name, which is added after it.

    Args:
        figure: drawn on.
        at: shape (m,), places without an end are left out.
        ends: low and high, each of that shape.
        name: of the line.
        color: of the line, as "#rrggbb".
        opacity: of the band.
        shape: of its edges, as Plotly calls it.
        axes: xaxis and yaxis, where they are not the first.
    """
    known = ~np.isnan(ends[0]) & ~np.isnan(ends[1])
    for meta, values in zip((LOW, HIGH), ends, strict=True):
        figure.add_scatter(
            x=at[known],
            y=values[known],
            mode="lines",
            name=name,
            legendgroup=name,
            meta=meta,
            line={"width": 0, "shape": shape, "color": color},
            fill="tonexty" if meta == HIGH else None,
            fillcolor=soften(color, opacity),
            hoverinfo="skip",
            showlegend=False,
            **axes,
        )


def soften(color: str, opacity: float) -> str:
    """Return a colour "#rrggbb" that lets through what lies behind it."""
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
