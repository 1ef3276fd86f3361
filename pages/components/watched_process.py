"""A command that runs beside the trainings, as a page shows it: its progress, Cancel, its end."""

from collections.abc import Callable

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.jobs.background import BackgroundState, forget_background, read_background
from xray_core.workspace import find_workspace

TICK = "1s"
STOPPED = "process_stopped"  # in the session: name of the process that was just cancelled


def watch_process(
    name: str, words: Callable[[BackgroundState], str], stopped: str
) -> BackgroundState:
    """Show how far a process is, why it failed, or that it was cancelled; return its state.

    The page runs again when it ends. What is done is the caller's to take and to forget.

    Args:
        name: of the process; see `jobs.background`.
        words: what is under way, in words.
        stopped: what to say once it was cancelled.
    """
    with show_errors():
        state = read_background(find_workspace(), name)
    if state.state == "running":
        st.fragment(_watch, run_every=TICK)(name, words)
    elif state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
    if state.state != "running" and st.session_state.get(STOPPED) == name:
        del st.session_state[STOPPED]
        st.info(stopped, icon=":material/stop:")
    return state


def _watch(name: str, words: Callable[[BackgroundState], str]) -> None:
    workspace = find_workspace()
    state = read_background(workspace, name)
    if state.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        share = min(state.done / state.total, 1.0) if state.total else 0.0
        st.progress(share, text=escape_markdown(words(state)))
        if st.button("Cancel", icon=":material/stop:", key=f"cancel_{name}"):
            forget_background(workspace, name)
            st.session_state[STOPPED] = name
            st.rerun()
