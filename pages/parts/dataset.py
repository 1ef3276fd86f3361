"""The dataset chooser in the sidebar, the same on every page."""

from pathlib import Path

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.map_columns import is_mapping, show_mapping, start_mapping
from xray_core.catalog import Catalog
from xray_core.datasets import fingerprint_dataset, open_dataset, recall_dataset
from xray_core.datasets.phantom import is_phantom
from xray_core.datasets.shelf import (
    N_DEMO_IMAGES,
    add_dataset,
    count_drawn,
    find_name,
    is_drawing_demo,
    list_datasets,
    start_drawing_demo,
)
from xray_core.errors import DatasetError
from xray_core.home import Home, find_home
from xray_core.paths import find_allowed

ADDING = "adding"  # whether the form for a new folder is open


def choose_dataset() -> Catalog:
    """Show the chooser and return the chosen dataset's catalog, read-only and shared.

    The choice holds on all pages, and stands in the address as `?data=` unless it is the first.
    Where there is no dataset yet, the demo data is drawn and the page waits for it.
    """
    home = find_home()
    with errors_in_words():
        known = list_datasets(home)
        if not known:
            _draw_demo(home)
            st.stop()
    names = list(known)
    wanted = st.query_params.get("data") or st.session_state.get("data")
    if wanted is not None and wanted not in known:
        st.warning(f"There is no dataset {escape_markdown(repr(wanted))} here; showing another.")
    with st.sidebar:
        index = names.index(wanted) if wanted in known else 0
        name = st.selectbox("Dataset", names, index=index, help="Kept on every page.")
        _show_adding(home)
    show_mapping(home, lambda folder: _choose_added(home, folder))
    st.session_state["data"] = name
    # The first one needs no word in the address: each word is one more step for "Back".
    if st.query_params.get("data", names[0]) != name:
        st.query_params["data"] = name
    with errors_in_words():
        catalog = open_folder(known[name])
    with st.sidebar:
        if is_phantom(catalog.root):
            st.info("Drawn films, no real patients.", icon=":material/draw:")
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
    return _open(str(root), str(find_home().cache), fingerprint)


# cache_resource: every session reads the same tables, none may change them.
@st.cache_resource(max_entries=8, show_spinner="Reading the dataset …")
def _open(root: str, cache: str, fingerprint: str) -> Catalog:
    return open_dataset(Path(root), Path(cache))


def _show_adding(home: Home) -> None:
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
            if start_mapping(home, folder):
                st.rerun()  # the columns are chosen in a dialog
            add_dataset(home, folder)
        except DatasetError as error:
            st.error(escape_markdown(str(error)))
            return
        _choose_added(home, folder)


def _choose_added(home: Home, folder: Path) -> None:
    st.session_state["data"] = find_name(home, folder)
    st.query_params.pop("data", None)
    st.rerun()


def _draw_demo(home: Home) -> None:
    start_drawing_demo(home)
    st.markdown(
        f"**Drawing {N_DEMO_IMAGES} demo films, once.** "
        "They look like chest X-rays and show no real patient. About 15 seconds."
    )
    _wait_for_demo()


@st.fragment(run_every="1s")
def _wait_for_demo() -> None:
    home = find_home()
    if is_phantom(home.demo_data):
        st.rerun()
    st.progress(min(count_drawn(home) / N_DEMO_IMAGES, 1.0))
    if not is_drawing_demo(home):
        log = home.folder / "demo.log"
        words = log.read_text("utf-8", errors="replace").strip() if log.exists() else ""
        if "error:" in words:
            st.error(escape_markdown(words[words.rindex("error:") :]))
