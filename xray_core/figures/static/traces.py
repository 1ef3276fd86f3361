"""Lines, marks, bands, bars and heat maps of a still picture, each from a trace of Plotly's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.figures.static.axes import SMALL, Scale
from xray_core.figures.static.heat import draw_heat
from xray_core.figures.static.inks import (
    HATCHES,
    INK,
    POINT,
    THIN,
    Color,
    read_color,
    read_dash,
    read_marker,
)
from xray_core.figures.text import read_plain

FEW_POINTS = 20  # of a line without a mode: Plotly marks so few
STEPS = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}
Floats = NDArray[np.float64]


@dataclass
class Panel:
    """One pair of axes.

    Attributes:
        axes: of Matplotlib.
        x: what lies across.
        y: what lies upwards.
        layout: of the whole figure.
        bars: the bar traces of this pair, in order.
        tops: place of a stack, from which side -> how high it is by now.
        edge: the last line's places, which a band may fill up to.
    """

    axes: Any
    x: Scale
    y: Scale
    layout: Any
    bars: list[Any]
    tops: dict[tuple[float, bool], float] = field(default_factory=dict)
    edge: tuple[Floats, Floats] | None = None


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
    line = read_color(trace.line.color, read_color(_single(trace.marker.color), color))
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
        for at_x, at_y, words in zip(x, y, _each(trace.text, len(x)), strict=True):
            panel.axes.annotate(
                read_plain(words),
                (at_x, at_y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
                color=read_color(trace.textfont.color, line),
            )
    _draw_errors(panel, trace, x, y, line)
    return [handle]


def _draw_markers(
    panel: Panel, trace: Any, x: Floats, y: Floats, color: Color, opacity: float, handle: Any
) -> None:
    from matplotlib.colors import to_rgba

    marker, n = trace.marker, len(x)
    symbols = np.array(_each(marker.symbol, n), dtype=object)
    sizes = _read_sizes(marker, n)
    alphas = np.array([1.0 if a is None else float(a) for a in _each(marker.opacity, n)]) * opacity
    inks = [
        to_rgba(read_color(shade, color), alpha)
        for shade, alpha in zip(_each(marker.color, n), alphas, strict=True)
    ]
    rims = [
        to_rgba(read_color(rim, ink), alpha)
        for rim, ink, alpha in zip(_each(marker.line.color, n), inks, alphas, strict=True)
    ]
    widths = [POINT * float(width or 0) for width in _each(marker.line.width, n)]
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
            clip_on=trace.cliponaxis is not False,
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
    sizes = np.array([6.0 if s is None else float(s) for s in _each(marker.size, n)], "float64")
    if marker.sizemode == "area":
        sizes = np.sqrt(sizes / float(marker.sizeref or 1)) * (1 if marker.sizeref else 1)
    elif marker.sizeref:
        sizes = sizes / float(marker.sizeref)
    return POINT * np.maximum(sizes, float(marker.sizemin or 0))


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


def _draw_errors(panel: Panel, trace: Any, x: Floats, y: Floats, color: Color) -> None:
    for side in ("x", "y"):
        error = trace[f"error_{side}"]
        if error.array is None:
            continue
        above = np.nan_to_num(np.asarray(error.array, dtype="float64"))
        below = (
            above
            if error.arrayminus is None
            else np.nan_to_num(np.asarray(error.arrayminus, dtype="float64"))
        )
        panel.axes.errorbar(
            x,
            y,
            fmt="none",
            ecolor=read_color(error.color, color),
            elinewidth=POINT * (error.thickness or 2),
            capsize=POINT * (4 if error.width is None else error.width) / 2,
            zorder=2.5,
            **{f"{side}err": np.clip([below, above], 0, None)},
        )


def _draw_bars(panel: Panel, trace: Any, color: Color) -> list[Any]:
    from matplotlib.patches import Patch

    lies = trace.orientation == "h"
    along, across = (panel.y, panel.x) if lies else (panel.x, panel.y)
    places = along.place(trace.y if lies else trace.x)
    lengths = np.nan_to_num(across.place(trace.x if lies else trace.y))
    widths, places = _divide_room(panel, trace, places)
    bases = _stack(panel, trace, places, lengths)
    shade = read_color(_single(trace.marker.color), color)
    each = [read_color(shade, color) for shade in _each(trace.marker.color, len(places))]
    opacity = trace.opacity if trace.opacity is not None else _single(trace.marker.opacity)
    hatch = HATCHES.get(_single(trace.marker.pattern.shape) or "")
    look = {"alpha": opacity, "hatch": hatch, "edgecolor": "white" if hatch else "none"}
    draw = panel.axes.barh if lies else panel.axes.bar
    draw(places, lengths, widths, bases, color=each, linewidth=0, zorder=2, **look)
    ends = bases + lengths
    _draw_errors(panel, trace, *((ends, places) if lies else (places, ends)), INK)
    if trace.text is not None:
        _write_on_bars(panel, trace, places, ends, lies=lies)
    return [Patch(facecolor=shade, **look)]


def _divide_room(panel: Panel, trace: Any, places: Floats) -> tuple[Floats, Floats]:
    """Return how wide each bar is, and the middle of each."""
    if trace.width is not None:
        return np.broadcast_to(np.asarray(trace.width, "float64"), places.shape), places
    gaps = np.diff(np.unique(places[~np.isnan(places)]))
    room = float(gaps.min()) if len(gaps) else 1.0
    whole = room * (1 - (0.2 if panel.layout.bargap is None else panel.layout.bargap))
    if panel.layout.barmode in ("stack", "relative", "overlay") or len(panel.bars) < 2:
        return np.full(places.shape, whole), places
    number = next(n for n, bar in enumerate(panel.bars) if bar is trace)
    single = whole / len(panel.bars)
    return np.full(places.shape, single), places - whole / 2 + single * (number + 0.5)


def _stack(panel: Panel, trace: Any, places: Floats, lengths: Floats) -> Floats:
    """Return where each bar begins."""
    if trace.base is not None:
        return np.broadcast_to(np.asarray(trace.base, "float64"), places.shape)
    bases = np.zeros(places.shape)
    if panel.layout.barmode in ("stack", "relative"):
        for k, (place, length) in enumerate(zip(places, lengths, strict=True)):
            key = (float(place), bool(length < 0))
            bases[k] = panel.tops.get(key, 0.0)
            panel.tops[key] = bases[k] + length
    return bases


def _write_on_bars(panel: Panel, trace: Any, places: Floats, ends: Floats, *, lies: bool) -> None:
    for place, end, words in zip(places, ends, _each(trace.text, len(places)), strict=True):
        panel.axes.annotate(
            read_plain(words),
            (end, place) if lies else (place, end),
            xytext=(3, 0) if lies else (0, 2),
            textcoords="offset points",
            ha="left" if lies else "center",
            va="center" if lies else "bottom",
            fontsize=SMALL,
            color=INK,
        )


def _draw_heat(panel: Panel, trace: Any, _color: Color) -> list[Any]:
    draw_heat(panel.axes, panel.x, panel.y, trace)
    return []


def _each(value: Any, n: int) -> Sequence[Any]:
    """Return n values: those given, or a single value n times."""
    if value is None or isinstance(value, str | int | float):
        return [value] * n
    return list(value)


def _single(value: Any) -> Any:
    """Return a value that stands for all; None where each has its own."""
    return value if isinstance(value, str | int | float) else None


# To draw another kind of trace: an entry.
KINDS: dict[str, Callable[[Panel, Any, Color], list[Any]]] = {
    "scatter": _draw_scatter,
    "bar": _draw_bars,
    "heatmap": _draw_heat,
}
