"""Figures about a network that answers for several findings at once, finding by finding."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import RUNS
from xray_core.figures.evaluation import CHANCE_GREY, DOTTED, MARGIN, SYMBOLS
from xray_core.figures.text import escape_texts

CHANCE = 0.5  # AUC of guessing
ROW_HEIGHT = 21  # px that the line of a finding takes
MANY = 8  # findings from which on the numbers in a heat table are small
RING = 3  # px
PALE = 0.4  # opacity of what rests on too few patients
OWN, CHANCE_NAME = "this run", "chance"
NO_MARKS: Mapping[str, Mapping[str, float]] = {}
SHADES = [[0.0, "#f1dfea"], [1.0, "#a03a82"]]  # opaque: numbers in cells stand out from them


def plot_areas(
    areas: pd.DataFrame,
    marks: Mapping[str, Mapping[str, float]] = NO_MARKS,
    chosen: str = "",
) -> go.Figure:
    """Draw the AUC of each finding as a dot with its interval, the highest on top.

    Args:
        areas: one row a finding: finding, area in [0, 1] (NaN where it cannot be computed: then
            there is no dot, and the axis says so), low and high (NaN where there is no interval),
            present and absent (images), and too_few, whether so few patients have it that its
            figure says little: such a dot is pale.
        marks: name of a source -> finding -> what it published, in [0, 1].
        chosen: the finding whose dot has a ring; "" for none.

    Returns:
        A trace "this run", then one for each source, then "chance", a dotted line.
    """
    ordered = areas.sort_values("area", ascending=False, kind="stable", na_position="last")
    known = ordered[ordered["area"].notna()]
    missing = ordered.loc[ordered["area"].isna(), "finding"].tolist()
    figure = go.Figure(_draw_dots(known, chosen))
    for number, (source, values) in enumerate(marks.items()):
        figure.add_trace(
            _draw_marks(source, values, ordered["finding"], SYMBOLS[number % len(SYMBOLS)])
        )
    figure.add_scatter(
        x=[CHANCE, CHANCE],
        y=[ordered["finding"].iloc[0], ordered["finding"].iloc[-1]] if len(ordered) else [],
        mode="lines",
        name=CHANCE_NAME,
        line=DOTTED,
        hoverinfo="skip",
    )
    for name in missing:
        figure.add_annotation(
            x=CHANCE,
            y=name,
            xanchor="left",
            xshift=6,
            showarrow=False,
            text="cannot be computed",
            font={"size": 11, "color": CHANCE_GREY},
        )
    least = min([CHANCE - 0.1, *known[["area", "low"]].min().dropna()])
    figure.update_layout(_lay_out_areas(ordered["finding"].tolist(), least, with_key=bool(marks)))
    return escape_texts(figure)


def _draw_marks(
    source: str, values: Mapping[str, float], findings: pd.Series, symbol: str
) -> go.Scatter:
    names = [name for name in findings if name in values]
    return go.Scatter(
        x=[values[name] for name in names],
        y=names,
        mode="markers",
        name=source,
        marker={"size": 13, "symbol": symbol, "line": {"width": 2}},
        hovertemplate="%{fullData.name}: %{x:.3f}<extra></extra>",
    )


def _lay_out_areas(findings: list[str], least: float, *, with_key: bool) -> dict[str, Any]:
    return {
        "height": (74 if with_key else 48) + ROW_HEIGHT * len(findings),
        "margin": MARGIN,
        "dragmode": False,  # a finger scrolls the page
        "showlegend": with_key,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": {
            "range": [np.floor(10 * max(0.0, least - 0.01)) / 10, 1.01],
            "tickformat": ".1f",
            "title": None,
        },
        "yaxis": {
            "range": [len(findings) - 0.5, -0.5],  # by itself it would leave a line free above
            "type": "category",
            "title": None,
            "categoryorder": "array",
            "categoryarray": findings,
        },
    }


def _draw_dots(known: pd.DataFrame, chosen: str) -> go.Scatter:
    area = known["area"].astype("float64")
    low, high = (known[end].astype("float64") for end in ("low", "high"))
    words = [
        "" if np.isnan(least) or np.isnan(most) else f" ({least:.3f} to {most:.3f})"
        for least, most in zip(low.tolist(), high.tolist(), strict=True)
    ]
    return go.Scatter(
        x=area,
        y=known["finding"],
        mode="markers",
        name=OWN,
        marker={
            "size": 10,
            "color": RUNS[0],
            "opacity": [PALE if few else 1.0 for few in known["too_few"]],
            "line": {
                "width": [RING if name == chosen else 0 for name in known["finding"]],
                "color": RUNS[1],
            },
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (high - area).fillna(0.0),
            "arrayminus": (area - low).fillna(0.0),
            "thickness": 1.5,
            "width": 0,
            "color": RUNS[0],
        },
        customdata=list(zip(words, known["present"], known["absent"], strict=True)),
        hovertemplate="%{y}: AUC %{x:.3f}%{customdata[0]}<br>n = %{customdata[1]:,} with it, "
        "%{customdata[2]:,} without<extra></extra>",
    )


def list_together(classes: list[str], counts: list[list[int]]) -> pd.DataFrame:
    """Return how many images have an error in each finding, and in each pair of them.

    Args:
        classes: K findings.
        counts: shape (K, K), images on which both findings are wrong; the diagonal has those on
            which the one is.

    Returns:
        Columns first, second, images; one row for each pair in which the first comes no later
        in `classes`, and only for findings with an error.
    """
    wrong = [k for k in range(len(classes)) if counts[k][k]]
    rows = [
        (classes[first], classes[second], counts[first][second])
        for place, first in enumerate(wrong)
        for second in wrong[place:]
    ]
    return pd.DataFrame(rows, columns=["first", "second", "images"])


def plot_together(pairs: pd.DataFrame, verb: str) -> go.Figure:
    """Draw a heat table of the pairs of findings that are wrong on the same images.

    Args:
        pairs: as `list_together` returns them; at least one row.
        verb: what went wrong, e.g. "missed".

    Returns:
        One heat map, rows and columns the findings; half of it, as the other half is the same,
        and a pair that is never wrong together is an empty cell. Beside the name of a row stands
        on how many images the finding itself is wrong.
    """
    names = list(dict.fromkeys(pairs["first"]))
    table = pairs.pivot(index="second", columns="first", values="images")
    counts = table.reindex(index=names, columns=names).to_numpy("float64", copy=True)
    own = np.diag(counts).copy()
    np.fill_diagonal(counts, np.nan)
    counts[counts == 0] = np.nan
    shown = [[f"{n:,.0f}" if n == n else "" for n in row] for row in counts]
    hover = [
        [
            _describe_pair((first, second), counts[row][column], (own[column], own[row]), verb)
            for column, first in enumerate(names)
        ]
        for row, second in enumerate(names)
    ]
    heat = go.Heatmap(
        z=counts,
        x=names,
        y=names,
        text=shown,
        texttemplate="%{text}",
        textfont={"size": 10 if len(names) >= MANY else 13},
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=SHADES,
        zmin=0,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    figure = go.Figure(heat)
    figure.update_layout(
        height=110 + 24 * len(names),
        margin=MARGIN,
        xaxis={"type": "category", "title": None, "tickangle": -60, "showgrid": False},
        yaxis={
            "type": "category",
            "title": None,
            "autorange": "reversed",
            "showgrid": False,
            "tickvals": names,
            "ticktext": [f"{name} {n:,.0f}" for name, n in zip(names, own, strict=True)],
        },
    )
    return escape_texts(figure)


def _describe_pair(
    names: tuple[str, str], together: float, each: tuple[float, float], verb: str
) -> str:
    if not together > 0:  # NaN included
        return ""
    return (
        f"{names[0]} and {names[1]}: both {verb} on {together:,.0f} images; alone or not "
        f"{each[0]:,.0f} and {each[1]:,.0f}"
    )
