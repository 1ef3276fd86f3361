"""Figures of the shortcut lab and of the leak lab: points with their intervals."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from xray_core.evaluation.leak_lab import Inflation, LeakLab
from xray_core.evaluation.shortcuts import NO_SIGN, UNKNOWN, ShortcutLab
from xray_core.figures.colors import CLASSES
from xray_core.figures.evaluation import CHANCE_GREY, DOTTED, MARGIN
from xray_core.figures.text import escape_texts

ROW_HEIGHT, FRAME_HEIGHT = 38, 70  # px
ROOM = 0.7  # of the axis, for the numbers at its right
COLOR, PALE = CLASSES[0], CHANCE_GREY


def plot_shortcuts(lab: ShortcutLab) -> go.Figure:
    """Draw the AUC of each network of the lab with its interval, and chance at 0.5.

    Args:
        lab: with at least one figure.

    Returns:
        One trace a row, from top to bottom as in the lab, the columns-only baseline last. Filled
        is what is above chance, hollow what may be chance.
    """
    rows = [
        (sight.title, sight.auc, sight.level != NO_SIGN, f"n = {sight.n:,}")
        for sight in lab.sights
        if sight.auc is not None and sight.level != UNKNOWN
    ]
    if lab.baseline is not None and lab.baseline["value"] is not None:
        low = lab.baseline["low"]
        sure = low is not None and low > 0.5
        rows.append((f"No image: {lab.baseline_words}", lab.baseline, sure, ""))
    figure = go.Figure()
    least = min([0.45, *(float(auc["low"] or auc["value"] or 0) for _, auc, _, _ in rows)])
    for title, auc, sure, n in rows:
        value, low, high = (float(auc[end] or np.nan) for end in ("value", "low", "high"))
        _add_point(figure, title, value, low, high, sure)
        figure.add_annotation(
            x=1 + ROOM * (1 - least),
            y=title,
            text=f"{value:.2f} ({low:.2f} to {high:.2f})" + (f"<br>{n}" if n else ""),
            showarrow=False,
            xanchor="right",
            align="right",
            font={"size": 12},
        )
    figure.add_vline(x=0.5, line=DOTTED)
    _lay_out(figure, [title for title, *_ in rows])
    figure.update_xaxes(
        title="AUC; 0.5 is chance",
        range=[least - 0.02, 1 + (ROOM + 0.02) * (1 - least)],
        tickvals=[tick / 10 for tick in range(0, 11) if tick / 10 >= least],
    )
    return escape_texts(figure)


def plot_inflation(lab: LeakLab, inflation: Inflation) -> go.Figure:
    """Draw by how much each pair is better by image, and their mean with its interval.

    Args:
        lab: whose pairs they are.
        inflation: of one figure.
    """
    seeds = [f"seed {pair.seed}" for pair in lab.pairs if pair.is_done]
    if len(set(seeds)) < len(seeds):
        seeds = [f"seed {pair.seed}, split {pair.split_seed}" for pair in lab.pairs if pair.is_done]
    figure = go.Figure()
    if len(seeds) > 1:
        for seed, value in zip(seeds, inflation.of_pairs, strict=True):
            _add_point(figure, seed, value, np.nan, np.nan, sure=False)
    title = "mean" if len(seeds) > 1 else seeds[0]
    sure = not inflation.low <= 0 <= inflation.high
    _add_point(figure, title, inflation.value, inflation.low, inflation.high, sure)
    figure.add_vline(x=0, line=DOTTED)
    names = [*seeds, title] if len(seeds) > 1 else [title]
    _lay_out(figure, names)
    figure.update_xaxes(title="by image less by patient", tickformat="+.3~f")
    return escape_texts(figure)


def _add_point(
    figure: go.Figure, title: str, value: float, low: float, high: float, sure: bool
) -> None:
    color = COLOR if sure else PALE
    known = not np.isnan(low)
    figure.add_scatter(
        x=[value],
        y=[title],
        mode="markers",
        name=title,
        marker={
            "size": 11,
            "color": color,
            "symbol": "circle" if sure else "circle-open",
            "line": {"width": 2, "color": color},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value if known else 0],
            "arrayminus": [value - low if known else 0],
            "thickness": 2,
            "width": 5 if known else 0,
            "color": color,
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )


def _lay_out(figure: go.Figure, names: Sequence[str]) -> None:
    figure.update_layout(
        height=FRAME_HEIGHT + ROW_HEIGHT * len(names),
        margin=MARGIN,
        showlegend=False,
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(names)[::-1],
            "title": None,
            "showgrid": False,
        },
    )
