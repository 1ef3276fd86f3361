"""A table of counts whose cells can be clicked: one element, read by screen readers as a table."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from pages.components.assets import load_component

_cross_table = load_component(
    "cross_table",
    '<div id="cross"></div>',
    folder=Path(__file__).parent,
    css=("cross_table.css",),
    js=("cross_table.js",),
)


@dataclass(frozen=True)
class Cell:
    """One count; nothing in it is markup.

    Attributes:
        count: images.
        share: of the row, in [0, 1].
        note: in small type below; "" for nothing.
        label: what a screen reader says.
        empty: whether nothing is there to be shown, so that it cannot be clicked.
    """

    count: int
    share: float
    note: str
    label: str
    empty: bool


def show_cross_table(
    axes: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    key: str,
    on_pick: Callable[[int, int], None],
) -> None:
    """Show counts by row and column, shaded by share of the row.

    Args:
        axes: what the rows and what the columns are called.
        rows: their names.
        columns: likewise.
        cells: a list for each row, with a cell for each column.
        key: unique on the page.
        on_pick: called with the places of the row and the column that were clicked, before the
            page runs again.
    """

    def pass_on() -> None:
        # A browser sends what it likes: only what was offered is passed on.
        picked = st.session_state[key].picked
        for row, line in enumerate(cells):
            for column, cell in enumerate(line):
                if picked == [row, column] and not cell.empty:
                    on_pick(row, column)

    _cross_table(
        key=key,
        data={
            "axes": list(axes),
            "rows": list(rows),
            "columns": list(columns),
            "cells": [[asdict(cell) for cell in line] for line in cells],
        },
        on_picked_change=pass_on,
    )
