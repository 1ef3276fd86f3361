"""Several runs in one figure: their scores over the epochs, ROC curves, and paired differences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from xray_core.evaluation.compare import Comparison, RunPair
from xray_core.figures.evaluation import CHANCE_GREY, MARGIN, add_chance
from xray_core.figures.overlay import Line, color_of, letter_of, score_floor
from xray_core.figures.text import escape_texts

SHARES = ("accuracy", "balanced_accuracy")  # shown in points of a hundred images
NOISE_OPACITY = 0.16
PAIR_HEIGHT, FRAME_HEIGHT = 30, 78  # px, of a row of differences and of the rest
ROOM = 0.72  # of the width of the intervals that the numbers beside them take
FEW_EPOCHS = 6  # epochs that each have a tick of their own; between them there is none
LETTER_GAP = 0.045  # of an axis: letters that stand closer to each other would touch


def plot_scores(lines: Sequence[Line], height: int = 265) -> go.Figure:
    """Draw the validation score of several runs over the epochs.

    Args:
        lines: the runs in the order of their letters; those without an epoch draw nothing.
        height: px.

    Returns:
        A trace for each run with an epoch, named by its letter; then a ring at its selected epoch.
    """
    figure = go.Figure()
    drawn = [(n, line) for n, line in enumerate(lines) if line.curve.epochs]
    floor = score_floor([line.curve for _, line in drawn])
    for number, line in drawn:
        curve, letter, color = line.curve, letter_of(number), color_of(number)
        figure.add_scatter(
            x=list(curve.epochs),
            y=list(curve.score),
            mode="lines",
            name=f"{letter} {line.name}",
            line={"color": color, "width": 2},
            hovertemplate="%{fullData.name}: %{y:.3f} after epoch %{x}<extra></extra>",
        )
        if curve.selected_score is not None:
            figure.add_scatter(
                x=[curve.selected],
                y=[curve.selected_score],
                mode="markers",
                name=f"{letter}, selected epoch",
                marker={"symbol": "circle-open", "size": 10, "color": color, "line": {"width": 2}},
                hovertemplate="selected: epoch %{x}<extra></extra>",
            )
    ends = [
        (line.curve.epochs[-1], line.curve.score[-1], number)
        for number, line in drawn
        if line.curve.score[-1] == line.curve.score[-1]  # a number
    ]
    _add_letters(figure, ends, LETTER_GAP * (1 - floor))
    most = max((line.curve.epochs[-1] for _, line in drawn), default=1)
    figure.update_layout(
        height=height,
        margin=MARGIN,
        showlegend=False,
        xaxis={
            "title": "epoch",
            "range": [0.6, most * 1.06 + 0.5],
            "dtick": 1 if most <= FEW_EPOCHS else None,
        },
        yaxis={"range": [floor, 1.01], "title": _name_scores(drawn, floor)},
    )
    return escape_texts(figure)


def _name_scores(drawn: Sequence[tuple[int, Line]], floor: float) -> str:
    """Return the title of the axis: what is drawn, and where the axis begins if not at 0."""
    kind = "mean AUC" if any(line.curve.area for _, line in drawn) else "accuracy"
    return f"{kind}, axis from {floor:.1f}" if floor else kind


def plot_rocs(
    is_positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    calls: Sequence[str],
    height: int = 265,
) -> go.Figure:
    """Draw the ROC curves of several runs on the same images.

    Args:
        is_positive: shape (n,), of both kinds.
        scores: of each run, shape (k, n); higher means more likely positive.
        calls: what each run is called.
        height: px.

    Returns:
        A trace for each run, then chance as the dotted diagonal.
    """
    figure = go.Figure()
    for number, (row, call) in enumerate(zip(scores, calls, strict=True)):
        false, true = find_rates(is_positive, row)
        figure.add_scatter(
            x=false,
            y=true,
            mode="lines",
            name=f"{letter_of(number)} {call}",
            line={"color": color_of(number), "width": 2},
            hovertemplate="%{fullData.name}: recall %{y:.1%}, at a false positive rate of %{x:.1%}"
            "<extra></extra>",
        )
    add_chance(figure)
    figure.update_layout(
        height=height,
        margin=MARGIN,
        showlegend=False,
        xaxis={
            "title": "false positive rate (1 − specificity)",
            "range": [-0.01, 1.01],
            "tickformat": ".0%",
        },
        yaxis={"title": "recall", "range": [0, 1.01], "tickformat": ".0%"},
    )
    return escape_texts(figure)


def find_rates(
    is_positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return false and true positive rates from the strictest threshold to the laxest.

    Args:
        is_positive: shape (n,), of both kinds.
        scores: shape (n,); images of one score are called together.

    Returns:
        Each of shape (number of different scores + 1,), in [0, 1].

    >>> [rates.tolist() for rates in find_rates(np.array([True, False]), np.array([0.9, 0.1]))]
    [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    """
    _, level = np.unique(-scores, return_inverse=True)
    called = [
        np.append(0, np.bincount(level, kind).cumsum()) for kind in (~is_positive, is_positive)
    ]
    false, true = (counts / max(1.0, float(counts[-1])) for counts in called)
    return false, true


def plot_differences(
    comparison: Comparison,
    figure_name: str,
    noise_floor: float | None = None,
    pairs: Sequence[RunPair] | None = None,
) -> go.Figure:
    """Draw the difference of each pair with its interval, a row each.

    Filled is what luck does not explain, however many pairs there are; hollow is what may be luck.

    Args:
        comparison: of the runs.
        figure_name: one of `comparison.figures`.
        noise_floor: what two runs with other seeds differ by at most; drawn as a band.
        pairs: those that are drawn; None for all.

    Returns:
        A trace of those that differ and one of those that may be luck.
    """
    scale, form, unit = (
        (100, "+.1f", "points of 100 images")
        if figure_name in SHARES
        else (1, "+.3f", "difference")
    )
    figure = go.Figure()
    wanted = comparison.pairs if pairs is None else pairs
    rows = [pair for pair in wanted if pair.differences[figure_name].value is not None]
    names = [f"{letter_of(pair.first)} − {letter_of(pair.second)}" for pair in rows]
    ends = [
        [
            scale * (number or 0.0)
            for number in (
                pair.differences[figure_name].low,
                pair.differences[figure_name].value,
                pair.differences[figure_name].high,
            )
        ]
        for pair in rows
    ]
    for sure, title in ((True, "beyond luck"), (False, "may be luck")):
        chosen = [n for n, pair in enumerate(rows) if pair.differs(figure_name) == sure]
        figure.add_scatter(
            **_trace_differences([names[n] for n in chosen], [ends[n] for n in chosen], sure, title)
        )
    low = min((row[0] for row in ends), default=0.0)
    high = max((row[2] for row in ends), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    width = (high - low) or 1.0
    if noise_floor is not None:
        figure.add_vrect(
            x0=-scale * noise_floor,
            x1=scale * noise_floor,
            fillcolor=CHANCE_GREY,
            opacity=NOISE_OPACITY,
            layer="below",
            line_width=0,
        )
    figure.add_vline(x=0, line={"width": 1, "color": CHANCE_GREY})
    for name, (least, value, most) in zip(names, ends, strict=True):
        figure.add_annotation(
            x=high + (0.06 + ROOM) * width,
            y=name,
            text=f"{value:{form}} ({least:{form}} to {most:{form}})",
            showarrow=False,
            xanchor="right",
            font={"size": 12},
        )
    figure.update_layout(
        height=FRAME_HEIGHT + PAIR_HEIGHT * len(rows),
        margin=MARGIN,
        showlegend=False,
        xaxis={"title": unit, "range": [low - 0.06 * width, high + (0.08 + ROOM) * width]},
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names[::-1],
            "title": None,
            "showgrid": False,  # a line would go through the numbers
        },
    )
    return escape_texts(figure)


def _trace_differences(
    names: list[str], ends: list[list[float]], sure: bool, title: str
) -> dict[str, Any]:
    color = color_of(0) if sure else CHANCE_GREY
    return {
        "x": [value for _, value, _ in ends],
        "y": names,
        "mode": "markers",
        "name": title,
        "marker": {
            "size": 11,
            "color": color,
            "symbol": "circle" if sure else "circle-open",
            "line": {"width": 2, "color": color},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for _, value, high in ends],
            "arrayminus": [value - low for low, value, _ in ends],
            "thickness": 1.6,
            "width": 4,
            "color": color,
        },
        "hovertemplate": "%{y}: %{x:.3f}, %{fullData.name}<extra></extra>",
    }


def _add_letters(figure: go.Figure, ends: Sequence[tuple[float, float, int]], gap: float) -> None:
    """Write each run's letter at the end of its line, none over another."""
    placed: list[float] = []
    for x, y, number in sorted(ends, key=lambda end: -end[1]):  # downwards: above is no room
        place = min([y, *(other - gap for other in placed if abs(other - y) < len(ends) * gap)])
        placed.append(place)
        figure.add_annotation(
            x=x,
            y=place,
            text=letter_of(number),
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"color": color_of(number), "size": 13},
        )
