"""What else a network takes than the image: fields for what is known of the patient."""

from collections.abc import Mapping

import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.small_type import show_muted
from xray_core.catalog import COLUMNS
from xray_core.runs import Run
from xray_core.runs.taken import list_taken
from xray_core.selection import name_column

UNKNOWN = "not known"
WIDTH = 120  # px


def ask_given(run: Run) -> Mapping[str, str]:
    """Show a field for each column that the run's networks take; return what is filled in, as text.

    It goes for all images that are there.

    Raises:
        RunError: see `list_taken`.
    """
    if not (taken := list_taken(run)):
        return {}
    given: dict[str, str] = {}
    with st.container(horizontal=True, gap="small"):
        for name, words in taken.items():
            title, key = escape_markdown(name_column(name)), f"given_{run.name}_{name}"
            if COLUMNS[name] == "string":
                word = st.selectbox(title, [UNKNOWN, *words], key=key, width=WIDTH)
                given |= {name: word} if word in words else {}
                continue
            number = st.number_input(
                title,
                value=None,
                min_value=0,
                step=1,
                placeholder=UNKNOWN,
                key=key,
                width=WIDTH,
            )
            given |= {} if number is None else {name: str(number)}
    show_muted("This network takes these beside the image. They count for all images here.")
    return given
