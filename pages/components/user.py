"""A person's name: typed once, kept in this browser by a cookie, written beside what they do."""

from urllib.parse import quote, unquote

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.workspace import MAX_USER_LENGTH, clean_user

COOKIE = "xray_lab_user"
NAME, TYPED, FIELD = "user_name", "user_typed", "user_field"

# Scripts of a page cannot write a cookie from Python. Strict: no other site sees the name.
_keep = st.components.v2.component(
    "keep_user",
    html="",
    js="""export default function ({ data }) {
        document.cookie = `${data.cookie}; path=/; max-age=31536000; SameSite=Strict`;
    }""",
)


def find_user() -> str:
    """Return the name that was typed in this browser; "" if there is none."""
    if NAME not in st.session_state:
        st.session_state[NAME] = clean_user(unquote(st.context.cookies.get(COOKIE, "")))
    return str(st.session_state[NAME])


def show_user() -> None:
    """Show the name, and let it be typed or changed."""
    name = find_user()
    if st.session_state.get(TYPED):
        _keep(data={"cookie": f"{COOKIE}={quote(name)}"}, key="keep_user", height=1)
    label = escape_markdown(name) or "Your name"
    panel = st.popover(
        label, icon=":material/person:", type="tertiary", key="user_popover", on_change="rerun"
    )
    if not panel.open:
        return
    with panel:
        st.text_input(
            "Your name",
            value=name,
            max_chars=MAX_USER_LENGTH,
            key=FIELD,
            on_change=_remember,
            placeholder="e.g. Ana",
            autocomplete="nickname",
        )
        st.caption(
            "It stands beside the runs that you start and what you do to runs; users take turns "
            "in the queue. It is kept in this browser and asks for no password."
        )


def _remember() -> None:
    st.session_state[NAME] = clean_user(st.session_state[FIELD] or "")
    st.session_state[TYPED] = True
