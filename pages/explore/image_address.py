"""Which image of Explore is open, or which two: it stands in the address."""

import streamlit as st

FIRST, SECOND = "image", "with"


def open_image(image_id: str) -> None:
    """Go to the large view of an image, before the page runs again."""
    st.query_params.pop(SECOND, None)
    st.query_params[FIRST] = image_id


def open_pair(first: str, second: str) -> None:
    """Go to two images side by side."""
    st.query_params[FIRST] = first
    st.query_params[SECOND] = second


def close_image() -> None:
    """Go back to the grid."""
    for name in (SECOND, FIRST):
        st.query_params.pop(name, None)


def start_over() -> None:
    """Show the first page of what now passes, not the image or page that was open before."""
    close_image()
    st.session_state["page"] = 1
