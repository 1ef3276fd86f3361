"""The curves of several runs over each other, as Vega-Lite: each with its colour and its letter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from xray_core.figures.colors import RUNS
from xray_core.figures.panels import build_panel, divide_height, stack_panels
from xray_core.runs.curves import Curve

N_DRAWN = len(RUNS)  # runs at most: each has a colour of its own
LABEL_ROOM = 0.09  # of a panel's height that the letter at the end of a line takes
NEAR = 0.05  # of the epochs: lines that end so close to each other have letters that would touch


@dataclass(frozen=True)
class Line:
    """One run of the figure.

    Attributes:
        curve: what is drawn.
        name: for a person, shown where the mouse rests on a point.
        diverged: whether its loss became no number: what comes before that sets no axis.
    """

    curve: Curve
    name: str
    diverged: bool = False


def letter_of(number: int) -> str:
    """Return the letter of the run with this number, from 0."""
    return ascii_uppercase[number % len(ascii_uppercase)]


def color_of(number: int) -> str:
    """Return the colour of the run with this number, from 0."""
    return RUNS[number % N_DRAWN]


def plot_runs(lines: Sequence[Line], height: int = 400) -> dict[str, Any]:
    """Return the Vega-Lite specification of validation accuracy and loss over the epochs.

    Each line is named by its letter at its end; a ring marks the selected epoch. The axis of the
    accuracy begins where the curves do, and says so; that of the loss begins at 0. Runs on several
    findings are drawn by their mean AUC instead of the accuracy, in a panel of their own.

    Args:
        lines: the runs, at most `N_DRAWN` of them; those without an epoch draw nothing.
        height: px, of two panels together; a third one adds half of it.
    """
    drawn = [(n, line) for n, line in enumerate(lines) if line.curve.epochs]
    telling = [line for _, line in drawn if not line.diverged] or [line for _, line in drawn]
    ceiling = max((max(map(_finite, line.curve.loss)) for line in telling), default=1.0) or 1.0
    letters = [letter_of(n) for n in range(len(lines))]
    single = [entry for entry in drawn if not entry[1].curve.area]
    several = [entry for entry in drawn if entry[1].curve.area]
    panels = []
    if single or not several:
        panels.append(_score_panel(single, telling, "accuracy", ".0%"))
    if several:
        panels.append(_score_panel(several, telling, "mean AUC", ".1f"))
    panels.append(_Panel("loss", "loss", (0.0, 1.05 * ceiling), ".2~f", drawn))
    layers = []
    for place, panel in zip(divide_height((1,) * len(panels)), panels, strict=True):
        points = _list_points(panel.drawn, panel.metric, panel.domain)
        y = build_panel(panel.title, panel.domain, place, panel.form)
        cut = bool(panel.domain[0])
        layers.append(_draw(points, y, letters, panel.title, panel.form, cut=cut))
    return stack_panels(layers, "epoch", height * len(panels) // 2)


@dataclass(frozen=True)
class _Panel:
    title: str
    metric: str
    domain: tuple[float, float]
    form: str
    drawn: Sequence[tuple[int, Line]]


def _score_panel(
    drawn: Sequence[tuple[int, Line]], telling: Sequence[Line], name: str, form: str
) -> _Panel:
    floor = score_floor([line.curve for _, line in drawn if line in telling])
    cut = f", from {floor:{form}}" if floor else ""
    return _Panel(f"{name}{cut}", "score", (floor, 1.0), form, drawn)


def score_floor(curves: Sequence[Curve]) -> float:
    """Return where the axis of the scores begins, a whole tenth; 0 where there is no curve."""
    values = [value for curve in curves for value in curve.score if math.isfinite(value)]
    least = min(values, default=0.0)
    return max(0.0, math.floor(10 * least - 1e-9) / 10)


def _list_points(
    drawn: Sequence[tuple[int, Line]], metric: str, domain: tuple[float, float]
) -> list[dict[str, Any]]:
    points = []
    for number, line in drawn:
        values = getattr(line.curve, metric)
        for epoch, value in zip(line.curve.epochs, values, strict=True):
            points.append(
                {
                    "run": letter_of(number),
                    "name": line.name,
                    "epoch": epoch,
                    "value": min(max(_finite(value), domain[0]), domain[1]),
                    "true": value if math.isfinite(value) else None,
                    "selected": epoch == line.curve.selected,
                    "last": epoch == line.curve.epochs[-1],
                }
            )
    _spread_labels([point for point in points if point["last"]], domain)
    return points


def _spread_labels(ends: list[dict[str, Any]], domain: tuple[float, float]) -> None:
    """Note where the letters of the ends stand, so that none lies over another."""
    room = LABEL_ROOM * (domain[1] - domain[0])
    near = NEAR * max((point["epoch"] for point in ends), default=0)
    placed: list[dict[str, Any]] = []
    for point in sorted(ends, key=lambda point: -point["value"]):  # downwards: above is no room
        above = [p["label"] for p in placed if abs(p["epoch"] - point["epoch"]) < near]
        point["label"] = min([point["value"], *(label - room for label in above)])
        placed.append(point)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _draw(
    points: list[dict[str, Any]],
    y: dict[str, Any],
    letters: list[str],
    title: str,
    form: str,
    *,
    cut: bool,
) -> dict[str, Any]:
    x = {"field": "epoch", "type": "quantitative"}
    color = {
        "field": "run",
        "type": "nominal",
        "scale": {"domain": letters, "range": [color_of(n) for n in range(len(letters))]},
        "legend": None,
    }
    shared = {"x": x, "y": y, "color": color}
    tooltip = [
        {"field": "run", "type": "nominal"},
        {"field": "name", "type": "nominal", "title": "called"},
        {"field": "epoch", "type": "quantitative"},
        {"field": "true", "type": "quantitative", "title": title.split(",")[0], "format": form},
    ]
    ring = {"type": "point", "size": 110, "strokeWidth": 2.5, "filled": False}
    layer: list[dict[str, Any]] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": shared},
        {
            "mark": {"type": "point", "filled": True, "size": 14},
            "encoding": {**shared, "tooltip": tooltip},
        },
        {"transform": [{"filter": "datum.selected"}], "mark": ring, "encoding": shared},
        {
            "transform": [{"filter": "datum.last"}],
            "mark": {"type": "text", "align": "left", "dx": 9, "fontWeight": "bold"},
            "encoding": {**shared, "y": {**y, "field": "label"}, "text": {"field": "run"}},
        },
    ]
    if cut:
        layer.append(_mark_cut(y))
    return {"data": {"values": points}, "layer": layer}


def _mark_cut(y: dict[str, Any]) -> dict[str, Any]:
    """Return the sign at the foot of an axis that does not begin at 0."""
    return {
        "data": {"values": [{"foot": y["scale"]["domain"][0]}]},
        "mark": {
            "type": "text",
            "text": "≈",
            "x": 0,
            "fontSize": 16,
            "dy": -1,
            "color": "#6f7f8a",
            "tooltip": "This axis does not begin at 0.",
        },
        "encoding": {"y": {**y, "field": "foot"}},
    }
