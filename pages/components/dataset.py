"""The dataset in a folder: opened once for all sessions, or drawn where there is none yet."""

from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.catalog import Catalog
from xray_core.datasets import fingerprint_dataset, open_dataset, recall_dataset
from xray_core.registry import (
    N_DEMO_IMAGES,
    count_drawn,
    is_drawing_demo,
    start_drawing_demo,
)
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import Workspace, find_workspace


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


def wait_for_demo(workspace: Workspace) -> None:
    """Draw the demo data, unless that is under way, and show how far it is."""
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
