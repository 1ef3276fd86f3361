"""The audit as a process of its own: started on the first visit, watched, its answer shown."""

import hashlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.catalog import Catalog
from xray_core.jobs.background import (
    BackgroundState,
    forget_background,
    read_background,
    start_background,
)
from xray_core.workspace import find_workspace

TICK = "1s"
VERSION = 3  # raise it when the same data gives other issues


def find_audit(catalog: Catalog, task: str, split: str) -> Mapping[str, Any]:
    """Return what `audit.run_audit` found; until that is known, show its progress and end the page.

    Args:
        catalog: the dataset.
        task: a task.
        split: a method of `splits.METHODS`; "": the authors' own subsets, else ours by patient.
    """
    workspace = find_workspace()
    name = _name(catalog, task, split)
    with show_errors():
        state = read_background(workspace, name)
        if state.state == "missing":
            arguments = ["audit", str(catalog.root), "--task", task]
            start_background(workspace, name, arguments + (["--split", split] if split else []))
            state = read_background(workspace, name)
    if state.state == "done":
        return state.result
    if state.state == "failed":
        st.error(escape_markdown(state.reason), icon=":material/error:")
        if st.button("Try again", icon=":material/replay:"):
            forget_background(workspace, name)
            st.rerun()
    else:
        _watch(name)
    st.stop()


def forget_audit(catalog: Catalog, task: str, split: str) -> None:
    """Let the audit be made again, from files that may have changed; draws the page anew."""
    forget_background(find_workspace(), _name(catalog, task, split))
    st.rerun()


@st.fragment(run_every=TICK)
def _watch(name: str) -> None:
    workspace = find_workspace()
    state = read_background(workspace, name)
    if state.state != "running":
        st.rerun()
    st.progress(state.done / state.total if state.total else 0.0, text=_words(state))
    st.caption("Each image is read once; the next audit of this dataset takes seconds.")
    if st.button("Stop", icon=":material/stop:"):
        forget_background(workspace, name)
        st.switch_page("pages/explore.py")


def _words(state: BackgroundState) -> str:
    if not state.total:
        return "Reading the tables …"
    if state.done == state.total:
        return "Comparing the images …"
    return f"Reading images: {state.done:,} of {state.total:,}"


def _name(catalog: Catalog, task: str, split: str) -> str:
    """Return a name for all that the answer depends on, as far as the catalog tells.

    Not for pixels: what `fingerprint_dataset` does not notice takes "Audit again".
    """
    state = repr((VERSION, catalog.digest, task, split))
    return f"audit-{hashlib.sha256(state.encode()).hexdigest()[:20]}"
