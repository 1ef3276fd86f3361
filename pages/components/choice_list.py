"""Rows of words to choose one from: one element, however many there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.assets import load_component

_choice_list = load_component(
    "choice_list",
    '<div role="radiogroup"></div>',
    css=("choice_list.css",),
    js=("choice_list.js",),
)


@dataclass(frozen=True)
class Row:
    """One row of the list; nothing in it is markup.

    Attributes:
        id: what `choose_row` passes on.
        title, note: the words; the note in small type below.
        value, value_note: at the right, likewise.
        mark: "" for a plain row, or "passed", "warning", "serious".
        dim: whether it steps back, e.g. since it does not fit.
        disabled: whether it cannot be chosen.
        share: of the way behind it, in [0, 1], drawn as a bar; below 0 for none.
    """

    id: str
    title: str
    note: str = ""
    value: str = ""
    value_note: str = ""
    mark: str = ""
    dim: bool = False
    disabled: bool = False
    share: float = -1.0


def choose_row(
    label: str,
    rows: Sequence[Row],
    chosen: str,
    key: str,
    on_choose: Callable[[str], None],
    marked: bool = True,
    reveal: bool = False,
) -> None:
    """Show the rows, one of them chosen.

    Args:
        label: what a screen reader calls the list.
        rows: in reading order.
        chosen: the id of the row that is marked; "" for none.
        key: unique on the page.
        on_choose: called with the id of a row that was clicked, before the page runs again.
        marked: whether each row begins with its mark; not where a row leads to another page.
        reveal: whether a phone scrolls to the next column, where what was chosen is shown.
    """

    def pass_on() -> None:
        if picked := st.session_state[key].picked:
            on_choose(str(picked))

    _choice_list(
        key=key,
        data={
            "label": label,
            "rows": [vars(row) for row in rows],
            "chosen": chosen,
            "marked": marked,
            "reveal": reveal,
        },
        on_picked_change=pass_on,
    )
