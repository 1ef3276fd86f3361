"""What came of a click: done in a callback, said on top of the page when it is drawn again."""

from collections.abc import Callable

import streamlit as st

from pages.parts.frame import escape_markdown
from xray_core.errors import XrayError

SAID, REFUSED = "said", "refused"


def act(action: Callable[..., object], *arguments: object) -> None:
    """Do what a button is for, as its callback; keep its words, or why it was refused."""
    try:
        words = action(*arguments)
    except XrayError as error:
        st.session_state[REFUSED] = str(error)
    except OSError as error:
        st.session_state[REFUSED] = (
            f"The disk refused: {error.strerror or error}: {error.filename or ''} "
            "Free space or permissions may help."
        )
    else:
        if isinstance(words, str):
            st.session_state[SAID] = words


def show_outcome() -> None:
    """Say what came of the last click."""
    if words := st.session_state.pop(SAID, None):
        st.success(escape_markdown(words), icon=":material/check:")
    if words := st.session_state.pop(REFUSED, None):
        st.error(escape_markdown(words), icon=":material/error:")


def leave_fragment_after_act() -> None:
    """Draw the whole page, not this fragment alone, if a click has had an outcome."""
    if SAID in st.session_state or REFUSED in st.session_state:
        st.rerun()
