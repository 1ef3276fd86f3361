"""The place in the queue of a run that waits: moved, given a priority, passed over."""

from typing import Any

import streamlit as st

from pages.components.user import find_user
from pages.runs.outcome import carry_out
from xray_core.jobs import move_run, pause_run, set_priority, unpause_run
from xray_core.runs import Run
from xray_core.workspace import Workspace

FRONT_PLACES = 10_000  # places: to the very front


def show_place(workspace: Workspace, run: Run, row: dict[str, Any]) -> None:
    """Show what can be done to a run that waits: order, priority, pause.

    Args:
        workspace: the folders.
        run: it.
        row: of `queue_view`.
    """
    user = find_user()
    with st.container(horizontal=True):
        for label, icon, places in (
            ("First", "vertical_align_top", -FRONT_PLACES),
            ("Up", "arrow_upward", -1),
            ("Down", "arrow_downward", 1),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{label}_{run.name}",
                on_click=carry_out,
                args=(move_run, run, workspace, places, user),
                disabled=row["paused"],
                help="Among the runs of its user and priority; users take turns.",
            )
        label, change = ("Go on", unpause_run) if row["paused"] else ("Pause", pause_run)
        icon = "play_arrow" if row["paused"] else "pause"
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"pause_{run.name}",
            on_click=carry_out,
            args=(change, run, workspace, user),
        )
    key = f"priority_{run.name}"
    st.number_input(
        "Priority",
        -100,
        100,
        value=int(row["priority"]),
        key=key,
        on_change=lambda: carry_out(set_priority, run, workspace, int(st.session_state[key]), user),
        help="Higher goes first, whoever's it is.",
    )
