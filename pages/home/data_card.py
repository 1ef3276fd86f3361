"""The datasets of the workspace, each a click away, and how to add one."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.components.choice_list import Row, choose_row
from pages.components.context import choose_data
from pages.components.frame import show_errors
from pages.components.small_type import show_muted, show_section
from pages.home.add_dataset import CHOSEN, TRIED, show_adding
from pages.home.join_datasets import show_joining
from xray_core.audit.issue import count_of
from xray_core.datasets import READERS, recall_dataset
from xray_core.datasets.counts import ImageCount, recall_counts
from xray_core.errors import DatasetError
from xray_core.registry import list_datasets, list_waiting
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import Workspace, find_workspace

WAITING = "waiting:"  # before the name of a folder that is no dataset yet
N_SHOWN = 4  # the others on request


def show_data(data: str) -> None:
    """Show the datasets; a click makes one that of all pages and opens it in Explore.

    Args:
        data: name of the chosen one.
    """
    if st.session_state.pop(CHOSEN, False):
        st.switch_page("pages/explore.py")
    workspace = find_workspace()
    with show_errors():
        known = list_datasets(workspace)
        counts = recall_counts(workspace.cache)
    show_section("The datasets", f"{len(known)} here" if known else "")
    if not known:
        show_muted("The demo data is being drawn: synthetic images, no real patients.")
    rows = [*_list_waiting(workspace), *_list_rows(known, counts, data)]
    shown = rows if st.session_state.get("all_datasets") else rows[:N_SHOWN]
    choose_row("Datasets", shown, "", "home_datasets", _open, marked=False)
    if len(rows) > N_SHOWN:
        st.toggle(f"Show all {len(rows)} datasets", key="all_datasets")
    with st.container(horizontal=True, gap="small"):
        show_adding()
        show_joining()


def _list_rows(
    known: Mapping[str, Path], counts: Mapping[Path, ImageCount], data: str
) -> list[Row]:
    """Return a row for each dataset."""
    rows = []
    for name, root in known.items():
        try:
            title = READERS[recall_dataset(root)[0]].title
        except (DatasetError, OSError):
            title = "cannot be read"
        if is_synthetic(root):
            title = "synthetic, no real patients"
        n_images, absent = _describe(counts[root]) if root in counts else ("", "")
        notes = [absent, "chosen" if name == data else ""]
        rows.append(Row(name, name, title, n_images, ", ".join(filter(None, notes))))
    return rows


def _describe(count: ImageCount) -> tuple[str, str]:
    """Return how many images are here, and how many there should be where some are absent."""
    of_all = f"of {count.images:,} are here" if count.present < count.images else ""
    return count_of(count.present, "image"), of_all


def _list_waiting(workspace: Workspace) -> list[Row]:
    """Return a row for each folder that is no dataset yet: who put it there looks for it here."""
    words = "waits to be mapped: say how to read it"
    return [
        Row(f"{WAITING}{name}", name, words, "not read yet") for name in list_waiting(workspace)
    ]


def _open(name: str) -> None:
    """Open a dataset, or ask how a folder is to be read; a browser may send any word."""
    with show_errors():
        known = list_datasets(find_workspace())
    if name.startswith(WAITING):
        folder = list_waiting(find_workspace()).get(name.removeprefix(WAITING))
        st.session_state[TRIED] = str(folder or "")
    elif name in known:
        choose_data(name)
        st.session_state[CHOSEN] = True
