"""An export as a process of its own: started by a button, watched, stopped, its answer shown."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.exports import forget_partial
from xray_core.jobs.background import (
    BackgroundState,
    forget_background,
    read_background,
    start_background,
)
from xray_core.workspace import find_workspace

TICK = "1s"
STOPPED = "export_stopped"  # in the session: the export that was just stopped


def run_export(
    arguments: Sequence[str], out: Path, label: str, digest: str, unit: str = "images"
) -> Mapping[str, Any] | None:
    """Show the button that starts an export, then its progress; return its answer once it is done.

    Args:
        arguments: of the command, without `--out`.
        out: the file or folder that it makes. If that was moved away since, it is made anew.
        label: of the button.
        digest: of all that the export depends on beside the arguments.
        unit: what its progress is counted in.
    """
    workspace = find_workspace()
    command = [*arguments, "--out", str(out)]
    name = f"export-{hashlib.sha256(repr((digest, command)).encode()).hexdigest()[:20]}"
    with show_errors():
        state = read_background(workspace, name)
        if state.state == "done" and not out.exists():
            forget_background(workspace, name)
            state = BackgroundState("missing")
    if state.state == "done":
        return state.result
    if state.state == "running":
        _watch(name, out, unit)
        return None
    if out.exists():
        st.info(
            f"{escape_markdown(str(out))} is there from before. Move it away to make it anew: "
            "nothing is overwritten."
        )
        return None
    if state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
    if st.session_state.pop(STOPPED, "") == name:
        st.info("Stopped. Nothing of the export is kept.", icon=":material/stop:")
    if st.button(label, icon=":material/drive_folder_upload:"):
        with show_errors():
            start_background(workspace, name, command)
        st.rerun()
    return None


@st.fragment(run_every=TICK)
def _watch(name: str, out: Path, unit: str) -> None:
    workspace = find_workspace()
    state = read_background(workspace, name)
    if state.state != "running":
        st.rerun()
    words = f"{state.done:,} of {state.total:,} {unit}" if state.total else "Beginning …"
    st.progress(state.done / state.total if state.total else 0.0, text=words)
    if st.button("Stop", icon=":material/stop:", help="Nothing of the export is kept."):
        forget_background(workspace, name)
        forget_partial(out)
        st.session_state[STOPPED] = name
        st.rerun()


def show_left_out(answer: Mapping[str, Any]) -> None:
    """Say how many images could not be read, and name the first of them."""
    if not answer["left_out"]:
        return
    lines = [f"{row['path']}: {row['reason']}" for row in answer["examples"]]
    st.warning(
        f"{answer['left_out']:,} images could not be read and are left out.  \n"
        + "  \n".join(map(escape_markdown, lines))
    )
