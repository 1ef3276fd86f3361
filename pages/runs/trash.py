"""The trash: runs that were thrown away, until somebody restores them or empties it."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.runs.outcome import carry_out, format_count
from xray_core.files import format_bytes
from xray_core.runs import Run
from xray_core.runs.trash import empty_trash, list_trash, restore_run, trash_size
from xray_core.workspace import Workspace


def show_trash(workspace: Workspace) -> None:
    """Show the trash as a popover; nothing of it is looked at while it is closed."""
    with show_errors():
        names = list_trash(workspace)
    label = f"Trash ({len(names)})" if names else "Trash"
    panel = st.popover(
        label, icon=":material/delete:", type="tertiary", key="trash", on_change="rerun"
    )
    if not panel.open:
        return
    with panel:
        if not names:
            st.caption("The trash is empty. Runs that you delete lie here until it is emptied.")
            return
        called = {name: _call(workspace, name) for name in names}
        # Above the list, which covers what is below it while it is open.
        buttons = st.container(horizontal=True, gap="small")
        chosen = st.multiselect(
            "Runs in the trash",
            names,
            key="trashed",
            placeholder="choose",
            format_func=lambda name: called.get(name, name),
        )
        for label, which in (("Restore", chosen), (f"Restore all {len(names):,}", names)):
            buttons.button(
                label,
                icon=":material/restore_from_trash:",
                on_click=carry_out,
                args=(restore_runs, workspace, which),
                disabled=not which,
            )
        with show_errors():
            size = format_bytes(trash_size(workspace))
        sure = st.checkbox(f"Delete all {len(names):,} for good and free {size}", key="trash_sure")
        st.button(
            "Empty the trash",
            icon=":material/delete_forever:",
            on_click=carry_out,
            args=(_empty, workspace),
            disabled=not sure,
            help="What is deleted for good cannot be restored.",
        )


def show_in_trash(workspace: Workspace, name: str) -> None:
    """Say that the run `name` lies in the trash, with a button that brings it back."""
    st.info(
        f"The run {escape_markdown(_call(workspace, name))} lies in the trash. Restore it to see "
        "it again.",
        icon=":material/delete:",
    )
    st.button(
        "Restore",
        icon=":material/restore_from_trash:",
        type="primary",
        on_click=carry_out,
        args=(restore_runs, workspace, [name]),
    )


def restore_runs(workspace: Workspace, names: list[str]) -> str:
    """Take these runs out of the trash; return in words what came of it."""
    called = [_call(workspace, name) for name in names]
    for name in names:
        restore_run(name, workspace)
    return f"Restored: {', '.join(called)}."


def _call(workspace: Workspace, name: str) -> str:
    return Run(workspace.trash / name).read_nickname()


def _empty(workspace: Workspace) -> str:
    n = empty_trash(workspace)
    st.session_state["trash_sure"] = False
    return f"Deleted for good: {format_count(n)}."
