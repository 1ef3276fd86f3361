"""What came of a click: done in a callback, said on top of the page when it is drawn again."""

from collections.abc import Callable

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.errors import XrayError

SAID, REFUSED = "said", "refused"


def carry_out(action: Callable[..., object], *arguments: object) -> None:
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


def close_after(key: str, action: Callable[..., object], *arguments: object) -> None:
    """Do as `act` does, from within the popover `key`, which has then served its purpose."""
    carry_out(action, *arguments)
    st.session_state[key] = False


def keep_open(key: str, label: str, icon: str, words: str) -> None:
    """Keep a popover where it is open while what it was for has gone by, and say so in it.

    It would vanish under the hand of somebody who is about to click in it, and other buttons would
    come to stand there.

    Args:
        key: of the popover, which has `on_change="rerun"`; it names the run, too.
        label: of its button.
        icon: likewise; "" for none.
        words: what has come between.
    """
    if st.session_state.get(key):
        with st.popover(label, icon=icon or None, key=key, on_change="rerun"):
            st.markdown(words)


def leave_fragment_after_action() -> None:
    """Draw the whole page, not this fragment alone, if a click has had an outcome."""
    if SAID in st.session_state or REFUSED in st.session_state:
        st.rerun()
