"""What can be promised of a run that nobody has worked it out for: by a process of its own."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.evaluation.thresholds.guarantee import Guaranteed, read_guaranteed
from xray_core.jobs.background import forget_background, read_background, start_background
from xray_core.runs import Run
from xray_core.workspace import find_workspace

TICK = "1s"


def find_guaranteed(run: Run) -> Guaranteed | None:
    """Return what can be promised of a run; else show the button or the process that finds it."""
    with show_errors():
        about = read_guaranteed(run)
    name, workspace = f"guarantee-{run.name}", find_workspace()
    if about:
        return about
    with show_errors():
        state = read_background(workspace, name)
    if state.state == "done":  # its file was taken away since
        forget_background(workspace, name)
    if state.state == "running":
        _watch(name)
        return None
    if state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
    else:
        st.info(
            "What can be guaranteed has not been worked out for this run yet. It takes some "
            "seconds."
        )
    if st.button("Work it out", key="guarantee_start"):
        with show_errors():
            start_background(workspace, name, ["threshold", run.name, "--rule", "guaranteed"])
        st.rerun()
    return None


@st.fragment(run_every=TICK)
def _watch(name: str) -> None:
    workspace = find_workspace()
    if read_background(workspace, name).state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(0.0, text="Working out what can be guaranteed …")
        if st.button("Cancel", key="guarantee_cancel"):
            forget_background(workspace, name)
            st.rerun()
