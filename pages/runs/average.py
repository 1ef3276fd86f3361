"""Averaging ticked runs: the button, and the way to the result."""

import pandas as pd
import streamlit as st

from pages.components.side_process import start_beside, watch_beside
from pages.components.user import find_user
from pages.runs.outcome import carry_out
from xray_core.evaluation.averaging import LEAST_MEMBERS, MOST_MEMBERS, check_members, check_new
from xray_core.runs import Run
from xray_core.workspace import Workspace


def offer_average(ticked: pd.DataFrame, workspace: Workspace) -> None:
    """Show a button where two to five ticked runs are finished.

    Args:
        ticked: rows of `index.run_table`.
        workspace: the folders.
    """
    names = ticked.loc[ticked["state"] == "done", "name"].tolist()
    if not LEAST_MEMBERS <= len(names) <= MOST_MEMBERS:
        return
    st.button(
        f"Average {len(names)}",
        icon=":material/join_inner:",
        type="tertiary",
        key="bulk_average",
        on_click=carry_out,
        args=(_start, [Run(workspace.runs / name) for name in names], workspace),
        help="The mean of their probabilities, evaluated like a run, on the images that all of "
        "them test. Two different networks often do better together than either alone.",
    )


def show_average() -> None:
    """Show an average under way; once it is there, open its result."""
    if made := watch_beside():
        st.switch_page("pages/evaluate.py", query_params={"run": made})


def _start(runs: list[Run], workspace: Workspace) -> None:
    check_members(runs)  # what a few small files refuse is said at once
    check_new(runs, workspace)
    names = [run.name for run in runs]
    start_beside(["average", *names, "--by", find_user()], f"Averaging {len(names)} runs")
