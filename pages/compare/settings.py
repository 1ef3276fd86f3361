"""What the runs do differently, and what each came to: one table."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.compare.verdict import format_letter
from pages.components.frame import show_errors
from pages.components.recipe_words import metric_name
from pages.components.run_state import format_duration
from pages.components.small_type import show_section
from pages.evaluate.scores import format_value
from xray_core.audit.issue import count_of
from xray_core.evaluation.compare import Comparison
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.paired import LOWER_IS_BETTER
from xray_core.files import parse_time
from xray_core.recipes import Recipe
from xray_core.recipes.differences import ABSENT, compare_settings
from xray_core.runs import Run
from xray_core.runs.curves import read_curve
from xray_core.runs.origin import read_origin

HERE = "a training here"
SHOWN = 9  # settings that have room; the others lie below them, folded


def show_settings(
    comparison: Comparison, runs: Sequence[Run], recipes: Sequence[Recipe], calls: Sequence[str]
) -> None:
    """Show what differs from A, which alone is bold, then epochs, time and figures of each run.

    Args:
        comparison: of the runs.
        runs: in the order of their letters.
        recipes: theirs.
        calls: what each is called.
    """
    with show_errors():
        origins = [read_origin(run) for run in runs]
    rows: list[tuple[str, Sequence[str]]] = []
    if any(origins):
        rows.append(("Made by", [origin.words if origin else HERE for origin in origins]))
    settings, n_same = compare_settings(
        [None if origin else recipe for recipe, origin in zip(recipes, origins, strict=True)]
    )
    rows += [(row.title, row.values) for row in settings]
    same = f" · {n_same} more are the same" if n_same else ""
    show_section("What differs", f"from A in bold{same}")
    n_folded = max(0, len(rows) - SHOWN)
    listed = "".join(_format_row(title, values) for title, values in rows[:SHOWN])
    listed += _format_row("Epochs, kept", [_describe_epochs(run) for run in runs])
    listed += _format_row("Time", [_describe_time(run) for run in runs])
    listed += "".join(
        _format_figure(name, comparison, best=comparison.find_best(name))
        for name in comparison.figures
    )
    heads = "".join(
        f'<th scope="col">{format_letter(place)} {escape(call)}</th>'
        for place, call in enumerate(calls)
    )
    opened = f'<table class="facts beside" style="--runs: {len(calls)}">'
    html = f"{opened}<tr><td></td>{heads}</tr>{listed}</table>"
    if n_folded:
        rest = "".join(_format_row(title, values) for title, values in rows[SHOWN:])
        words = f"{count_of(n_folded, 'more setting')} that differ{'s' * (n_folded == 1)}"
        html += f"<details><summary>{words}</summary>{opened}{rest}</table></details>"
    st.html(f'<div class="sideways" tabindex="0">{html}</div>')


def _format_row(title: str, values: Sequence[str]) -> str:
    cells = "".join(
        f"<td>{f'<b>{escape(value)}</b>' if value != values[0] else escape(value)}</td>"
        for value in values
    )
    return f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>'


def _format_figure(name: str, comparison: Comparison, best: int | None) -> str:
    title = metric_name(name, comparison.answers.multilabel)
    values = [figure["value"] for figure in comparison.figures[name]]
    if best is not None and values.count(values[best]) > 1:
        best = None  # several are
    cells = "".join(
        f"<td>{_format_ends(name, figure, is_best=place == best)}</td>"
        for place, figure in enumerate(comparison.figures[name])
    )
    return f'<tr><th scope="row">{escape(title[0].upper() + title[1:])}</th>{cells}</tr>'


def _format_ends(name: str, figure: Figure, *, is_best: bool) -> str:
    value = escape(format_value(name, figure["value"]))
    low, high = figure["low"], figure["high"]
    mark = f" {'lowest' if name in LOWER_IS_BETTER else 'highest'}" if is_best else ""
    if low is None or high is None:
        return value + mark
    ends = f"{format_value(name, low)}–{format_value(name, high)}".replace("%–", "–")
    return f'{value} <span class="muted"><span class="whole">({escape(ends)})</span></span>{mark}'


def _describe_epochs(run: Run) -> str:
    curve = read_curve(run)
    if not curve.epochs:
        return ABSENT
    return f"{len(curve.epochs)}, epoch {curve.selected}"


def _describe_time(run: Run) -> str:
    status = run.read_status()
    start, end = parse_time(status.started_at or ""), parse_time(status.ended_at or "")
    if start is None or end is None or not read_curve(run).epochs:
        return ABSENT
    return format_duration((end - start).total_seconds())
