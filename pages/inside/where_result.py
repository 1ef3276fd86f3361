"""How well heat maps fit the boxes: a sentence, a figure, and tables of overlaps."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.figure import show_figure
from xray_core.evaluation.where.files import Where
from xray_core.evaluation.where.scores import OVERLAPS, SIDE, TOLERANCE
from xray_core.evaluation.where.summary import IOBB, IOU, NETWORK, WRONG_IOBB, WRONG_IOU
from xray_core.evaluation.where.words import (
    KINDS,
    METHODS,
    describe_difference,
    describe_grid,
    describe_left_out,
    describe_verdict,
)
from xray_core.figures.where import plot_where
from xray_core.literature.where import (
    PLACE,
    POINTING,
    POINTING_PLACE,
    published_accuracy,
)
from xray_core.recipes import Recipe
from xray_core.runs import Run

HINT = "A heat map is a hint, no proof."
CRITERIA = {
    IOU: (WRONG_IOU, "IoU: shared area by that of both"),
    IOBB: (WRONG_IOBB, "IoBB: shared area by that of the drawn box"),
}


def show_verdict(where: Where) -> None:
    """Say how often the hottest point lies in a box, what that is worth, and what is left out."""
    notes = where.notes
    verdict = escape(describe_verdict(notes)).replace("(", "<small>(").replace(")", ")</small>")
    rest = [describe_difference(notes), describe_grid(notes), *describe_left_out(notes), HINT]
    st.html(f'<h2 class="verdict">{verdict}</h2><div class="muted">{escape(" ".join(rest))}</div>')


def show_scores(run: Run, where: Where) -> None:
    """Show both scores of the network's maps beside those of the others."""
    notes = where.notes
    called = METHODS[notes["method"]]
    n = (
        f"{notes['subset']} set, n = {notes['n_images']:,} images of {notes['n_patients']:,} "
        "patients"
    )
    show_figure(
        plot_where(notes),
        f"where {notes['subset']} {notes['method']}",
        f"Pointing game and heat in the boxes by {called}: {describe_verdict(notes)}",
        list_scores(notes),
        title="Beside maps that know nothing",
        note=f"{called}, 95% intervals by patient",
        source=f"{n} · {run.read_nickname()}",
    )


def show_overlaps(recipe: Recipe, where: Where) -> None:
    """Show how many boxes are matched, by all together and by each class; one element."""
    st.html(_format_overlaps(where.notes) + _format_classes(recipe, where.notes))


def list_scores(notes: Mapping[str, Any]) -> pd.DataFrame:
    """Return every score as a table: maps, score, above, value, low and high."""
    rows = []
    for kind, scores in notes["scores"].items():
        for score, figures in scores.items():
            several = isinstance(figures, list)
            for above, figure in zip(
                OVERLAPS if several else (None,), figures if several else (figures,), strict=True
            ):
                rows.append({"maps": KINDS[kind], "score": score, "above": above, **figure})
    return pd.DataFrame(rows)


def _format_overlaps(notes: Mapping[str, Any]) -> str:
    """Return the table of boxes that are matched, as HTML."""
    head = "".join(f'<th scope="col">&gt; {overlap}</th>' for overlap in OVERLAPS)
    rows = []
    for score, (wrong, title) in CRITERIA.items():
        rows.append(f'<tr><th scope="rowgroup" colspan="7"><b>{title}</b></th></tr>')
        for kind, name in KINDS.items():
            scores = notes["scores"][kind]
            cells = "".join(f"<td>{_format_share(figure)}</td>" for figure in scores[score])
            alarms = "{value:.1f} <small>({low:.1f}–{high:.1f})</small>".format(**scores[wrong][0])
            rows.append(f'<tr><th scope="row">{name}</th>{cells}<td>{alarms}</td></tr>')
    title = (
        f'<h2 class="sec">Boxes that a map stands for<span>share of {notes["n_boxes"]:,} boxes '
        "matched by a box drawn around what is hot</span></h2>"
    )
    about = (
        "Drawn around each region above 60 and above 180 of 255, as Wang et al. 2017 do; "
        "of a network that draws many, some fit by chance, so the last column counts those that "
        f"match no box at 0.1. The pointing game allows nothing around a box; with {TOLERANCE} of "
        f"{SIDE} px around each it is {_format_share(notes['scores'][NETWORK]['near'])}."
    )
    return (
        f'{title}<div class="sideways"><table class="facts overlaps"><tr><td></td>{head}'
        f'<th scope="col">wrong ones an image</th></tr>{"".join(rows)}</table></div>'
        f'<div class="muted">{about}</div>'
    )


def _format_classes(recipe: Recipe, notes: Mapping[str, Any]) -> str:
    """Return the table of each class, beside what is published of it; "" of one class alone."""
    rows, any_published = [], False
    for name, own in notes["per_class"].items():
        scores = own["scores"][NETWORK]
        cells = [f"{own['n_boxes']:,}", _format_share(scores["pointing"])]
        for overlap in (0.1, 0.5):
            cells.append(_format_share(scores[IOBB][OVERLAPS.index(overlap)]))
            published = None
            if recipe.dataset.startswith("nih"):
                published = published_accuracy(name, overlap)
            any_published |= published is not None
            cells.append("–" if published is None else f"{100 * published:.0f}%")
        rows.append(_format_row(name, cells))
    if not rows:
        return ""
    heads = ("boxes", "hottest point in a box", "IoBB > 0.1", "Wang", "IoBB > 0.5", "Wang")
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    about = ""
    if any_published:
        games = ", ".join(f"{kind} {value:.2f}" for kind, value in POINTING.items())
        about = (
            f"Wang: {PLACE}, on the 1,600 boxes that its authors had; 984 of them are published. "
            f"Pointing games that others report on those: {games} ({escape(POINTING_PLACE)})."
        )
    return (
        f'<h2 class="sec">Each class</h2><div class="sideways"><table class="facts overlaps">'
        f'<tr><td></td>{head}</tr>{"".join(rows)}</table></div><div class="muted">{about}</div>'
    )


def _format_row(name: str, cells: Sequence[str]) -> str:
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{body}</tr>'


def _format_share(figure: Mapping[str, float]) -> str:
    value, low, high = (f"{100 * figure[end]:.0f}" for end in ("value", "low", "high"))
    return f"{value}% <small>({low}–{high})</small>"
