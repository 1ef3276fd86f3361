"""Map of images: the button that has it computed, how far that is, and Cancel."""

import streamlit as st

from pages.components.frame import show_errors
from pages.components.watched_process import watch_process
from xray_core.audit.issue import count_of
from xray_core.jobs.background import (
    BackgroundState,
    forget_background,
    start_background,
)
from xray_core.runs import Run
from xray_core.runs.features import STEPS
from xray_core.workspace import find_workspace

TIME = (
    "Every image goes through the network once, a minute for some thousand small ones; then they "
    "are laid out. It goes on while you look at other pages."
)


def offer_map(run: Run, label: str = "Compute the map") -> None:
    """Show the button, or how far the computation is; what is done is shown from then on."""
    workspace, name = find_workspace(), f"features-{run.name}"
    state = watch_process(name, _words, "Stopped. Nothing of the map is kept.")
    if state.state == "done":
        with show_errors():
            forget_background(workspace, name)
        st.rerun()
    if state.state == "running":
        return
    if st.button(label, type="primary", icon=":material/scatter_plot:", key="map_start"):
        with show_errors():
            forget_background(workspace, name)
            start_background(workspace, name, ["features", run.name, "--map"])
        st.rerun()
    st.caption(TIME)


def _words(state: BackgroundState) -> str:
    """Return which step is under way, and of how many images it is done."""
    n = state.total // len(STEPS)  # images of the step
    if not n:
        return "Starting …"
    place = min(state.done // n, len(STEPS) - 1)
    done = state.done - place * n
    count = f", {done:,} of {count_of(n, 'image')}" if done else ""
    return f"Map of images: {STEPS[place]}{count} …"
