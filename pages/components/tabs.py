"""Tabs whose open one stands in the address."""

from collections.abc import Iterable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.address import change_address, read_word


def show_tabs(titles: Iterable[str], name: str) -> Sequence[DeltaGenerator]:
    """Show tabs, the one in the address open; each knows by `open` whether it is.

    Not bound to the address: of a bound word each link away makes a step of its own, so that "Back"
    would come to the first tab.

    Args:
        titles: of the tabs, at least one.
        name: of the word in the address, unique on the page.
    """
    choices = list(titles)
    st.session_state[name] = read_word(name, choices)

    def write() -> None:
        title = str(st.session_state[name])
        change_address({name: "" if title == choices[0] else title})

    return st.tabs(choices, key=name, on_change=write)
