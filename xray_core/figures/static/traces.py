"""Lines, marks, bands, bars and heat maps of a still picture, each from a trace of Plotly's."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xray_core.figures.static.axes import SMALL
from xray_core.figures.static.bars import draw_bars
from xray_core.figures.static.heat import draw_heat
from xray_core.figures.static.inks import (
    POINT,
    THIN,
    Color,
    read_color,
    read_dash,
    read_marker,
)
from xray_core.figures.static.panel import Floats, Panel, draw_errors, find_single, list_each
from xray_core.figures.text import read_plain

FEW_POINTS = 20  # of a line without a mode: Plotly marks so few
STEPS = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}


def check_kind(trace: Any) -> None:
    """Raise ValueError if there is no still picture of such a trace."""
    if trace.type not in KINDS:
        raise ValueError(f'No still picture of a "{trace.type}"; there are {sorted(KINDS)}.')


def draw_trace(panel: Panel, trace: Any, color: Color) -> list[Any]:
    """Draw a trace; return what stands for it in a legend."""
    return KINDS[trace.type](panel, trace, color)


def _draw_scatter(panel: Panel, trace: Any, color: Color) -> list[Any]:
    from matplotlib.lines import Line2D

    x, y = panel.x.place(trace.x), panel.y.place(trace.y)
    if not len(x):
        x = np.arange(len(y), dtype="float64")
    mode = trace.mode or ("lines+markers" if len(x) < FEW_POINTS else "lines")
    opacity = 1.0 if trace.opacity is None else float(trace.opacity)
    line = read_color(trace.line.color, read_color(find_single(trace.marker.color), color))
    if trace.fill:
        _fill(panel, trace, x, y, line)
    panel.edge = (x, y)
    handle = Line2D([], [], linestyle="none", color=line, alpha=opacity)
    if "lines" in mode and trace.line.width != 0:
        style = {
            "linestyle": read_dash(trace.line.dash),
            "linewidth": POINT * (2 if trace.line.width is None else trace.line.width),
        }
        steps = STEPS.get(trace.line.shape or "", "default")
        panel.axes.plot(x, y, color=line, alpha=opacity, drawstyle=steps, **style)
        handle.set(**style)
    if "markers" in mode:
        _draw_markers(panel, trace, x, y, line, opacity, handle)
    if "text" in mode and trace.text is not None:
        for at_x, at_y, words in zip(x, y, list_each(trace.text, len(x)), strict=True):
            panel.axes.annotate(
                read_plain(words),
                (at_x, at_y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
                color=read_color(trace.textfont.color, line),
            )
    draw_errors(panel, trace, x, y, line)
    return [handle]


def _draw_markers(
    panel: Panel, trace: Any, x: Floats, y: Floats, color: Color, opacity: float, handle: Any
) -> None:
    from matplotlib.colors import to_rgba

    marker, n = trace.marker, len(x)
    symbols = np.array(list_each(marker.symbol, n), dtype=object)
    sizes = _read_sizes(marker, n)
    alphas = (
        np.array([1.0 if a is None else float(a) for a in list_each(marker.opacity, n)]) * opacity
    )
    inks = [
        to_rgba(read_color(shade, color), alpha)
        for shade, alpha in zip(list_each(marker.color, n), alphas, strict=True)
    ]
    rims = [
        to_rgba(read_color(rim, ink), alpha)
        for rim, ink, alpha in zip(list_each(marker.line.color, n), inks, alphas, strict=True)
    ]
    widths = [POINT * float(width or 0) for width in list_each(marker.line.width, n)]
    for symbol in dict.fromkeys(symbols.tolist()):
        form, filled = read_marker(symbol)
        own = np.flatnonzero(symbols == symbol)
        solid = filled and form not in THIN
        panel.axes.scatter(
            x[own],
            y[own],
            s=sizes[own] ** 2,
            marker=form,
            **_find_look(symbol, [inks[k] for k in own], [rims[k] for k in own]),
            linewidths=[widths[k] if solid else max(widths[k], 1.0) for k in own],
            clip_on=getattr(trace, "cliponaxis", None) is not False,
            zorder=3,
        )
    if n:
        form, filled = read_marker(symbols[0])
        handle.set(
            marker=form,
            markersize=min(float(sizes[0]), 9.0),
            markerfacecolor=inks[0] if filled else "none",
            markeredgecolor=inks[0],
            markeredgewidth=0 if filled and form not in THIN else 1.2,
        )


def _find_look(symbol: Any, inks: list[Any], rims: list[Any]) -> dict[str, Any]:
    """Return the colours of marks: of an open one there is the rim alone, of a thin one the ink."""
    form, filled = read_marker(symbol)
    if form in THIN:
        return {"color": inks}
    return {"facecolors": inks if filled else "none", "edgecolors": rims if filled else inks}


def _read_sizes(marker: Any, n: int) -> Floats:
    """Return diameters in points."""
    unit = float(marker.sizeref or 1)
    sizes = np.array([6.0 if s is None else float(s) for s in list_each(marker.size, n)], "float64")
    sizes = np.sqrt(2 * sizes / unit) if marker.sizemode == "area" else sizes / unit
    diameters: Floats = POINT * np.maximum(sizes, 2 * float(marker.sizemin or 0))  # of a radius
    return diameters


def _fill(panel: Panel, trace: Any, x: Floats, y: Floats, line: Color) -> None:
    from matplotlib.colors import to_rgba

    shade = read_color(trace.fillcolor, (*to_rgba(line)[:3], 0.3))
    look = {"facecolor": shade, "linewidth": 0, "zorder": 1.5}
    step = {"hv": "post", "vh": "pre", "hvh": "mid"}.get(trace.line.shape or "")
    if trace.fill == "tonexty" and panel.edge is not None:
        other_x, other_y = panel.edge
        if len(other_x) == len(x) and np.allclose(other_x, x, equal_nan=True):
            panel.axes.fill_between(x, other_y, y, step=step, **look)
        else:
            panel.axes.fill(np.append(x, other_x[::-1]), np.append(y, other_y[::-1]), **look)
    elif trace.fill == "toself":
        panel.axes.fill(x, y, **look)
    else:
        panel.axes.fill_between(x, 0.0, y, step=step, **look)


def _draw_heat(panel: Panel, trace: Any, _color: Color) -> list[Any]:
    draw_heat(panel.axes, panel.x, panel.y, trace)
    return []


# To draw another kind of trace: an entry.
KINDS: dict[str, Callable[[Panel, Any, Color], list[Any]]] = {
    "scatter": _draw_scatter,
    "scattergl": _draw_scatter,
    "bar": draw_bars,
    "heatmap": _draw_heat,
}
