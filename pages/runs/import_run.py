"""Import a run: the zip that Take away made elsewhere, uploaded or named by its path."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from pages.components.frame import format_message, show_errors
from pages.components.user import find_user
from pages.runs.outcome import SAID
from xray_core.errors import RunError, XrayError
from xray_core.exports.run import Imported, import_run
from xray_core.paths import find_allowed
from xray_core.registry import list_datasets
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

IMPORTING = "importing"  # whether the dialog is open
MOST_MB = 500  # of an upload, which is in memory as a whole; a larger file is named by its path
LONGEST = 60  # characters of an uploaded name: at most 240 bytes, as a disk takes them
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
    uploads = workspace.cache / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=uploads) as folder:
        file = Path(folder) / name_upload(given.name)  # by which a refusal and the history call it
        file.write_bytes(given.getvalue())
        return import_run(file, workspace, data, find_user())


def name_upload(name: str) -> str:
    r"""Return an uploaded file's name as one of this disk, still the one its owner knows.

    >>> name_upload("bad.zip"), name_upload("../a\\b.zip"), name_upload("..")
    ('bad.zip', 'b.zip', 'run.zip')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if sign.isprintable())[-LONGEST:]
    return plain if plain.strip(". ") else "run.zip"
