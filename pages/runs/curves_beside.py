"""The curves of the ticked runs, or of the newest, over each other beside the table."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from pages.components.figure import list_files, show_menu
from pages.components.small_type import format_dot, show_muted, show_section
from pages.runs.run_table import call_run, format_validation
from pages.runs.scores import (
    format_interval,
    read_area_interval,
    read_dice_interval,
    read_interval,
)
from xray_core.audit.issue import count_of
from xray_core.figures.overlay import N_DRAWN, Line, color_of, letter_of, plot_runs
from xray_core.figures.printed import plot_printed_runs
from xray_core.runs import Run
from xray_core.runs.curves import Curve
from xray_core.workspace import find_workspace

N_NEWEST = 3  # runs that are drawn where none is ticked


def show_curves(rows: Sequence[Any], ticked: Sequence[str]) -> None:
    """Draw the ticked runs over each other; where none is, the newest that have an epoch.

    Args:
        rows: of the table, as `run_table.list_rows` returns them.
        ticked: names, of runs in the table.
    """
    if ticked:
        drawn = [row for row in rows if row.name in set(ticked)][:N_DRAWN]
        n = len(ticked)
        note = f"{N_DRAWN} of {n} ticked runs" if n > N_DRAWN else "ticked runs"
    else:
        with_curve = [row for row in rows if row.curve.epochs]
        drawn = sorted(with_curve, key=lambda row: row.name, reverse=True)[:N_NEWEST]
        note = "newest run" if len(drawn) == 1 else f"newest {len(drawn)} runs"
    if not drawn:
        show_muted("The curves appear here with the first epoch.")
        return
    show_section("On the validation set", f"{note}; ringed: the selected epoch")
    show_overlay(drawn, [call_run(row) for row in drawn])


def show_overlay(rows: Sequence[Any], names: Sequence[str]) -> None:
    """Draw runs over each other, with a key that names them and their accuracy or mean AUC.

    Args:
        rows: of `run_table.add_now`, at most `N_DRAWN`.
        names: what each is called here.
    """
    lines = [
        Line(row.curve, name, bool(row.diverged)) for row, name in zip(rows, names, strict=True)
    ]
    st.html("".join(map(_format_key, range(len(rows)), rows, names)))
    if any(line.curve.epochs for line in lines):
        st.vega_lite_chart(
            spec=plot_runs(lines, height=330),
            alt=f"{_name_scores(lines)} and loss over the epochs of {', '.join(names)}",
        )
        show_menu(
            f"curves-{'-'.join(row.name for row in rows)}",
            list_files(
                lambda: plot_printed_runs(lines),
                caption=f"{_name_scores(lines)} and loss over the epochs · {', '.join(names)}",
            ),
        )


def _name_scores(lines: Sequence[Line]) -> str:
    kinds = {_name_score(line.curve) for line in lines if line.curve.epochs}
    return f"Validation {' and '.join(sorted(kinds))}"


def _name_score(curve: Curve) -> str:
    return "Dice" if curve.dice else "mean AUC" if curve.area else "accuracy"


def _format_key(number: int, row: Any, name: str) -> str:
    # The colour is the dot's alone: as text on white it would be too pale.
    return (
        f"<div>{format_dot(color_of(number))}<b>{letter_of(number)}</b> {escape(name)} "
        f'<span class="muted">{escape(_describe(row))}</span></div>'
    )


def _describe(row: Any) -> str:
    """Return the score of the selected epoch, with its interval and n; or why there is none."""
    curve = row.curve
    if row.diverged:
        return f"diverged after {count_of(len(curve.epochs), 'epoch')}: its loss became no number"
    if (value := curve.selected_score) is None:
        return "waits" if row.state == "queued" else "no epoch yet"
    if row.val_n == row.val_n:  # it is finished: as the table says it
        mean = "mean " if curve.area or curve.dice else ""
        return f"{mean}{format_validation(row)}, epoch {curve.selected}"
    run = Run(find_workspace().runs / row.name)
    if curve.dice:
        interval = format_interval(read_dice_interval(run, curve.selected), share=False)
        words = f"mean Dice {value:.3f}{interval}"
    elif curve.area:
        interval = format_interval(read_area_interval(run, curve.selected), share=False)
        words = f"mean AUC {value:.3f}{interval}"
    else:
        words = f"{value:.1%}{format_interval(read_interval(run, curve.selected))}"
    return f"{words}, n = {curve.n:,}, epoch {curve.selected}"
