"""Figures of labels: images of each class, and which findings occur together."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.figures.colors import CLASSES, color_classes
from xray_core.figures.explore.look import ABSENT_GREY, LEGEND_ABOVE, MARGIN
from xray_core.figures.text import escape_texts
from xray_core.tasks import ABSENT, PRESENT, SEPARATOR, UNKNOWN, spell_findings

# An axis of names shows them all, however narrow.
NAMES = {
    "type": "category",
    "dtick": 1,
    "tickfont": {"size": 10},
    "showgrid": False,
    "title": None,
}
# Orange and blue, which everybody can tell apart, as of classes with and without a finding.
STATES = {PRESENT: CLASSES[1], ABSENT: CLASSES[0], UNKNOWN: ABSENT_GREY}
N_SETS, N_FINDINGS = 20, 20  # what a figure can show; the table beside it holds all


def plot_label_counts(counts: pd.DataFrame) -> go.Figure:
    """Draw the images of each class, those whose file is absent in grey.

    Args:
        counts: as `eda.count_labels` returns it.

    Returns:
        One bar for each class, each its own trace in the class' colour; and one grey trace, left
        out when no file is absent.
    """
    colors = color_classes(list(counts["class"]))
    figure = go.Figure()
    columns = ["class", "present", "patients", "share"]
    for name, present, patients, share in counts[columns].itertuples(index=False):
        figure.add_bar(
            name=name,
            y=[name],
            x=[present],
            orientation="h",
            text=[f"{present:,}"],
            marker={"color": colors[name]},
            hovertemplate=f"%{{y}}<br>%{{x:,}} images<br>{share:.1%} of all that are labelled<br>"
            f"{patients:,} patients<extra></extra>",
            showlegend=False,
        )
    absent = counts["images"] - counts["present"]
    if absent.any():
        figure.add_bar(
            name="file absent",
            y=counts["class"],
            x=absent,
            orientation="h",
            marker={"color": ABSENT_GREY},
            hovertemplate="%{y}<br>%{x:,} images whose file is absent<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        height=70 + 46 * len(counts),
        margin=MARGIN,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
        xaxis={"title": "images", "tickformat": ",d"},
        yaxis={"autorange": "reversed", "type": "category", "title": None},
    )
    return escape_texts(figure)


def plot_states(counts: pd.DataFrame) -> go.Figure:
    """Draw of which share of the images each finding is present, absent and unknown.

    Args:
        counts: as `tasks.count_states` returns them.

    Returns:
        A stacked bar for each finding; what is unknown is hatched, so that nothing hangs on colour
        alone.
    """
    figure = go.Figure()
    for name, color in STATES.items():
        figure.add_bar(
            name=name,
            y=counts["finding"].map(spell_findings),
            x=counts[f"share {name}"],
            orientation="h",
            customdata=counts[name],
            marker={"color": color, "pattern": {"shape": "/" if name == UNKNOWN else ""}},
            hovertemplate=f"%{{y}}<br>{name} on %{{customdata:,}} images, %{{x:.1%}}"
            "<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        height=90 + 28 * len(counts),
        margin=MARGIN,
        showlegend=True,
        legend={**LEGEND_ABOVE, "traceorder": "normal"},
        xaxis={"tickformat": ".0%", "range": [0, 1], "title": None},
        yaxis={**NAMES, "autorange": "reversed"},
    )
    return escape_texts(figure)


def plot_together(together: pd.DataFrame) -> go.Figure:
    """Draw how often two findings occur on one image.

    Args:
        together: as `eda.count_together` returns it; its first 20 findings are drawn.

    Returns:
        A heat map: of all images with the finding of the row, the share that also has that of
        the column. The diagonal, always 100 %, is left empty.
    """
    shown = together.iloc[:N_FINDINGS, :N_FINDINGS]
    counts = shown.to_numpy(dtype=np.float64)
    share = counts / np.diag(counts)[:, None].clip(1)
    np.fill_diagonal(share, np.nan)
    figure = go.Figure(
        go.Heatmap(
            x=list(map(spell_findings, shown.columns)),
            y=list(map(spell_findings, shown.index)),
            z=share,
            customdata=shown.to_numpy(),
            zmin=0,
            colorbar={"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
            hoverongaps=False,
            hovertemplate="%{z:.1%} of %{y}<br>also show %{x}<br>%{customdata:,} images"
            "<extra></extra>",
            xgap=1,
            ygap=1,
        )
    )
    figure.update_layout(
        height=140 + 22 * len(shown),
        margin=MARGIN,
        xaxis={**NAMES, "tickangle": -90},
        yaxis={**NAMES, "autorange": "reversed"},
    )
    return escape_texts(figure)


def plot_sets(combinations: pd.DataFrame) -> go.Figure:
    """Draw the most frequent sets of findings: which they hold, and on how many images.

    Args:
        combinations: as `eda.count_combinations` returns them; the first 20 are drawn.

    Returns:
        Three traces: a grey dot for each finding, joined filled dots for those of a set, and a
        bar for its images.
    """
    shown = combinations.head(N_SETS)
    sets = [text.split(SEPARATOR) for text in shown["findings"]]
    weight = shown["findings"].str.get_dummies(SEPARATOR).mul(shown["images"], axis=0).sum()
    names = list(weight.sort_values(ascending=False).index)
    figure = go.Figure()
    figure.add_scatter(
        x=np.tile(np.arange(len(names)), len(sets)),
        y=np.repeat(np.arange(len(sets)), len(names)),
        mode="markers",
        marker={"size": 4, "color": ABSENT_GREY, "opacity": 0.5},
        hoverinfo="skip",
    )
    dots = _join_dots(sets, {name: at for at, name in enumerate(names)})
    figure.add_scatter(
        x=[x for x, _, _ in dots],
        y=[y for _, y, _ in dots],
        customdata=[words for _, _, words in dots],
        mode="lines+markers",
        marker={"size": 9, "color": "#0072b2"},
        line={"width": 2, "color": "#0072b2"},
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_bar(
        x=shown["images"],
        y=np.arange(len(sets)),
        orientation="h",
        xaxis="x2",
        text=[f"{n:,}" for n in shown["images"]],
        textposition="outside",
        cliponaxis=False,
        marker={"color": "#0072b2"},
        customdata=list(map(spell_findings, shown["findings"])),
        hovertemplate="%{customdata}<br>%{x:,} images<extra></extra>",
    )
    figure.update_layout(
        height=170 + 22 * len(sets),
        margin={**MARGIN, "r": 48},
        showlegend=False,
        bargap=0.35,
        xaxis={
            "domain": [0, 0.58],
            "tickvals": list(range(len(names))),
            "ticktext": list(map(spell_findings, names)),
            "tickangle": -90,
            "tickfont": {"size": 10},
            "showgrid": False,
            "zeroline": False,
            "range": [-0.6, len(names) - 0.4],
            "title": None,
        },
        xaxis2={"domain": [0.62, 1], "title": "images", "tickformat": "~s", "nticks": 4},
        yaxis={"range": [len(sets) - 0.4, -0.6], "visible": False},
    )
    return escape_texts(figure)


def _join_dots(
    sets: Sequence[Sequence[str]], column: Mapping[str, int]
) -> list[tuple[int | None, int, str]]:
    """Return (column, row, the set in words) of each finding of each set, joined by a line.

    Behind the dots of a set comes one without a column, which ends the line.
    """
    dots: list[tuple[int | None, int, str]] = []
    for row, findings in enumerate(sets):
        words = spell_findings(SEPARATOR.join(findings))
        dots += [(at, row, words) for at in sorted(column[name] for name in findings)]
        dots.append((None, row, words))
    return dots
