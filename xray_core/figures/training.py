"""Learning curves, as Vega-Lite: unlike Plotly, it keeps a reader's zoom while points arrive."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from xray_core.figures.colors import DASHES, SUBSETS
from xray_core.figures.panels import build_panel, divide_height, stack_panels

N_POINTS = 800  # of the curve over batches; more than a chart has pixels helps nobody
CURVES = ("training", "validation")
METRICS = ("loss", "accuracy", "auc")  # of the training set there is no AUC
TITLES = {"loss": "loss", "accuracy": "accuracy", "auc": "AUC", "dice": "Dice"}
OF_MASKS = ("loss", "dice")  # the share of right pixels is high for whoever calls none
OF_FINDINGS = {**TITLES, "auc": "mean AUC"}  # of a run on several findings
SHARES = {"loss": 1.5, "accuracy": 1.0, "auc": 0.7, "dice": 1.0}  # of the figure's height
FORMS = {"loss": ".2~f", "accuracy": ".0%", "auc": ".1f", "dice": ".1f"}
PRECISE = {"loss": ".4f", "accuracy": ".1%", "auc": ".3f", "dice": ".3f"}
ZOOM = "zoom"  # name of the chart's selection
CURSOR = "cursor"  # of the epoch that the mouse is next to
WHEEL = "wheel![event.ctrlKey || event.metaKey]"  # a pinch arrives as Ctrl + wheel

Window = tuple[float, float]


def thin_curve(
    steps: NDArray[np.float64],
    values: NDArray[np.float64],
    window: Window | None = None,
    n_points: int = N_POINTS,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Thin a curve to about `n_points` without losing its spikes (MinMaxLTTB).

    Args:
        steps: shape (n,), ascending.
        values: shape (n,).
        window: the visible range of steps. Only it and as much again on both sides is kept,
            so that zooming in brings out detail and panning finds something.
        n_points: an even number, at least 4.

    Returns:
        Steps and values of the points that are kept.
    """
    if window is not None:
        low, high = min(window), max(window)
        first, last = np.searchsorted(steps, [2 * low - high, 2 * high - low])
        steps, values = steps[first:last], values[first:last]
    if len(steps) <= n_points:
        return steps, values
    thinner = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
    kept = thinner.downsample(steps, values, n_out=n_points)
    return steps[kept], values[kept]


def curve_table(
    batches: pd.DataFrame,
    epochs: pd.DataFrame,
    metrics: Sequence[str] = METRICS[:2],
    window: Window | None = None,
    smooth: int = 1,
) -> pd.DataFrame:
    """Return the points of the curves.

    Args:
        batches: columns step and the metrics; one row per batch.
        epochs: columns step, epoch, best_epoch, the metrics and val_ before each of them; one row
            per epoch. Of the AUC there is only that of the validation set.
        metrics: of `METRICS` or `OF_MASKS`.
        window: see `thin_curve`; epochs are few and all kept.
        smooth: batches whose mean stands for each; 1 for the batch itself.

    Returns:
        Columns metric, curve (one of `CURVES`), epoch (0 for a batch), step, value, and selected:
        whether it is the validation set's value at the epoch whose weights are kept.
    """
    parts = _list_parts(batches, epochs, metrics, window, smooth)
    lengths = [len(part[3]) for part in parts]
    columns = {
        "metric": np.repeat([part[0] for part in parts], lengths),
        "curve": np.repeat([part[1] for part in parts], lengths),
        "epoch": np.concatenate([part[2] for part in parts]),
        "step": np.concatenate([part[3] for part in parts]),
        "value": np.concatenate([part[4] for part in parts]),
        "selected": np.concatenate(
            [np.broadcast_to(part[5], n) for part, n in zip(parts, lengths, strict=True)]
        ),
    }
    there = np.isfinite(columns["value"])
    return pd.DataFrame({name: values[there] for name, values in columns.items()})


def _list_parts(
    batches: pd.DataFrame,
    epochs: pd.DataFrame,
    metrics: Sequence[str],
    window: Window | None,
    smooth: int,
) -> list[tuple[str, str, Any, Any, Any, Any]]:
    """Return metric, curve, epochs, steps, values and selected of each line of the figure."""
    batches = batches.sort_values("step", kind="stable")  # lines of a log may have been moved
    steps, numbers = epochs["step"].to_numpy("float64"), epochs["epoch"].to_numpy("int64")
    selected = np.zeros(len(epochs), dtype=bool)
    if len(epochs) and "best_epoch" in epochs:
        selected = numbers == epochs["best_epoch"].iloc[-1]
    parts: list[tuple[str, str, Any, Any, Any, Any]] = []
    for metric in metrics:
        if metric in batches:
            at, values = _thin_batches(batches, metric, window, smooth)
            parts.append((metric, CURVES[0], np.zeros(len(at), "int64"), at, values, False))
        for curve, column in zip(CURVES, (metric, f"val_{metric}"), strict=True):
            if column in epochs:
                marks = selected if curve == "validation" else False
                values = epochs[column].to_numpy("float64")
                parts.append((metric, curve, numbers, steps, values, marks))
    return parts


def _thin_batches(
    batches: pd.DataFrame, metric: str, window: Window | None, smooth: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    means = batches[metric].astype("float64")
    if smooth > 1:
        means = means.rolling(smooth, min_periods=1).mean()
    steps = batches["step"].to_numpy("float64")
    return thin_curve(steps, np.asarray(means, dtype="float64"), window)


def list_metrics(epochs: pd.DataFrame, several: bool = False) -> tuple[str, ...]:
    """Return the metrics that a run's log holds: the AUC only where it could be computed.

    Of a run that draws masks loss and Dice.

    Args:
        epochs: one row per epoch.
        several: whether the run answers for several findings at once: the share of them that it
            says rightly is high for whoever says "none", so that it is not drawn.
    """
    if "val_dice" in epochs:
        return OF_MASKS
    has_area = "val_auc" in epochs and epochs["val_auc"].notna().any()
    return tuple(
        name
        for name in METRICS
        if (name != "auc" or has_area) and not (name == "accuracy" and several)
    )


def plot_learning_curve(
    metrics: Sequence[str] = METRICS[:2], height: int = 400, titles: Mapping[str, str] = TITLES
) -> dict[str, Any]:
    """Return the Vega-Lite specification that draws `curve_table`s; it never changes.

    One panel a metric, one below the other, with one x axis. Each batch is a pale line, each epoch
    a point: training dotted, validation solid; a ring and a line mark the selected epoch. Beside
    the mouse all panels show the values of the same epoch. The selection `ZOOM` binds the x axis:
    drag to pan, pinch or Ctrl + scroll to zoom, double-click to see all again; without Ctrl the
    page would stop scrolling wherever a chart comes by.

    Args:
        metrics: of `METRICS`, from above.
        height: px, of all panels together.
        titles: metric -> what its axis is called.
    """
    places = divide_height([SHARES[metric] for metric in metrics])
    panels = []
    for number, (metric, place) in enumerate(zip(metrics, places, strict=True)):
        domain = (0.0, None if metric == "loss" else 1.0)
        y = build_panel(titles[metric], domain, place, FORMS[metric])
        panels.append({"layer": _draw_metric(metric, titles[metric], y, with_params=number == 0)})
    spec = stack_panels(panels, "batch", height, room=44)
    spec["layer"].append({"layer": [_draw_rule("datum.selected", dash=[3, 3])]})
    spec["layer"].append({"layer": [_draw_rule({"param": CURSOR, "empty": False})]})
    return spec


def _draw_metric(
    metric: str, title: str, y: dict[str, Any], *, with_params: bool
) -> list[dict[str, Any]]:
    own = f"datum.metric === '{metric}'"
    color, dash = _tell_subsets_apart()
    shared = {"x": {"field": "step", "type": "quantitative"}, "y": y, "color": color}
    precise = {"field": "value", "type": "quantitative", "format": PRECISE[metric]}
    tooltip = [
        {"field": "epoch", "type": "quantitative"},
        {"field": "curve", "type": "nominal", "title": "subset"},
        {**precise, "title": title},
    ]
    of_epochs = [{"filter": f"{own} && datum.epoch > 0"}]
    batches: dict[str, Any] = {
        "transform": [{"filter": f"{own} && datum.epoch === 0"}],
        "mark": {"type": "line", "opacity": 0.3, "strokeWidth": 1, "clip": True},
        "encoding": shared,
    }
    points: dict[str, Any] = {
        "transform": of_epochs,
        "mark": {"type": "point", "filled": True, "size": 30, "clip": True},
        "encoding": {**shared, "tooltip": tooltip},
    }
    if with_params:
        batches["params"] = [_bind_zoom()]
        points["params"] = [_follow_mouse()]
    return [
        batches,
        {
            "transform": of_epochs,
            "mark": {"type": "line", "strokeWidth": 2, "clip": True},
            "encoding": {**shared, "strokeDash": dash},
        },
        points,
        {
            "transform": [{"filter": f"{own} && datum.selected"}],
            "mark": {"type": "point", "size": 130, "strokeWidth": 2.5, "clip": True},
            "encoding": shared,
        },
        {
            "transform": [
                {"filter": f"{own} && datum.epoch > 0 && datum.curve === 'validation'"},
                {"filter": {"param": CURSOR, "empty": False}},
            ],
            "mark": {"type": "text", "align": "left", "dx": 7, "clip": True},
            "encoding": {**shared, "text": precise},
        },
    ]


def _tell_subsets_apart() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the encodings of the subsets' colours and dashes."""
    color = {
        "field": "curve",
        "type": "nominal",
        "scale": {"domain": list(CURVES), "range": [SUBSETS[curve] for curve in CURVES]},
        "legend": {"title": None, "orient": "top", "symbolOpacity": 1, "symbolType": "stroke"},
    }
    dash = {
        "field": "curve",
        "type": "nominal",
        "scale": {"domain": list(CURVES), "range": [list(DASHES[curve]) for curve in CURVES]},
    }
    return color, dash


def _bind_zoom() -> dict[str, Any]:
    return {
        "name": ZOOM,
        "select": {"type": "interval", "encodings": ["x"], "zoom": WHEEL},
        "bind": "scales",
    }


def _follow_mouse() -> dict[str, Any]:
    select = {"type": "point", "on": "pointermove", "clear": "pointerout", "nearest": True}
    return {"name": CURSOR, "select": {**select, "encodings": ["x"]}}


def _draw_rule(condition: Any, dash: Sequence[int] = (1, 0)) -> dict[str, Any]:
    """Return an upright line through all panels, at the epoch that meets a condition."""
    return {
        "transform": [{"filter": condition}],
        "mark": {
            "type": "rule",
            "color": SUBSETS["validation"],
            "strokeDash": list(dash),
            "opacity": 0.7,
            "clip": True,
            "aria": False,  # it says nothing that the points do not
        },
        "encoding": {"x": {"field": "step", "type": "quantitative"}},
    }
