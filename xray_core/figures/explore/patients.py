"""Figures of patients: age, how much there is of each, and shares by class."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.explore.look import LEGEND_ABOVE, MARGIN, plot_by_class
from xray_core.figures.text import escape_texts


def plot_ages(ages: pd.DataFrame, classes: Sequence[str]) -> go.Figure:
    """Draw the ages of each class; see `plot_by_class`.

    Args:
        ages: as `eda.age_histogram` returns them.
        classes: of the task.
    """
    hover = "%{x} years and up: %{y:.1%}<br>%{customdata:,} images"
    figure = plot_by_class(ages, "age", "images", hover, classes)
    return figure.update_layout(xaxis={"title": "age, years"})


def plot_shares(table: pd.DataFrame, colors: Mapping[str, str] | None = None) -> go.Figure:
    """Draw how each row of a cross table divides among its columns.

    Args:
        table: counts of images, e.g. as `eda.cross_classes` returns them.
        colors: column -> colour; the theme's in turn where there is none.

    Returns:
        A bar of 100 % for each row, with its total; a colour for each column.
    """
    totals = table.sum(axis=1)
    shares = table.div(totals.clip(lower=1), axis=0)
    bars = [f"{name}  ({total:,})" for name, total in totals.items()]
    figure = go.Figure()
    for name in table:
        figure.add_bar(
            name=str(name),
            y=bars,
            x=shares[name],
            customdata=table[name],
            orientation="h",
            marker={"color": (colors or {}).get(str(name))},
            hovertemplate="%{x:.1%}, %{customdata:,} images",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        height=90 + 30 * len(table) + 8 * table.shape[1],
        margin=MARGIN,
        showlegend=True,
        legend={**LEGEND_ABOVE, "traceorder": "normal"},
        xaxis={"tickformat": ".0%", "range": [0, 1], "title": None},
        yaxis={"autorange": "reversed", "type": "category", "title": None},
    )
    return escape_texts(figure)


def plot_per_patient(counts: pd.DataFrame) -> go.Figure:
    """Draw how many patients have how many images, studies and follow-ups.

    Args:
        counts: as `eda.count_per_patient` returns them.

    Returns:
        A line with marks for each kind; the number of patients is on a logarithmic axis.
    """
    figure = go.Figure()
    for kind, of_kind in counts.groupby("kind", sort=False):
        figure.add_scatter(
            name=str(kind),
            x=of_kind["n"],
            y=of_kind["patients"],
            mode="lines+markers",
            line={"width": 1},
            marker={"size": 4},
            hovertemplate=f"%{{x}} {kind}: %{{y:,}} patients<extra></extra>",
        )
    figure.update_layout(
        height=320,
        margin=MARGIN,
        showlegend=True,
        legend=LEGEND_ABOVE,
        xaxis={"title": "of one patient", "rangemode": "tozero"},
        yaxis={"title": "patients", "type": "log", "tickformat": "~s", "dtick": 1},
    )
    return escape_texts(figure)
