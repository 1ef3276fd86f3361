"""Learning curves, as Vega-Lite: unlike Plotly, it keeps a reader's zoom while points arrive."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

N_POINTS = 800  # of the curve over batches; more than a chart has pixels helps nobody
CURVES = ("training", "validation")
ZOOM = "zoom"  # name of the chart's selection
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
    batches: pd.DataFrame, epochs: pd.DataFrame, metric: str, window: Window | None = None
) -> pd.DataFrame:
    """Return the points of one metric's chart.

    Args:
        batches: columns step and `metric`; one row per batch.
        epochs: columns step, epoch, `metric` and val_`metric`; one row per epoch.
        metric: "loss" or "accuracy".
        window: see `thin_curve`; epochs are few and all kept.

    Returns:
        Columns step, value, curve (one of `CURVES`), epoch (0 for a batch).
    """
    batches = batches.sort_values("step", kind="stable")  # lines of a log may have been moved
    steps, values = thin_curve(
        batches["step"].to_numpy("float64"), batches[metric].to_numpy("float64"), window
    )
    n_epochs = len(epochs)
    return pd.DataFrame(
        {
            "step": np.concatenate([steps, np.tile(epochs["step"].to_numpy("float64"), 2)]),
            "value": np.concatenate(
                [values, epochs[metric].to_numpy("float64"), epochs[f"val_{metric}"].to_numpy()]
            ),
            "curve": [CURVES[0]] * (len(steps) + n_epochs) + [CURVES[1]] * n_epochs,
            "epoch": np.concatenate(
                [np.zeros(len(steps), dtype=int), np.tile(epochs["epoch"].to_numpy("int64"), 2)]
            ),
        }
    )


def plot_learning_curve(metric: str, height: int = 320) -> dict[str, Any]:
    """Return the Vega-Lite specification that draws a `curve_table`; it never changes.

    Each batch is a pale line, each epoch a point: training and validation. The selection
    `ZOOM` binds the x axis: drag to pan, pinch or Ctrl + scroll to zoom, double-click to see
    all again; without Ctrl the page would stop scrolling wherever a chart comes by.
    """
    x = {
        "field": "step",
        "type": "quantitative",
        "title": "batch",
        "axis": {"tickMinStep": 1, "format": ",d", "grid": False},
        "scale": {"zero": False, "nice": False},
    }
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "title": metric}
    y["scale"] = {"domain": [0, 1]} if metric == "accuracy" else {"zero": False}
    if metric == "accuracy":
        y["axis"] = {"format": ".0%"}
    color = {
        "field": "curve",
        "type": "nominal",
        "scale": {"domain": list(CURVES)},
        "legend": {"title": None, "orient": "top", "symbolOpacity": 1},
    }
    tooltip = [
        {"field": "epoch", "type": "quantitative"},
        {"field": "curve", "type": "nominal", "title": "subset"},
        {"field": "value", "type": "quantitative", "title": metric, "format": ".4f"},
    ]
    shared = {"x": x, "y": y, "color": color}
    return {
        "height": height,
        "layer": [
            {
                "params": [
                    {
                        "name": ZOOM,
                        "select": {"type": "interval", "encodings": ["x"], "zoom": WHEEL},
                        "bind": "scales",
                    }
                ],
                "transform": [{"filter": "datum.epoch === 0"}],
                "mark": {"type": "line", "opacity": 0.3, "strokeWidth": 1, "clip": True},
                "encoding": shared,
            },
            {
                "transform": [{"filter": "datum.epoch > 0"}],
                "mark": {
                    "type": "line",
                    "strokeWidth": 2,
                    "clip": True,
                    "point": {"filled": True, "size": 36},
                },
                "encoding": {**shared, "tooltip": tooltip},
            },
        ],
    }
