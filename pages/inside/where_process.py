"""Heat maps of all boxed images: the button that starts them, their progress, Cancel."""

import streamlit as st

from pages.components.frame import show_errors
from pages.components.small_type import show_muted
from pages.components.watched_process import watch_process
from xray_core.audit.issue import count_of
from xray_core.jobs.background import (
    BackgroundState,
    forget_background,
    start_background,
)
from xray_core.runs import Run
from xray_core.runs.explained import stamp_network
from xray_core.workspace import find_workspace


def show_process(run: Run, subset: str, method: str) -> bool:
    """Show what is under way, or why it failed; return whether it is under way."""
    name = _name(run, subset, method)
    state = watch_process(name, _words, "Stopped. Nothing of it is kept.")
    if state.state == "done":  # and yet there is nothing: it was deleted since
        forget_background(find_workspace(), name)
    return state.state == "running"


def show_start(run: Run, subset: str, method: str, n_images: int) -> None:
    """Show the button that starts it."""
    pressed = st.button(
        f"Score the heat maps of {count_of(n_images, 'boxed image')}",
        icon=":material/center_focus_strong:",
        type="primary",
        key="where_start",
    )
    show_muted(
        f"For each image of the {subset} set that has boxes: a heat map of its class, one by the "
        "same network before it learned anything, and how well either fits the boxes. "
        "It takes about a minute for 300 images."
    )
    if pressed:
        with show_errors():
            workspace, name = find_workspace(), _name(run, subset, method)
            start_background(workspace, name, ["where", run.name, "--method", method])
        st.rerun()


def _words(state: BackgroundState) -> str:
    if not state.total:
        return "Heat maps: loading the network …"
    if state.done >= state.total:
        return "Heat maps: comparing them with the boxes …"
    return f"Heat maps: {state.done:,} of {state.total:,} …"


def _name(run: Run, subset: str, method: str) -> str:
    stamp = "-".join(map(str, stamp_network(run)))
    return f"where-{run.name}-{subset}-{method}-{stamp}"
