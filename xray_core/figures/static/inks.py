"""Colours, lines and marks of Plotly as Matplotlib's."""

import re
from collections.abc import Sequence
from typing import Any

from xray_core.figures.colors import CLASSES

INK, GRID = "#1b2428", "#e4e9eb"
WAY = CLASSES  # of traces without a colour of their own, as .streamlit/config.toml has them
POINT = 0.75  # points in a px of a screen
# The light theme's, where a heat map has no colours of its own.
SHADES = ((0.0, "#eaf4f6"), (0.5, "#479bac"), (1.0, "#084453"))
DASHES = {"dot": (0, (1, 2)), "dash": (0, (5, 3)), "longdash": (0, (9, 3)), "dashdot": "-."}
MARKERS = {
    "circle": "o",
    "diamond": "D",
    "square": "s",
    "x": "X",
    "x-thin": "x",
    "cross": "P",
    "star": "*",
    "triangle-up": "^",
    "triangle-down": "v",
    "line-ns": "|",
    "line-ew": "_",
}
THIN = "x|_"  # marks without an inside
HATCHES = {
    "/": "////",
    "\\": "\\\\\\\\",
    "x": "xxx",
    "-": "---",
    "|": "|||",
    "+": "+++",
    ".": "...",
}
RGB = re.compile(r"rgba?\(([^)]*)\)")

Color = str | tuple[float, float, float] | tuple[float, float, float, float]


def read_color(color: Any, otherwise: Color = INK) -> Color:
    """Return a colour for Matplotlib; `otherwise` where there is none."""
    if not isinstance(color, str) or not color:
        return otherwise
    if match := RGB.fullmatch(color.strip()):
        *parts, last = (float(part) for part in match[1].split(","))
        if len(parts) == 3:
            return (parts[0] / 255, parts[1] / 255, parts[2] / 255, last)
        return (parts[0] / 255, parts[1] / 255, last / 255)
    return color


def read_dash(dash: Any) -> Any:
    """Return the style of a line; px of dashes and gaps are as they are."""
    if not dash or dash == "solid":
        return "-"
    if dash in DASHES:
        return DASHES[dash]
    lengths = [float(part.removesuffix("px").removesuffix("%")) for part in dash.split(",")]
    return (0, tuple(lengths))


def read_marker(symbol: Any) -> tuple[str, bool]:
    """Return a mark, and whether it is filled.

    Raises:
        ValueError: there is no such mark here.
    """
    name = str(symbol or "circle")
    plain = name.removesuffix("-open")
    if plain not in MARKERS:
        raise ValueError(f'A still picture has no mark "{name}". Take one of {sorted(MARKERS)}.')
    return MARKERS[plain], plain == name


def build_colormap(scale: Sequence[Sequence[Any]] | None) -> Any:
    """Return the colours of a heat map, low to high, as a colour map; NaN is white."""
    from matplotlib.colors import LinearSegmentedColormap

    steps = [(float(at), read_color(color)) for at, color in (scale or SHADES)]
    colors = LinearSegmentedColormap.from_list("heat", steps)
    return colors.with_extremes(bad="#ffffff")
