"""The bar at the bottom of a page: its next step, in sight at any size of the window."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def open_bottom_bar() -> DeltaGenerator:
    """Return the row at the bottom of the window; a page opens it once.

    What is put into it first stands at the left; `st.space("stretch")` pushes the rest, and the
    page's one primary button, to the right, where a thumb is.
    """
    return st.bottom.container(
        horizontal=True, vertical_alignment="center", gap="small", key="bottom_bar"
    )
