"""Folders to choose from: what lies in the workspace's data folder and in the allowed roots."""

from pathlib import Path

import streamlit as st

from pages.components.choice_list import Row, choose_row
from pages.components.frame import format_message
from pages.components.small_type import show_muted
from xray_core.errors import DatasetError
from xray_core.paths import find_allowed, lies_in, list_folder, list_roots
from xray_core.workspace import Workspace, find_workspace

PLACE = "browsed_folder"  # where one looks just now; absent above all roots
UP = ".."
N_SHOWN = 100  # folders; more are typed


def browse_folders(workspace: Workspace) -> Path | None:
    """Show the folders of one place, a click leads into one; return the place, None above all."""
    place = st.session_state.get(PLACE)
    if place is None:
        roots = _list_tops(workspace)
        rows = [Row(str(root), root.name, str(root.parent)) for root in roots]
        choose_row("Folders to look into", rows, "", "browse", _enter, marked=False)
        return None
    try:
        folder = find_allowed(Path(place))
        listing = list_folder(folder)
    except DatasetError as error:
        st.error(format_message(error))
        st.session_state.pop(PLACE)
        return None
    names = listing.folders[:N_SHOWN]
    more = len(listing.folders) - len(names)
    show_muted(
        f"{folder}: {len(listing.folders):,} folders, {len(listing.files):,} files"
        + (f"; {more:,} more folders are not shown, type the path" if more else "")
    )
    rows = [Row(UP, "Up", "to the folder above")]
    rows += [Row(str(folder / name), name) for name in names]
    choose_row("Folders to look into", rows, "", "browse", _enter, marked=False)
    return folder


def _enter(chosen: str) -> None:
    """Look into a folder, or above it; what lies in none of the roots is not looked at."""
    tops = _list_tops(find_workspace())
    place = Path(st.session_state.pop(PLACE, ""))
    if chosen == UP and place in tops:
        return
    try:
        real = find_allowed(place.parent if chosen == UP else Path(chosen))
    except DatasetError:
        return  # a browser may send any path
    if any(lies_in(str(real), str(top)) for top in tops):
        st.session_state[PLACE] = str(real)


def _list_tops(workspace: Workspace) -> list[Path]:
    tops = [workspace.data, *list_roots()]
    return list(dict.fromkeys(top.resolve() for top in tops if top.is_dir()))
