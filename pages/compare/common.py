"""Runs that test different images: why they are not compared, and on which they could be."""

import streamlit as st

from pages.compare.read import COMMON
from pages.components.address import change_address
from pages.components.frame import format_message
from xray_core.audit.issue import count_of
from xray_core.evaluation.common_images import OtherImagesError

FEW_PATIENTS = 10  # with fewer, one patient is ten points of a hundred


def show_refusal(error: OtherImagesError) -> None:
    """Say why, and offer the images that all of the runs test."""
    st.warning(format_message(error), icon=":material/join_inner:")
    few = " So few patients tell little." if error.n_patients < FEW_PATIENTS else ""
    st.button(
        f"Compare on the {count_of(error.n_common, 'common image')}",
        type="primary",
        icon=":material/join_inner:",
        on_click=change_address,
        args=({COMMON: "yes"},),
        help="None of them was learned from by any of these runs." + few,
    )
