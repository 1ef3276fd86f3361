"""Map of images: the button that has it computed, how far that is, and Cancel."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.audit.issue import count_of
from xray_core.jobs.background import (
    BackgroundState,
    forget_background,
    read_background,
    start_background,
)
from xray_core.runs import Run
from xray_core.runs.features import STEPS
from xray_core.workspace import find_workspace

TICK = "1s"
STOPPED = "map_stopped"  # in the session: the process that was just cancelled
TIME = (
    "Every image goes through the network once, a minute for some thousand small ones; then they "
    "are laid out. It goes on while you look at other pages."
)


def offer_map(run: Run, label: str = "Compute the map") -> None:
    """Show the button, or how far the computation is; what is done is shown from then on."""
    workspace, name = find_workspace(), f"features-{run.name}"
    with show_errors():
        state = read_background(workspace, name)
    if state.state == "done":
        with show_errors():
            forget_background(workspace, name)
        st.rerun()
    if state.state == "running":
        _watch(name)
        return
    if state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
    if st.session_state.pop(STOPPED, "") == name:
        st.info("Stopped. Nothing of the map is kept.", icon=":material/stop:")
    if st.button(label, type="primary", icon=":material/scatter_plot:", key="map_start"):
        with show_errors():
            forget_background(workspace, name)
            start_background(workspace, name, ["features", run.name, "--map"])
        st.rerun()
    st.caption(TIME)


@st.fragment(run_every=TICK)
def _watch(name: str) -> None:
    workspace = find_workspace()
    state = read_background(workspace, name)
    if state.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(state.done / state.total if state.total else 0.0, text=_words(state))
        if st.button("Cancel", icon=":material/stop:", key="map_cancel"):
            forget_background(workspace, name)
            st.session_state[STOPPED] = name
            st.rerun()


def _words(state: BackgroundState) -> str:
    """Return which step is under way, and of how many images it is done."""
    n = state.total // len(STEPS)  # images of the step
    if not n:
        return "Starting …"
    place = min(state.done // n, len(STEPS) - 1)
    done = state.done - place * n
    count = f", {done:,} of {count_of(n, 'image')}" if done else ""
    return f"Map of images: {STEPS[place]}{count} …"
