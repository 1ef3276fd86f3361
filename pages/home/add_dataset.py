"""A folder becomes a dataset: its path is typed, and how it is read is asked for where need be."""

from pathlib import Path

import streamlit as st

from pages.components.context import choose_data
from pages.components.frame import escape_markdown
from pages.components.import_notes import CHANGED
from pages.components.small_type import show_muted
from pages.home.browse import browse_folders
from pages.home.map_columns import change_mapping, is_mapping, show_mapping, start_mapping
from pages.home.refusal import forget_refusal, note_refusal, show_refusal
from xray_core.datasets.named import find_typed_folder
from xray_core.errors import DatasetError
from xray_core.paths import find_allowed
from xray_core.registry import add_dataset, find_name
from xray_core.workspace import Workspace, find_workspace

ADDING = "adding"  # whether the dialog for a new folder is open
TRIED = "tried_folder"  # the folder that is to be added, or refused with the reason
CHOSEN = "home_chosen"  # whether Explore is to be opened, now that a dataset was chosen
ICON = ":material/create_new_folder:"


def show_adding() -> None:
    """Show the button under which a folder is named, and the dialogs for it and its columns."""
    workspace = find_workspace()
    if changed := st.session_state.pop(CHANGED, ""):
        start_mapping(Path(changed))
    if tried := st.session_state.pop(TRIED, ""):
        st.session_state[ADDING] = True
        _add(workspace, tried)
    show_mapping(workspace, lambda folder: _choose_added(workspace, folder))
    if is_mapping():
        _forget()  # two dialogs cannot be open
    if st.button("Add a folder", icon=ICON, key="add_folder"):
        st.session_state[ADDING] = True
    if st.session_state.get(ADDING):
        _show_dialog(workspace)


def _forget() -> None:
    st.session_state.pop(ADDING, None)
    forget_refusal()


@st.dialog("Add a folder", width="medium", on_dismiss=_forget)
def _show_dialog(workspace: Workspace) -> None:
    st.caption(
        "Type or paste the path of a folder with images, or of a table in it, or look for it "
        "below. An archive goes into "
        f"{escape_markdown(str(workspace.data))}; Home unpacks it there."
    )
    with st.form("add_dataset", border=False):
        typed = st.text_input("Folder on the machine that runs this app")
        pressed = st.form_submit_button("Add")
    answer = st.container()
    if pressed and typed.strip():
        _add(workspace, typed)
    show_muted("Or look for it:")
    place = browse_folders(workspace)
    if place is not None and st.button(
        f"Add {escape_markdown(place.name)}", key="add_browsed", icon=ICON
    ):
        _add(workspace, str(place))
    with answer:  # last: a button below may have tried a folder
        show_refusal(workspace, lambda root: _choose_added(workspace, root))


def _add(workspace: Workspace, typed: str) -> None:
    """Add a folder, or ask how it is to be read; note what is wrong with it."""
    forget_refusal()
    try:
        folder = find_allowed(find_typed_folder(typed).folder)
    except DatasetError as error:
        note_refusal(None, error)
        return
    try:
        if change_mapping(workspace, folder):
            st.rerun()  # the mapping is changed in a dialog of its own
        add_dataset(workspace, folder)
    except DatasetError as error:
        if start_mapping(folder, error):
            st.rerun()
        note_refusal(folder, error)
        return
    _choose_added(workspace, folder)


def _choose_added(workspace: Workspace, folder: Path) -> None:
    """Make a dataset that was just added that of all pages; Home then opens it in Explore."""
    if name := find_name(workspace, folder):
        choose_data(name)
        st.session_state[CHOSEN] = True
    _forget()
    st.rerun()
