"""The dataset chooser in the sidebar, the same on every page."""

from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.map_columns import is_mapping, show_mapping, start_mapping
from xray_core.catalog import Catalog
from xray_core.datasets import fingerprint_dataset, open_dataset, recall_dataset
from xray_core.errors import DatasetError
from xray_core.glossary import explain
from xray_core.paths import find_allowed
from xray_core.registry import (
    N_DEMO_IMAGES,
    add_dataset,
    count_drawn,
    find_name,
    is_drawing_demo,
    list_datasets,
    start_drawing_demo,
)
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import Workspace, find_workspace

ADDING = "adding"  # whether the form for a new folder is open


def choose_dataset() -> Catalog:
    """Show the chooser and return the chosen dataset's catalog, read-only and shared.

    The choice holds on all pages, and stands in the address as `?data=` unless it is the first.
    Where there is no dataset yet, the demo data is drawn and the page waits for it.
    """
    workspace = find_workspace()
    with show_errors():
        known = list_datasets(workspace)
        if not known:
            _draw_demo(workspace)
            st.stop()
    names = list(known)
    wanted = st.query_params.get("data") or st.session_state.get("data")
    if wanted is not None and wanted not in known:
        st.warning(f"There is no dataset {escape_markdown(repr(wanted))} here; showing another.")
    with st.sidebar:
        index = names.index(wanted) if wanted in known else 0
        name = st.selectbox(
            "Dataset", names, index=index, help=f"{explain('dataset')} Kept on every page."
        )
        _show_adding(workspace)
    show_mapping(workspace, lambda folder: _choose_added(workspace, folder))
    st.session_state["data"] = name
    # The first one needs no word in the address: each word is one more step for "Back".
    if st.query_params.get("data", names[0]) != name:
        st.query_params["data"] = name
    with show_errors():
        catalog = open_folder(known[name])
    with st.sidebar:
        if is_synthetic(catalog.root):
            st.info("Synthetic images, no real patients.", icon=":material/draw:")
        for remark in catalog.remarks:
            st.caption(escape_markdown(remark.message))
    return catalog


def open_folder(folder: Path) -> Catalog:
    """Return the catalog of the dataset in a folder as it is now, read-only and shared.

    Raises:
        DatasetError: see `open_dataset`.
        OSError: the disk refuses.
    """
    name, root = recall_dataset(folder)
    fingerprint = fingerprint_dataset(name, root, hurried=True)
    return _open(str(root), str(find_workspace().cache), fingerprint)


# cache_resource: every session reads the same tables, none may change them.
@st.cache_resource(max_entries=8, show_spinner="Reading the dataset …")
def _open(root: str, cache: str, fingerprint: str) -> Catalog:
    return open_dataset(Path(root), Path(cache))


def _show_adding(workspace: Workspace) -> None:
    if is_mapping():
        st.session_state[ADDING] = False  # it would lie over the dialog
    icon = ":material/create_new_folder:"
    with st.popover("Add a dataset folder", icon=icon, key=ADDING, on_change="rerun"):
        st.caption("An archive goes into `data` in the workspace; Home unpacks it there.")
        with st.form("add_dataset", border=False):
            typed = st.text_input("Folder on the machine that runs this app")
            pressed = st.form_submit_button("Add")
        if not pressed or not typed.strip():
            return
        try:
            folder = find_allowed(Path(typed.strip()))
            if start_mapping(workspace, folder):
                st.rerun()  # the columns are chosen in a dialog
            add_dataset(workspace, folder)
        except DatasetError as error:
            st.error(format_message(error))
            return
        _choose_added(workspace, folder)


def _choose_added(workspace: Workspace, folder: Path) -> None:
    st.session_state["data"] = find_name(workspace, folder)
    st.query_params.pop("data", None)
    st.rerun()


def _draw_demo(workspace: Workspace) -> None:
    start_drawing_demo(workspace)
    st.markdown(
        f"**Drawing {N_DEMO_IMAGES} synthetic images, once.** "
        "They look like chest X-rays and show no real patient. About 15 seconds."
    )
    _wait_for_demo()


@st.fragment(run_every="1s")
def _wait_for_demo() -> None:
    workspace = find_workspace()
    if is_synthetic(workspace.demo_data):
        st.rerun()
    st.progress(min(count_drawn(workspace) / N_DEMO_IMAGES, 1.0))
    if not is_drawing_demo(workspace):
        log = workspace.folder / "demo.log"
        words = log.read_text("utf-8", errors="replace").strip() if log.exists() else ""
        if "error:" in words:
            st.error(escape_markdown(words[words.rindex("error:") :]))
