"""A run that is made beside the trainings, watched until it is there: its progress, and Cancel."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.jobs.background import forget_background, read_background, start_background
from xray_core.workspace import find_workspace

TICK = "1s"
PROCESS = "made_beside"  # in the session: name of the process, and what it makes, in words
STOPPED = "made_beside_stopped"  # in the session: what was just cancelled


def start_beside(arguments: Sequence[str], what: str) -> None:
    """Start a command that makes a run; another one that this session had started goes on unseen.

    Args:
        arguments: of the command.
        what: it makes, in words, such as "Averaging 2 runs".
    """
    name = f"beside-{uuid4().hex}"
    with show_errors():
        start_background(find_workspace(), name, arguments)
    st.session_state[PROCESS] = (name, what)


def watch_beside(tidy: Callable[[], None] | None = None) -> str:
    """Show what is under way, or why it failed; return the name of a run that has just been made.

    Args:
        tidy: called once it has ended, however it did.
    """
    if what := st.session_state.pop(STOPPED, ""):
        st.info(escape_markdown(f"{what}: stopped. Nothing of it is kept."), icon=":material/stop:")
    if PROCESS not in st.session_state:
        return ""
    workspace, (name, what) = find_workspace(), st.session_state[PROCESS]
    with show_errors():
        state = read_background(workspace, name)
    if state.state == "running":
        st.fragment(_watch, run_every=TICK)(name, what, tidy)
        return ""
    made = str(state.result.get("run", ""))
    if state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
    _end(name, tidy)
    return made


def _watch(name: str, what: str, tidy: Callable[[], None] | None) -> None:
    state = read_background(find_workspace(), name)
    if state.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        done = f", {state.done:,} of {state.total:,}" if state.total else ""
        st.progress(
            min(state.done / state.total, 1.0) if state.total else 0.0,
            text=escape_markdown(f"{what}{done} …"),
        )
        if st.button("Cancel", icon=":material/stop:", key="beside_cancel"):
            _end(name, tidy)
            st.session_state[STOPPED] = what
            st.rerun()


def _end(name: str, tidy: Callable[[], None] | None) -> None:
    """Forget a process, and end it if it runs."""
    st.session_state.pop(PROCESS, None)
    forget_background(find_workspace(), name)
    if tidy is not None:
        tidy()
