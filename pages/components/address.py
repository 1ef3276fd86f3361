"""Words in the address of a page: read as one of several choices, written several at once.

Not by `bind="query-params"` where one click changes several words: each word that is written by
itself is one more step for "Back", and Streamlit lets nobody write those bound to a widget.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.errors import StreamlitAPIException


def read_word(name: str, choices: Sequence[str]) -> str:
    """Return the word called `name` if it is one of `choices`, else the first of them."""
    wanted = st.query_params.get(name, "")
    return wanted if wanted in choices else choices[0]


def change_address(words: Mapping[str, str]) -> None:
    """Write words into the address, name -> word; "" takes one out.

    In one step for "Back". Only where words are taken out while one that is bound to a widget, such
    as an open tab, stands there as well, it is a step for each: Streamlit then refuses to replace
    the address as a whole.
    """
    before = st.query_params.to_dict()
    changed = {name: word for name, word in words.items() if word and before.get(name) != word}
    gone = [name for name, word in words.items() if not word and name in before]
    if gone:
        kept = {name: word for name, word in before.items() if name not in gone}
        try:
            st.query_params.from_dict(kept | changed)
            return
        except StreamlitAPIException:  # it leaves the address as it was
            for name in gone:
                del st.query_params[name]
    if changed:
        st.query_params.update(changed)
