"""What is to be said of the page's address, kept until the page stands still."""

import streamlit as st

SAID = "train_said"


def say(words: str) -> None:
    """Keep `words`, escaped for Markdown, for `show_said`: the page may begin anew before that."""
    st.session_state[SAID] = [*st.session_state.get(SAID, ()), words]


def show_said() -> None:
    """Show what was kept, once."""
    for words in st.session_state.pop(SAID, ()):
        st.warning(words)
