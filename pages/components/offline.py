"""What a browser says when the app has been stopped: that nothing is lost, and what to do."""

from pathlib import Path

import streamlit as st

TITLE = "The app is not running"
WORDS = (
    "Trainings go on without it, and nothing is lost. Start the app again, then reload this page."
)

_offline = st.components.v2.component(
    "offline", html="", js=Path(__file__).with_name("offline.js").read_text(encoding="utf-8")
)


def explain_offline() -> None:
    """Let the browser explain a stopped server in these words instead of Streamlit's own."""
    _offline(key="offline", data={"title": TITLE, "words": WORDS}, height=1)
