"""Panels one below the other in a single Vega-Lite view: one x axis, one zoom, one cursor.

Views that are concatenated cannot be as wide as the page. Layers of one view can, and share the x
axis; each panel is a layer whose y scale takes its own part of the height.
"""

import math
from collections.abc import Sequence
from typing import Any

GAP = 0.07  # of the figure's height, between two panels
RIGHT_ROOM = 24  # px, for what is written at the ends of the lines


def build_panel(
    title: str, domain: tuple[float, float | None], place: tuple[float, float], form: str
) -> dict[str, Any]:
    """Return the y encoding of one panel; its field is "value".

    Args:
        title: of the axis.
        domain: values at its foot and its top; None: the greatest of the data.
        place: where its foot and its top lie, as shares of the figure's height, from above.
        form: of the numbers at the axis, as d3 writes it.
    """
    ends = [{"expr": f"height * {share:.4f}"} for share in place]
    scale: dict[str, Any] = {"range": ends, "zero": not domain[0]}
    axis: dict[str, Any] = {"orient": "left", "format": form, "titleFontWeight": "normal"}
    if domain[1] is None:
        axis["tickCount"] = 4
    else:
        scale |= {"domain": list(domain), "nice": False}
        axis["values"] = _list_ticks(domain[0], domain[1])
    return {
        "field": "value",
        "type": "quantitative",
        "title": title,
        "scale": scale,
        "axis": axis,
    }


def _list_ticks(low: float, high: float) -> list[float]:
    """Return foot, top and what lies between, in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    return [round(low + n * step, 10) for n in range(int((high - low) / step + 1e-9) + 1)]


def divide_height(shares: Sequence[float]) -> list[tuple[float, float]]:
    """Return foot and top of each panel, whose heights are to each other as `shares` are."""
    unit = (1 - GAP * (len(shares) - 1)) / sum(shares)
    places, top = [], 0.0
    for share in shares:
        places.append((top + unit * share, top))
        top += unit * share + GAP
    return places


def stack_panels(
    layers: Sequence[dict[str, Any]], x_title: str, height: int, room: int = RIGHT_ROOM
) -> dict[str, Any]:
    """Return the view of all panels.

    Args:
        layers: one a panel, each with layers of its own, whose x is what they share.
        x_title: of the one axis.
        height: px, of all together.
        room: px, at the right of the last point.
    """
    axis = {"tickMinStep": 1, "format": ",d", "grid": False, "title": x_title}
    scale = {"zero": False, "nice": False, "range": [0, {"expr": f"width - {room}"}]}
    for panel in layers:
        for part in panel["layer"]:
            if x := part["encoding"].get("x"):
                part["encoding"]["x"] = {**x, "axis": axis, "scale": scale}
    return {
        "height": height,
        "layer": list(layers),
        "resolve": {"scale": {"y": "independent"}, "axis": {"y": "independent"}},
        "config": {"view": {"stroke": None}},
    }
