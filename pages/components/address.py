"""Words in the address of a page: read as one of several choices, written several at once.

Not by `bind="query-params"` where one click changes several words: each word that is written by
itself is one more step for "Back", and Streamlit lets nobody write those bound to a widget.
"""

from collections.abc import Sequence

import streamlit as st


def read_word(name: str, choices: Sequence[str]) -> str:
    """Return the word called `name` if it is one of `choices`, else the first of them."""
    wanted = st.query_params.get(name, "")
    return wanted if wanted in choices else choices[0]


def change_address(words: dict[str, str]) -> None:
    """Write words, name -> word, into the address in one step; "" takes one out."""
    before = st.query_params.to_dict()
    wanted = {name: word for name, word in (before | words).items() if word}
    if wanted != before:
        st.query_params.from_dict(wanted)
