"""One pair of axes of a still picture, and what its traces have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.figures.static.axes import Scale
from xray_core.figures.static.inks import POINT, Color, read_color

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


def draw_errors(panel: Panel, trace: Any, x: Floats, y: Floats, color: Color) -> None:
    """Draw the error bars of a trace, where it has any."""
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


def list_each(value: Any, n: int) -> Sequence[Any]:
    """Return n values: those given, or a single value n times."""
    if value is None or isinstance(value, str | int | float):
        return [value] * n
    return list(value)


def find_single(value: Any) -> Any:
    """Return a value that stands for all; None where each has its own."""
    return value if isinstance(value, str | int | float) else None
