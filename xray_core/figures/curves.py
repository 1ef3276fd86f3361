"""The curves of one class against the rest, with their 95 % bands; see `evaluation.curves`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from xray_core.evaluation.curves import RATES, Line
from xray_core.evaluation.reliability import Calibration
from xray_core.figures.bands import add_band, soften
from xray_core.figures.colors import RUNS, color_classes
from xray_core.figures.evaluation import (
    CHANCE_GREY,
    DOTTED,
    MARGIN,
    add_chance,
    add_points,
    scale_rates,
)
from xray_core.figures.text import escape_texts
from xray_core.literature import PublishedPoint

HEIGHT = 300  # px
PLACE = {**MARGIN, "r": 22}  # room for half of "100%"
INSIDE = {"bgcolor": "rgba(0,0,0,0)", "font": {"size": 11}}
ABOVE = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}
PALE = 0.45  # opacity of the curves of the other classes
RATE_DASHES = ("solid", "solid", "dash", "dash", "dot")  # so that nothing hangs on colour alone
MARKS = (("circle-open", RUNS[0]), ("square-open", RUNS[1]))
SHARE = {"range": [-0.01, 1.01], "tickformat": ".0%", "dtick": 0.25}


def plot_roc_band(
    roc: Line,
    name: str,
    color: str,
    area: Mapping[str, float | None] | None = None,
    points: Sequence[PublishedPoint] = (),
    others: Mapping[str, tuple[Sequence[float], Sequence[float], str]] | None = None,
    marks: Sequence[tuple[float, float, str]] = (),
) -> go.Figure:
    """Draw a ROC curve with its band, beside chance, other classes, and what was published.

    Args:
        roc: as `evaluation.curves.roc_band` returns it.
        name: of the class.
        color: of it.
        area: under the curve, value, low and high, which the legend says.
        points: published readers and networks.
        others: class -> false positive rates, recalls and colour of a curve that is drawn pale.
        marks: false positive rate, recall and name of points of the curve, such as a threshold's:
            the first a ring, the others squares.

    Returns:
        The pale curves, the band (two traces), the curve, chance, one trace for each kind of point,
        and the marks.
    """
    figure = go.Figure()
    for other, (false_rate, recall, other_color) in (others or {}).items():
        figure.add_scatter(
            x=false_rate,
            y=recall,
            mode="lines",
            name=other,
            opacity=PALE,
            line={"width": 1, "color": other_color},
            hovertemplate="%{fullData.name}: recall %{y:.1%} at %{x:.1%}<extra></extra>",
        )
    add_band(figure, roc.at, (roc.low, roc.high), name, color)
    figure.add_scatter(
        x=roc.x,
        y=roc.y,
        mode="lines",
        name=f"{name}{_format_area('AUC', area)}",
        legendgroup=name,
        line={"width": 2, "color": color},
        hovertemplate="recall %{y:.1%}, at a false positive rate of %{x:.1%}<extra></extra>",
    )
    add_chance(figure)
    add_points(figure, points)
    for place, (across, up, words) in enumerate(marks):
        symbol, mark_color = MARKS[min(place, len(MARKS) - 1)]
        figure.add_scatter(
            x=[across],
            y=[up],
            mode="markers",
            name=words,
            marker={"size": 12, "symbol": symbol, "line": {"width": 3}, "color": mark_color},
            cliponaxis=False,  # it may stand in a corner
            hovertemplate="recall %{y:.1%}, at a false positive rate of %{x:.1%}<extra></extra>",
        )
    scale_rates(figure, with_points=bool(points))
    figure.update_layout(
        height=HEIGHT,
        margin=PLACE,
        legend={"font": {"size": 11}},
        xaxis={"dtick": 0.25},
        yaxis={"dtick": 0.25},
    )
    return escape_texts(figure)


def plot_precision_band(
    precision: Line,
    name: str,
    color: str,
    prevalence: float,
    average: Mapping[str, float | None] | None = None,
) -> go.Figure:
    """Draw precision against recall with its band, and what guessing reaches.

    Args:
        precision: as `evaluation.curves.precision_band` returns it.
        name: of the class.
        color: of it.
        prevalence: share of the images that have the class, in [0, 1]: the precision of a guess.
        average: average precision, value, low and high, which the legend says.
    """
    figure = go.Figure()
    add_band(figure, precision.at, (precision.low, precision.high), name, color, shape="vh")
    figure.add_scatter(
        x=precision.x,
        y=precision.y,
        mode="lines",
        name=f"{name}{_format_area('AP', average)}",
        legendgroup=name,
        line={"width": 2, "color": color, "shape": "vh"},
        hovertemplate="precision %{y:.1%}, at a recall of %{x:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=[0, 1],
        y=[prevalence, prevalence],
        mode="lines",
        name=f"guessing ({prevalence:.1%})",
        line=DOTTED,
        hoverinfo="skip",
    )
    figure.update_layout(
        height=HEIGHT,
        margin=PLACE,
        legend={"x": 0.02, "xanchor": "left", "y": 0.02, "yanchor": "bottom", **INSIDE},
        xaxis={"title": "recall (sensitivity)", **SHARE},
        yaxis={"title": "precision (PPV)", **SHARE, "range": [0, 1.02]},
    )
    return escape_texts(figure)


def plot_calibration(calibration: Calibration, name: str, color: str) -> go.Figure:
    """Draw the share of images with a class against its mean probability, and how many they are.

    Args:
        calibration: as `evaluation.reliability.calibration_curve` returns it.
        name: of the class.
        color: of it.

    Returns:
        Traces "right", a dotted diagonal, the bins with their intervals, and below them bars of the
        images in each bin.
    """
    known = calibration
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="right", line=DOTTED, hoverinfo="skip"
    )
    figure.add_scatter(
        x=known.predicted,
        y=known.observed,
        mode="lines+markers",
        name=name,
        line={"width": 1.5, "color": color},
        marker={"size": 7, "color": color},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": known.high - known.observed,
            "arrayminus": known.observed - known.low,
            "thickness": 1.5,
            "width": 3,
            "color": color,
        },
        customdata=np.column_stack([known.images, known.low, known.high]),
        hovertemplate="given %{x:.1%} on average, %{y:.1%} have it (%{customdata[1]:.1%} to "
        "%{customdata[2]:.1%})<br>%{customdata[0]:,} images<extra></extra>",
    )
    figure.add_bar(
        x=known.predicted,
        y=known.images,
        width=0.06,
        name="images",
        marker={"color": CHANCE_GREY},
        yaxis="y2",
        hovertemplate="%{y:,} images<extra></extra>",
    )
    figure.update_layout(
        height=HEIGHT,
        margin=PLACE,
        showlegend=False,
        xaxis={"title": f"probability of {name}", **SHARE, "anchor": "y2"},
        yaxis={"title": "share that has it", **SHARE, "domain": [0.3, 1]},
        yaxis2={
            "title": "images",
            "domain": [0, 0.2],
            "nticks": 3,
            "rangemode": "tozero",
            "tickformat": "~s",
        },
    )
    return escape_texts(figure)


def plot_scores(
    counts: NDArray[np.int64], kinds: Sequence[str], name: str, classes: Sequence[str]
) -> go.Figure:
    """Draw how the probabilities of a class are distributed over the images of each true class.

    Args:
        counts: as `evaluation.reliability.score_histograms` returns them, a row for each kind.
        kinds: true classes.
        name: of the class whose probability it is.
        classes: of the task, which have their own colours.

    Returns:
        A stepped line for each kind, of shares, so that small and large classes compare.
    """
    edges = np.linspace(0, 1, counts.shape[1] + 1)
    colors = color_classes(list(kinds if set(kinds) - set(classes) else classes))
    figure = go.Figure()
    for kind, row in zip(kinds, counts, strict=True):
        shares = row / max(int(row.sum()), 1)
        color = colors[kind]
        figure.add_scatter(
            x=edges,
            y=np.append(shares, shares[-1]),
            customdata=np.append(row, row[-1]),
            mode="lines",
            name=f"{kind} ({row.sum():,})",
            line={"shape": "hv", "width": 2, "color": color},
            fill="tozeroy",
            fillcolor=soften(color, 0.12),
            hovertemplate="from %{x:.0%}: %{y:.1%}, %{customdata:,} images<extra></extra>",
        )
    figure.update_layout(
        height=HEIGHT,
        margin=PLACE,
        showlegend=True,
        legend=ABOVE,
        xaxis={"title": f"probability of {name}", **SHARE},
        yaxis={"title": "share of the class", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return escape_texts(figure)


def plot_thresholds(
    rates: Mapping[str, Line], name: str, thresholds: Mapping[float, str] | None = None
) -> go.Figure:
    """Draw what each threshold comes to.

    Args:
        rates: as `evaluation.curves.threshold_curves` returns them.
        name: of the class that is called from the threshold on.
        thresholds: where a line stands -> what it is called; the others than the first are dashed.
    """
    figure = go.Figure()
    for rate, color, dash in zip(RATES, RUNS, RATE_DASHES, strict=False):
        line = rates[rate]
        add_band(figure, line.at, (line.low, line.high), rate, color, opacity=0.1)
        known = ~np.isnan(line.y)
        figure.add_scatter(
            x=line.x[known],
            y=line.y[known],
            customdata=np.column_stack([line.low, line.high])[known],
            mode="lines",
            name=rate,
            legendgroup=rate,
            line={"width": 2, "color": color, "dash": dash},
            hovertemplate="%{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})",
        )
    for place, (at, words) in enumerate((thresholds or {}).items()):
        line_style = {**DOTTED, "dash": "dash", "color": MARKS[1][1]} if place else DOTTED
        figure.add_vline(
            x=at,
            line=line_style,
            annotation={"text": words, "font": {"size": 11}, "yanchor": "bottom", "textangle": -90},
            annotation_position="bottom left" if at > 0.5 else "bottom right",
        )
    figure.update_layout(
        height=HEIGHT,
        margin=PLACE,
        legend=ABOVE,
        hovermode="x unified",
        xaxis={"title": f"threshold of {name}", **SHARE, "hoverformat": ".0%"},
        yaxis={"title": None, **SHARE, "range": [0, 1.02]},
    )
    return escape_texts(figure)


def list_pale(report: Mapping[str, Any], chosen: str) -> dict[str, Any]:
    """Return the ROC curves of a report but for one, as `plot_roc_band` takes the others."""
    colors = color_classes(report["classes"])
    return {
        name: (rates["false_positive_rate"], rates["true_positive_rate"], colors[name])
        for name, rates in report["roc"].items()
        if name != chosen
    }


def _format_area(title: str, figure: Mapping[str, float | None] | None) -> str:
    if figure is None or (value := figure["value"]) is None:
        return ""
    low, high = figure["low"], figure["high"]
    interval = "" if low is None or high is None else f", {low:.3f}–{high:.3f}"
    return f" ({title} {value:.3f}{interval})"
