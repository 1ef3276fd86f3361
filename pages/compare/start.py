"""Compare without runs in the address: where to choose them."""

import streamlit as st

from pages.components.context import Context
from xray_core.workspace import Workspace


def show_start(context: Context, workspace: Workspace) -> None:
    """Say how runs are chosen."""
    context.open_catalog()
    st.info(
        "Tick 2 to 8 finished runs in the table of runs, then compare them.",
        icon=":material/compare_arrows:",
    )
    st.page_link("pages/runs.py", label="Go to Runs", icon=":material/list:")
