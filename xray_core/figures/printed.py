"""The learning curves once more, as Plotly: for files, where nobody zooms."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import SUBSETS
from xray_core.figures.evaluation import MARGIN
from xray_core.figures.overlay import Line, color_of, letter_of, score_floor
from xray_core.figures.panels import divide_height
from xray_core.figures.text import escape_texts
from xray_core.figures.training import CURVES, FORMS, SHARES, TITLES

PLOTLY_DASHES = {"training": "dot", "validation": "solid"}
ABOVE = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
PANEL_HEIGHT = 190  # px
PALE = 0.3  # opacity of what each batch had


def plot_printed_curves(
    points: pd.DataFrame, metrics: Sequence[str], titles: Mapping[str, str] = TITLES
) -> go.Figure:
    """Draw what `training.plot_learning_curve` draws of the same table.

    Args:
        points: as `training.curve_table` returns them.
        metrics: of `training.METRICS`, from above.
        titles: metric -> what its axis is called.

    Returns:
        For each metric a panel: batches pale, epochs as points, the selected one ringed.
    """
    figure = go.Figure()
    places = divide_height([SHARES[metric] for metric in metrics])
    for number, metric in enumerate(metrics):
        axis = "y" if number == 0 else f"y{number + 1}"
        own = points[points["metric"] == metric]
        for curve in CURVES:
            of_curve = own[own["curve"] == curve]
            batches, epochs = (of_curve[rows] for rows in _split_epochs(of_curve))
            _add_line(figure, batches, f"{curve}, each batch", curve, axis, number, pale=True)
            _add_line(figure, epochs, curve, curve, axis, number)
        selected = own[own["selected"]]
        if len(selected):
            figure.add_scatter(
                x=selected["step"],
                y=selected["value"],
                mode="markers",
                name="selected epoch",
                showlegend=number == 0,
                yaxis=axis,
                marker={
                    "symbol": "circle-open",
                    "size": 12,
                    "line": {"width": 2},
                    "color": SUBSETS["validation"],
                },
            )
    _stack(figure, [titles[metric] for metric in metrics], places, "batch")
    for number, metric in enumerate(metrics):
        is_loss = metric == "loss"
        figure.layout[_name_axis(number)].update(
            range=[0, None if is_loss else 1.02], tickformat="" if is_loss else FORMS[metric]
        )
    return escape_texts(figure)


def plot_printed_runs(lines: Sequence[Line]) -> go.Figure:
    """Draw what `overlay.plot_runs` draws: score and loss of several runs over the epochs.

    Args:
        lines: the runs; those without an epoch draw nothing.

    Returns:
        A panel for the accuracy, for the mean AUC, or for both, and one for the loss; a line of
        each run in each, called by its letter and its name.
    """
    drawn = [(number, line) for number, line in enumerate(lines) if line.curve.epochs]
    areas = {bool(line.curve.area) for _, line in drawn}
    scores = [title for title, area in (("accuracy", False), ("mean AUC", True)) if area in areas]
    figure = go.Figure()
    for number, line in drawn:
        title = "mean AUC" if line.curve.area else "accuracy"
        panels = ((scores.index(title), line.curve.score), (len(scores), line.curve.loss))
        for place, values in panels:
            figure.add_scatter(
                x=list(line.curve.epochs),
                y=list(values),
                mode="lines+markers",
                name=f"{letter_of(number)} {line.name}",
                legendgroup=line.name,
                showlegend=place < len(scores),
                line={"width": 2, "color": color_of(number)},
                marker={"size": 4},
                yaxis="y" if place == 0 else f"y{place + 1}",
            )
    titles = [*scores, "loss"] if drawn else ["accuracy", "loss"]
    _stack(figure, titles, divide_height((1,) * len(titles)), "epoch")
    figure.update_layout(xaxis_dtick=1)
    floor = score_floor([line.curve for _, line in drawn])
    for number in range(len(titles) - 1):
        figure.layout[_name_axis(number)].range = [floor, 1.0]
    figure.layout[_name_axis(len(titles) - 1)].range = [0, None]
    return escape_texts(figure)


def _split_epochs(rows: pd.DataFrame) -> tuple["pd.Series[bool]", "pd.Series[bool]"]:
    is_batch = rows["epoch"] == 0
    return is_batch, ~is_batch


def _add_line(
    figure: go.Figure,
    rows: pd.DataFrame,
    name: str,
    curve: str,
    axis: str,
    number: int,
    *,
    pale: bool = False,
) -> None:
    if rows.empty:
        return
    figure.add_scatter(
        x=rows["step"],
        y=rows["value"],
        mode="lines" if pale else "lines+markers",
        name=name,
        showlegend=number == 0,
        opacity=PALE if pale else 1.0,
        line={
            "width": 1 if pale else 2,
            "color": SUBSETS[curve],
            "dash": "solid" if pale else PLOTLY_DASHES[curve],
        },
        marker={"size": 5},
        yaxis=axis,
    )


def _name_axis(number: int) -> str:
    return "yaxis" if number == 0 else f"yaxis{number + 1}"


def _stack(
    figure: go.Figure,
    titles: Sequence[str],
    places: Sequence[tuple[float, float]],
    x_title: str,
) -> None:
    """Lay panels one below the other, which share the axis below the last of them."""
    for number, (title, (foot, top)) in enumerate(zip(titles, places, strict=True)):
        figure.update_layout(
            {_name_axis(number): {"title": title, "domain": [max(0.0, 1 - foot), 1 - top]}}
        )
    last = _name_axis(len(titles) - 1).replace("yaxis", "y")
    figure.update_layout(
        height=60 + PANEL_HEIGHT * len(titles),
        margin=MARGIN,
        legend=ABOVE,
        showlegend=True,
        xaxis={"title": x_title, "anchor": last, "showgrid": False},
    )
