"""The bar of one run: the way back, what can be done to it, and its next step."""

import streamlit as st

from pages.components.frame import show_errors
from pages.components.origin import read_origin_of
from pages.components.run_state import show_predict_link
from pages.components.seeds import offer_seeds
from pages.components.user import find_user
from pages.runs.outcome import SAID, UNDO, Undo, carry_out, close_after, keep_open
from pages.runs.place import show_place
from pages.runs.trash import restore_runs
from xray_core.jobs import can_resume, queue_view, restart_run, resume_run, stop_run
from xray_core.runs import Run, Status
from xray_core.runs.trash import trash_run
from xray_core.workspace import Workspace

STOP = ("Stop", ":material/stop_circle:")  # label and icon of a popover
PLACE = ("Its place", ":material/swap_vert:")


def show_actions(run: Run, status: Status, workspace: Workspace) -> None:
    """Show in a bar what can be done in the present state, the next step at its right end."""
    st.space("stretch")
    # What is open stays open when the run goes on to its next state.
    if status.state != "queued":
        words = f"It waits no longer: it is {status.state}."
        keep_open(f"place_{run.name}", *PLACE, words)
    if status.has_ended:
        keep_open(f"stop_{run.name}", *STOP, f"There is nothing to stop: it is {status.state}.")
    _show_more(run, status, workspace)
    if status.state == "queued":
        _show_queued(run, workspace)
    elif status.state == "running":
        _show_running(run, workspace)
    else:
        _show_ended(run, status, workspace)


def show_way_back() -> None:
    """Show the button that leads from a run to the list or to its sweep."""
    in_sweep = "run" in st.query_params and st.query_params.get("sweep")
    st.button(
        "Whole sweep" if in_sweep else "All runs",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_go_back,
    )


def _go_back() -> None:
    del st.query_params["run" if "run" in st.query_params else "sweep"]


def _show_more(run: Run, status: Status, workspace: Workspace) -> None:
    panel = st.popover("More", type="tertiary", key=f"more_{run.name}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        trained = read_origin_of(run) is None
        if trained and st.button(
            "Change and train again",
            icon=":material/edit:",
            help="Open the Train page with the dataset and all settings of this run.",
        ):
            st.switch_page("pages/train.py", query_params={"from": run.name})
        if not status.has_ended:
            return
        if trained:
            offer_seeds(run)
            st.button(
                "Restart",
                icon=":material/replay:",
                on_click=carry_out,
                args=(_restart, run, workspace),
                help="Train the same recipe on the same data from the beginning, as another run.",
            )
        st.button(
            "Delete to the trash",
            icon=":material/delete:",
            on_click=carry_out,
            args=(_bin, run, workspace),
            help="It can be restored until the trash is emptied.",
        )


def _show_queued(run: Run, workspace: Workspace) -> None:
    with show_errors():
        queue = queue_view(workspace)
    row = queue[(queue["run"] == run.name) & (queue["state"] == "queued")]
    if len(row):
        label, icon = PLACE
        panel = st.popover(label, icon=icon, key=f"place_{run.name}", on_change="rerun")
        if panel.open:
            with panel:
                show_place(workspace, run, row.iloc[0].to_dict())
    st.button(  # also one that is about to start, or in no queue
        "Cancel",
        icon=":material/cancel:",
        type="primary",
        on_click=carry_out,
        args=(stop_run, run, workspace, find_user()),
        help="Take it out of the queue. Its folder stays, and it can be resumed later.",
    )


def _show_running(run: Run, workspace: Workspace) -> None:
    if run.stop_path.exists():
        keep_open(f"stop_{run.name}", *STOP, "It was asked to stop meanwhile.")
        st.button("Stopping …", icon=":material/hourglass_top:", disabled=True)
        return
    label, icon = STOP
    panel = st.popover(label, icon=icon, type="primary", key=f"stop_{run.name}", on_change="rerun")
    if panel.open:
        with panel:
            st.markdown("Stop this run? What it has learned so far is kept, and it can be resumed.")
            st.button(
                "Yes, stop it",
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
    elif status.state == "done":
        show_predict_link(run)
        if st.button("See the result", type="primary", icon=":material/fact_check:"):
            st.switch_page("pages/evaluate.py", query_params={"run": run.name})


def _restart(run: Run, workspace: Workspace) -> None:
    again = restart_run(run, workspace, find_user())
    st.query_params["run"] = again.name
    st.session_state[SAID] = (
        f"{again.read_nickname()} trains the recipe of {run.read_nickname()} anew."
    )


def _bin(run: Run, workspace: Workspace) -> str:
    name = trash_run(run, workspace)
    del st.query_params["run"]
    st.session_state[UNDO] = Undo("Restore it", restore_runs, (workspace, [name]))
    return f"{run.name} is in the trash; it can be restored until somebody empties it."
