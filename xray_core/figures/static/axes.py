"""The axes of a still picture: from values to places, what is written at them, and how far."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.figures.static.inks import GRID, INK
from xray_core.figures.text import read_plain

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
MOST_SIGNS = 85  # of names beside each other at an axis across the page; more are turned
SMALL, TEXT = 7.5, 8.0  # points


class Scale:
    """One axis of a Plotly figure.

    Attributes:
        spec: the axis, as the layout has it.
        categories: name -> place, in order; None where the axis is of numbers.
    """

    def __init__(self, spec: Any, values: Iterable[Any]) -> None:
        self.spec = spec
        self.categories: dict[str, int] | None = None
        seen = [value for values_of in values for value in values_of]
        if spec.type == "category" or (
            spec.type is None and any(isinstance(value, str) for value in seen)
        ):
            first = () if spec.categoryarray is None else spec.categoryarray
            names = dict.fromkeys(map(str, [*first, *seen]))
            self.categories = {name: place for place, name in enumerate(names)}

    def place(self, values: Any) -> NDArray[np.float64]:
        """Return where values lie, float of their shape; NaN where there is none."""
        if values is None:
            return np.zeros(0)
        if self.categories is None:
            return np.array([np.nan if v is None else float(v) for v in values], "float64")
        return np.array([self.categories.get(str(v), np.nan) for v in values], "float64")

    def place_one(self, value: Any) -> float:
        """Return where one value lies."""
        return float(self.place([value])[0])


def set_axis(axes: Any, side: str, scale: Scale, *, shows_ticks: bool, shares: float) -> None:
    """Set the range, the ticks and the title of one axis of a panel.

    Args:
        axes: of Matplotlib, with everything drawn that sets the range.
        side: "x" or "y".
        scale: what lies along it.
        shows_ticks: whether numbers are written here, and not at another panel.
        shares: which part of the page the panel takes across.
    """
    spec, axis = scale.spec, getattr(axes, f"{side}axis")
    if spec.type == "log":
        getattr(axes, f"set_{side}scale")("log")
    _set_range(axes, side, scale)
    if spec.visible is False:
        axis.set_visible(False)
        axes.spines["bottom" if side == "x" else "left"].set_visible(False)
        return
    _set_ticks(axis, side, scale, shares)
    axis.set_tick_params(which="both", labelsize=SMALL, colors=INK, length=2.5, width=0.6)
    if spec.showgrid is not False and scale.categories is None:
        axis.grid(True, color=GRID, linewidth=0.6)
    if spec.side == "right":
        axis.tick_right()
        axis.set_label_position("right")
        axes.spines["right"].set_visible(True)
        axes.spines["left"].set_visible(False)
    if not shows_ticks:
        axis.set_tick_params(labelleft=False, labelbottom=False)
    elif spec.title.text:
        axis.set_label_text(read_plain(spec.title.text), fontsize=TEXT, color=INK)


def _set_range(axes: Any, side: str, scale: Scale) -> None:
    spec, set_limits = scale.spec, getattr(axes, f"set_{side}lim")
    low, high = getattr(axes, f"get_{side}lim")()
    if scale.categories is not None:
        low, high = -0.5, len(scale.categories) - 0.5
    if spec.rangemode == "tozero" and spec.type != "log":
        low, high = min(low, 0.0), max(high, 0.0)
    if spec.minallowed is not None:
        low = max(low, float(spec.minallowed))
    if spec.maxallowed is not None:
        high = min(high, float(spec.maxallowed))
    if spec.range is not None:
        ends = [
            own if end is None else (10.0**end if spec.type == "log" else float(end))
            for end, own in zip(spec.range, (low, high), strict=True)
        ]
        set_limits(*ends)
    elif spec.autorange == "reversed":
        set_limits(high, low)
    else:
        set_limits(low, high)


def _set_ticks(axis: Any, side: str, scale: Scale, shares: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    spec = scale.spec
    names: list[str] | None = None
    if spec.tickvals is not None:
        places = scale.place(spec.tickvals)
        named = spec.ticktext if spec.ticktext is not None else spec.tickvals
        names = [read_plain(text) for text in named]
        axis.set_ticks(places, names)
    elif scale.categories is not None:
        names = [read_plain(name) for name in scale.categories]
        axis.set_ticks(list(scale.categories.values()), names)
    elif spec.type == "log":
        axis.set_major_formatter(FuncFormatter(lambda value, _: format_tick(value, spec)))
        axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    else:
        if spec.dtick is not None and isinstance(spec.dtick, int | float):
            low, high = sorted(axis.get_view_interval())
            if (high - low) / spec.dtick <= 24:
                axis.set_major_locator(MultipleLocator(spec.dtick))
        else:  # in steps that the few digits of a form can tell, which 2.5 is not
            axis.set_major_locator(MaxNLocator(spec.nticks or "auto", steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: format_tick(value, spec)))
    if side == "x" and names is not None:
        _turn(axis, names, spec.tickangle, shares)


def _turn(axis: Any, names: list[str], angle: Any, shares: float) -> None:
    longest = max(map(len, names), default=0)
    if angle is None and longest * len(names) > MOST_SIGNS * shares:
        angle = -40
    if isinstance(angle, int | float) and angle:
        upright = abs(angle) == 90
        for label in axis.get_ticklabels():
            label.set(
                rotation=-angle,
                ha="center" if upright else "right",
                va="top" if upright else "center",
                rotation_mode=None if upright else "anchor",
            )


def format_tick(value: float, spec: Any) -> str:
    """Return a number as it stands at an axis, by the few of d3's forms that our figures use."""
    form = spec.tickformat or ""
    digits = int(form[form.index(".") + 1]) if "." in form else 0
    if form.endswith("%"):
        return f"{value:.{digits}%}"
    if form.endswith("s"):
        for size, prefix in PREFIXES:
            if abs(value) >= size:
                return f"{value / size:.3g}{prefix}"
        return f"{value:.3g}"
    if form.endswith("d"):
        return f"{value:,.0f}"
    if form.endswith("f"):
        text = f"{value:,.{digits}f}"
        return text.rstrip("0").rstrip(".") if "~" in form else text
    text = f"{value:,.10g}" if abs(value) >= 1e-4 or not value else f"{value:.2g}"
    return text.replace("-", "−")
