"""The process that computes the doubts: started by a button, watched, cancelled."""

import streamlit as st

from pages.components.frame import show_errors
from pages.components.user import find_user
from pages.components.watched_process import watch_process
from xray_core.audit.issue import count_of
from xray_core.evaluation.doubts.folds import CrossValidation, list_closed
from xray_core.jobs.background import BackgroundState, forget_background, start_background
from xray_core.workspace import Workspace


def offer_doubts(validation: CrossValidation, workspace: Workspace) -> None:
    """Show the button that computes the doubts, and opens the test sets that this looks into."""
    closed = list_closed(validation, workspace)
    words = (
        f"The {validation.n_folds} folds are trained: each image was predicted by a network that "
        "never saw its patient."
    )
    if closed:
        words += (
            f" Each image is in the test set of one of them. The list shows their answers, so it "
            f"opens {count_of(len(closed), 'test set')}, which is counted."
        )
    st.markdown(words)
    label = "Open them and list doubtful labels" if closed else "List doubtful labels"
    if st.button(label, icon=":material/rule:"):
        arguments = ["doubts", validation.runs[1].name]
        if closed:
            arguments.append("--open-test")
            if user := find_user():
                arguments += ["--user", user]
        with show_errors():
            forget_background(workspace, name_process(validation))
            start_background(workspace, name_process(validation), arguments)
        st.rerun()


def watch_doubts(validation: CrossValidation, workspace: Workspace) -> bool:
    """Show the process, or why it failed; return whether it is under way."""
    name = name_process(validation)
    state = watch_process(name, _words, "Stopped. Nothing of it is kept.")
    if state.state == "done":
        forget_background(workspace, name)
    return state.state == "running"


def _words(state: BackgroundState) -> str:
    count = f", {state.done:,} of {state.total:,} rounds" if state.total else ""
    return f"Looking for doubtful labels{count} …"


def name_process(validation: CrossValidation) -> str:
    """Return the name of the process; of each cross-validation there is one at a time."""
    return f"doubts-{validation.runs[1].name}"
