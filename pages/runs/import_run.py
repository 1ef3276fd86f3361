"""Import a run: the zip that Take away made elsewhere, uploaded or named by its path."""

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.frame import format_message, show_errors
from pages.components.user import find_user
from pages.runs.outcome import SAID
from xray_core.errors import RunError, XrayError
from xray_core.exports.run import Imported, import_run
from xray_core.files import replaced_file
from xray_core.paths import find_allowed
from xray_core.registry import list_datasets
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

IMPORTING = "importing"  # whether the dialog is open
MOST_MB = 500  # of an upload, which is in memory as a whole; a larger file is named by its path
LOOK = ""  # the choice of no dataset: it is looked for


def show_import(workspace: Workspace) -> None:
    """Show the button that imports a run, and its dialog while that is open."""
    if st.button("Import a run", icon=":material/upload_file:", type="tertiary", key="import_run"):
        st.session_state[IMPORTING] = True
    if st.session_state.get(IMPORTING):
        _show_dialog(workspace)


def _forget() -> None:
    st.session_state.pop(IMPORTING, None)


@st.dialog("Import a run", width="medium", on_dismiss=_forget)
def _show_dialog(workspace: Workspace) -> None:
    given = st.file_uploader(
        "The zip that Take away made of it",
        type="zip",
        key="import_file",
        max_upload_size=MOST_MB,
    )
    typed = st.text_input(
        f"Or, of more than {MOST_MB} MB, its path on the machine that runs this app",
        key="import_path",
    )
    with show_errors():
        known = list_datasets(workspace)
    data = st.selectbox(
        "Its dataset here",
        [LOOK, *known],
        format_func=lambda name: name or "Look for it",
        key="import_data",
        help="The images are not in the zip. They are known again by their names and sizes.",
    )
    if not st.button("Import", type="primary", icon=":material/upload_file:", key="import_start"):
        return
    try:
        with st.spinner("Checking and unpacking …"):
            done = _import(workspace, given, typed, known.get(data))
    except XrayError as error:
        st.error(format_message(error), icon=":material/error:")
        return
    except OSError as error:
        st.error(format_message(f"The disk refused: {error.strerror or error}."))
        return
    st.session_state[SAID] = f"{done.run.read_nickname()} is imported. {' '.join(done.said)}"
    st.query_params["run"] = done.run.name
    _forget()
    st.rerun()


def _import(workspace: Workspace, given: Any, typed: str, data: Path | None) -> Imported:
    """Import what was uploaded, or else what lies at the path."""
    if given is None:
        if not typed.strip():
            raise RunError("No file was given. Choose a zip, or type its path.")
        return import_run(find_allowed(parse_path(typed)), workspace, data, find_user())
    if given.size > MOST_MB * 2**20:  # the limit of the upload is the browser's own
        raise RunError(f"The file has more than {MOST_MB} MB. Type its path instead.")
    content = given.getvalue()
    name = hashlib.sha256(content).hexdigest()[:20]
    file = workspace.cache / "uploads" / f"{name}.zip"
    with replaced_file(file, lasting=False) as partial:
        partial.write_bytes(content)
    try:
        return import_run(file, workspace, data, find_user())
    finally:
        file.unlink(missing_ok=True)
