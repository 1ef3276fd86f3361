"""Tags and note of one run: read at a glance, changed in a popover."""

import streamlit as st

from pages.components.frame import escape_markdown, format_message
from pages.runs.outcome import carry_out
from xray_core.errors import RunError
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.notes import LONGEST_NOTE, Notes, read_notes, write_notes
from xray_core.workspace import Workspace


def show_notes(run: Run, workspace: Workspace) -> None:
    """Show what was written on a run, and let it be changed."""
    try:
        notes = read_notes(run)
    except RunError as error:
        st.warning(format_message(error), icon=":material/warning:")
        notes = Notes()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for tag in notes.tags:
            st.badge(escape_markdown(tag), icon=":material/label:", color="gray")
        if notes.note:
            # The ends of its lines are kept, as they were typed.
            lines = map(escape_markdown, notes.note.splitlines())
            st.markdown("  \n".join(lines), width="stretch")
        written = notes != Notes()
        panel = st.popover(
            "Edit" if written else "Add tags or a note",
            icon=":material/edit_note:",
            type="tertiary",
            key="notes",
            on_change="rerun",
        )
        if panel.open:
            with panel:
                _show_form(run, notes, workspace)


def _show_form(run: Run, notes: Notes, workspace: Workspace) -> None:
    # Every run's tags are offered; looked up only now, while somebody writes.
    known = {tag for tags in run_table(workspace)["tags"] for tag in tags} | set(notes.tags)
    with st.form("notes_form", border=False):
        st.multiselect(
            "Tags",
            sorted(known, key=str.casefold),
            default=list(notes.tags),
            key=f"tags_{run.name}",
            accept_new_options=True,
            placeholder="choose, or type a new one",
        )
        st.text_area("Note", notes.note, max_chars=LONGEST_NOTE, key=f"note_{run.name}")
        st.form_submit_button("Save", type="primary", on_click=carry_out, args=(_save, run))


def _save(run: Run) -> str:
    state = st.session_state
    write_notes(run, Notes(tuple(state[f"tags_{run.name}"]), state[f"note_{run.name}"]))
    return "Saved."
