"""Tags and note of one run: read at a glance, changed in an expander."""

from html import escape

import streamlit as st

from pages.components.frame import format_message
from pages.runs.outcome import carry_out
from xray_core.errors import RunError
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.notes import LONGEST_NOTE, Notes, read_notes, write_notes
from xray_core.workspace import find_workspace


def show_notes(run: Run) -> None:
    """Show what was written on a run; nothing where nobody wrote anything."""
    try:
        notes = read_notes(run)
    except RunError as error:
        st.warning(format_message(error), icon=":material/warning:")
        return
    if notes == Notes():
        return
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in notes.tags)
    # The ends of its lines are kept, as they were typed.
    note = "<br>".join(map(escape, notes.note.splitlines()))
    st.html(f'<div class="notes">{tags}{note}</div>')


def show_notes_form(run: Run) -> None:
    """Show an expander in which tags and note are changed; nothing of it while it is closed."""
    panel = st.expander(
        "Tags and note", icon=":material/edit_note:", key="notes", on_change="rerun"
    )
    if not panel.open:
        return
    try:
        notes = read_notes(run)
    except RunError:
        notes = Notes()
    # Every run's tags are offered; looked up only now, while somebody writes.
    known = {tag for tags in run_table(find_workspace())["tags"] for tag in tags} | set(notes.tags)
    with panel, st.form("notes_form", border=False):
        st.multiselect(
            "Tags",
            sorted(known, key=str.casefold),
            default=list(notes.tags),
            key=f"tags_{run.name}",
            accept_new_options=True,
            placeholder="choose, or type a new one",
        )
        st.text_area("Note", notes.note, max_chars=LONGEST_NOTE, key=f"note_{run.name}")
        st.form_submit_button("Save", on_click=carry_out, args=(_save, run))


def _save(run: Run) -> str:
    state = st.session_state
    write_notes(run, Notes(tuple(state[f"tags_{run.name}"]), state[f"note_{run.name}"]))
    return "Saved."
