"""Bars of a still picture: beside each other, stacked, or each where it begins."""

from typing import Any

import numpy as np

from xray_core.figures.static.axes import SMALL
from xray_core.figures.static.inks import HATCHES, INK, Color, read_color
from xray_core.figures.static.panel import Floats, Panel, draw_errors, find_single, list_each
from xray_core.figures.text import read_plain


def draw_bars(panel: Panel, trace: Any, color: Color) -> list[Any]:
    """Draw a trace of bars; return what stands for it in a legend."""
    from matplotlib.patches import Patch

    lies = trace.orientation == "h"
    along, across = (panel.y, panel.x) if lies else (panel.x, panel.y)
    places = along.place(trace.y if lies else trace.x)
    lengths = np.nan_to_num(across.place(trace.x if lies else trace.y))
    widths, places = _divide_room(panel, trace, places)
    bases = _stack(panel, trace, places, lengths)
    shade = read_color(find_single(trace.marker.color), color)
    each = [read_color(shade, color) for shade in list_each(trace.marker.color, len(places))]
    opacity = trace.opacity if trace.opacity is not None else find_single(trace.marker.opacity)
    hatch = HATCHES.get(find_single(trace.marker.pattern.shape) or "")
    look = {"alpha": opacity, "hatch": hatch, "edgecolor": "white" if hatch else "none"}
    draw = panel.axes.barh if lies else panel.axes.bar
    draw(places, lengths, widths, bases, color=each, linewidth=0, zorder=2, **look)
    ends = bases + lengths
    draw_errors(panel, trace, *((ends, places) if lies else (places, ends)), INK)
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
    for place, end, words in zip(places, ends, list_each(trace.text, len(places)), strict=True):
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
