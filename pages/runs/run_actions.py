"""The buttons of one run: change it, stop, resume, restart, its place in the queue, the trash."""

import streamlit as st

from pages.components.frame import show_errors
from pages.components.user import find_user
from pages.runs.outcome import SAID, carry_out, close_after, keep_open
from pages.runs.queue_list import show_waiting_actions
from xray_core.jobs import can_resume, queue_view, restart_run, resume_run, stop_run
from xray_core.runs import Run, Status
from xray_core.runs.trash import trash_run
from xray_core.workspace import Workspace

STOP = ("Stop", ":material/stop_circle:")  # label and icon of a popover
PLACE = ("Change its place", ":material/swap_vert:")


def show_actions(run: Run, status: Status, workspace: Workspace) -> None:
    """Show what can be done to a run in its present state."""
    if st.button(
        "Change and train again",
        icon=":material/edit:",
        help="Open the Train page with the dataset and all settings of this run.",
    ):
        st.switch_page("pages/train.py", query_params={"from": run.name})
    # What is open stays open when the run goes on to its next state.
    if status.state != "queued":
        words = f"It waits no longer: it is {status.state}."
        keep_open(f"place_{run.name}", *PLACE, words)
    if status.has_ended:
        keep_open(f"stop_{run.name}", *STOP, f"There is nothing to stop: it is {status.state}.")
    if status.state == "queued":
        _show_queued(run, workspace)
    elif status.state == "running":
        _show_running(run, workspace)
    else:
        _show_ended(run, status, workspace)


def _show_queued(run: Run, workspace: Workspace) -> None:
    with show_errors():
        queue = queue_view(workspace)
    place = queue[(queue["run"] == run.name) & (queue["state"] == "queued")]
    if len(place):
        label, icon = PLACE
        with st.popover(label, icon=icon, key=f"place_{run.name}", on_change="rerun"):
            show_waiting_actions(workspace, run, place.iloc[0].to_dict(), f"place_{run.name}")
        return
    st.button(  # about to start, or in no queue
        "Cancel",
        icon=":material/cancel:",
        on_click=carry_out,
        args=(stop_run, run, workspace, find_user()),
    )


def _show_running(run: Run, workspace: Workspace) -> None:
    if run.stop_path.exists():
        keep_open(f"stop_{run.name}", *STOP, "It was asked to stop meanwhile.")
        st.button("Stopping …", icon=":material/hourglass_top:", disabled=True)
        return
    label, icon = STOP
    with st.popover(label, icon=icon, key=f"stop_{run.name}", on_change="rerun"):
        st.markdown("Stop this run? What it has learned so far is kept, and it can be resumed.")
        st.button(
            "Yes, stop it",
            type="primary",
            on_click=close_after,
            args=(f"stop_{run.name}", stop_run, run, workspace, find_user()),
        )


def _show_ended(run: Run, status: Status, workspace: Workspace) -> None:
    if can_resume(run):
        st.button(
            "Resume",
            icon=":material/resume:",
            type="primary",
            on_click=carry_out,
            args=(resume_run, run, workspace, find_user()),
            help="Go on where it stood, as if it had never ended.",
        )
    st.button(
        "Restart",
        icon=":material/replay:",
        on_click=carry_out,
        args=(_restart, run, workspace),
        help="Train the same recipe on the same data from the beginning, as another run.",
    )
    with st.popover("Delete", icon=":material/delete:", key="delete"):
        st.markdown("Move this run to the trash? It can be restored until the trash is emptied.")
        st.button(
            "Yes, to the trash", type="primary", on_click=carry_out, args=(_bin, run, workspace)
        )
    if status.state == "done" and st.button(
        "See the result", type="primary", icon=":material/fact_check:"
    ):
        st.switch_page("pages/evaluate.py", query_params={"run": run.name})


def _restart(run: Run, workspace: Workspace) -> None:
    again = restart_run(run, workspace, find_user())
    st.query_params["run"] = again.name
    st.session_state[SAID] = f"{again.name} trains the recipe of {run.name} anew."


def _bin(run: Run, workspace: Workspace) -> str:
    trash_run(run, workspace)
    del st.query_params["run"]
    return f"{run.name} is in the trash; restore it there."
