"""The trash: runs that were thrown away, until somebody restores them or empties it."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.runs.outcome import carry_out
from xray_core.files import format_bytes
from xray_core.runs.trash import empty_trash, list_trash, restore_run, trash_size
from xray_core.workspace import Workspace


def show_trash(workspace: Workspace) -> None:
    """Show the trash as a popover; nothing of it is looked at while it is closed."""
    with show_errors():
        names = list_trash(workspace)
    label = f"Trash ({len(names)})" if names else "Trash"
    with st.container(horizontal=True, horizontal_alignment="right"):
        panel = st.popover(label, icon=":material/delete:", key="trash", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if not names:
            st.caption("The trash is empty. Runs that you delete lie here until it is emptied.")
            return
        chosen = st.multiselect("Runs in the trash", names, key="trashed", placeholder="choose")
        st.button(
            "Restore",
            icon=":material/restore_from_trash:",
            on_click=carry_out,
            args=(_restore, workspace, chosen),
            disabled=not chosen,
        )
        with show_errors():
            size = format_bytes(trash_size(workspace))
        sure = st.checkbox(f"Delete all {len(names):,} for good and free {size}", key="trash_sure")
        st.button(
            "Empty the trash",
            icon=":material/delete_forever:",
            type="primary",
            on_click=carry_out,
            args=(_empty, workspace),
            disabled=not sure,
        )


def show_in_trash(workspace: Workspace, name: str) -> None:
    """Say that the run `name` lies in the trash, with a button that brings it back."""
    st.info(
        f"The run {escape_markdown(name)} lies in the trash. Restore it to see it again.",
        icon=":material/delete:",
    )
    st.button(
        "Restore",
        icon=":material/restore_from_trash:",
        type="primary",
        on_click=carry_out,
        args=(_restore, workspace, [name]),
    )


def _restore(workspace: Workspace, names: list[str]) -> str:
    for name in names:
        restore_run(name, workspace)
    return f"Restored: {', '.join(names)}."


def _empty(workspace: Workspace) -> str:
    n = empty_trash(workspace)
    st.session_state["trash_sure"] = False
    return f"Deleted for good: {n:,} run{'s' * (n != 1)}."
