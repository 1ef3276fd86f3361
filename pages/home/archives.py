"""Data on its way into the workspace: archives to unpack, downloads under way, what came of them.

Each is a process of its own. What lies in `data/` is the truth; the process only tells
how it went, so that a reload, a second browser or a killed app changes nothing.
"""

import hashlib
from pathlib import Path

import streamlit as st

from pages.components.context import choose_data
from pages.components.frame import escape_markdown, show_errors
from pages.home.add_dataset import CHOSEN, TRIED
from pages.home.arrival_progress import show_coming, show_result, show_unpacking
from xray_core.archives.groups import ArchiveGroup, list_archives
from xray_core.archives.unpacking import read_progress
from xray_core.datasets import READERS
from xray_core.datasets.reader import Reader
from xray_core.downloads.authors import forget_begun, read_begun
from xray_core.downloads.kaggle import count_fetched
from xray_core.files import format_bytes
from xray_core.jobs.background import (
    forget_background,
    read_background,
    start_background,
)
from xray_core.registry import find_name
from xray_core.workspace import Workspace, find_workspace

TICK = "1s"
# What brings data: unpacking an archive, a download from Kaggle, one from the dataset's authors.
UNPACK, DOWNLOAD, AUTHORS = "unpack", "download", "authors"


def show_archives() -> None:
    """Show what waits or is on its way, if anything; looks again by itself while it is."""
    workspace = find_workspace()
    with show_errors():
        running = _list_running(workspace)
    st.fragment(_show_archives, run_every=TICK if running else None)(running)


def start_arrival(workspace: Workspace, command: str, name: str) -> None:
    """Start what brings `name` anew, unless it runs: of its authors' archives those begun.

    Raises OSError.
    """
    process = _process_name(command, name)
    if read_background(workspace, process).state != "running":
        forget_background(workspace, process)  # what an earlier one came to
        arguments = [command, name]
        if command == AUTHORS:
            begun = ",".join(read_begun(name, workspace))
            arguments = [DOWNLOAD, name, "--archives", begun]
        start_background(workspace, process, arguments)


def _show_archives(running: list[str]) -> None:
    workspace = find_workspace()
    _show_arrivals(workspace)
    # One began or ended: the whole page is out of date. Not before the buttons, or a click on
    # one of them would be lost.
    with show_errors():
        changed = _list_running(workspace) != running
    if changed:
        st.rerun()


def _show_arrivals(workspace: Workspace) -> None:
    with show_errors():
        groups = {group.name: group for group in list_archives(workspace)}
        coming = _find_coming(workspace, groups)
        arrivals = [
            (UNPACK, name)
            for name, group in groups.items()
            if group.waiting and group not in coming.values()
        ]
        arrivals += [
            (command, name)
            for command, names in ((UNPACK, groups), (DOWNLOAD, READERS), (AUTHORS, _with_files()))
            for name in names
            if (command, name) not in arrivals
            and (
                read_background(workspace, _process_name(command, name)).state != "missing"
                or (command == AUTHORS and read_begun(name, workspace))
            )
        ]
    if not arrivals:
        return
    with st.container(border=True):
        st.markdown("#### :material/folder_zip: Data on its way")
        if any(group.waiting for group in groups.values()):
            st.caption(
                f"Archives in {escape_markdown(str(workspace.data))}. "
                "Each becomes a dataset folder; "
                "the archive stays until you delete it."
            )
        for command, name in arrivals:
            with show_errors():
                group = coming.get(name) if command == AUTHORS else groups.get(name)
                _show_arrival(workspace, command, name, group)


def _find_coming(
    workspace: Workspace, groups: dict[str, ArchiveGroup]
) -> dict[str, ArchiveGroup | None]:
    """Return the datasets whose authors' archives come now, with the group that they join."""
    return {
        name: next(
            (
                group
                for group in groups.values()
                if {path.name for path in group.archives} & {file.name for file in reader.files}
            ),
            None,
        )
        for name, reader in _with_files().items()
        if read_background(workspace, _process_name(AUTHORS, name)).state == "running"
    }


def _with_files() -> dict[str, Reader]:
    """Return the readers whose datasets' authors publish their files one by one."""
    return {name: reader for name, reader in READERS.items() if reader.files}


def _show_arrival(
    workspace: Workspace, command: str, name: str, group: ArchiveGroup | None
) -> None:
    if command == UNPACK and group and group.refusal:
        st.info(escape_markdown(group.refusal), icon=":material/inventory_2:")
        return
    process = read_background(workspace, _process_name(command, name))
    waiting = group.waiting if command == UNPACK and group else ()
    words = _format(group) if command == UNPACK and group else READERS[name].title
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape_markdown(name)}** · {escape_markdown(words)}", width="stretch")
        if process.state == "running":
            _show_button("Stop", "stop", command, name)
        elif command == AUTHORS and read_begun(name, workspace):
            _show_button("Go on", "play_arrow", command, name)
            _show_button("Delete", "delete", command, name)
        elif waiting:
            begun = group is not None and read_progress(group) is not None
            label = "Go on" if begun else "Try again" if process.state == "failed" else "Unpack"
            _show_button(label, "play_arrow", command, name)
        else:
            if process.state == "done":
                folder = process.result.get("folder", "") if command == AUTHORS else name
                _show_opening(workspace, workspace.data / folder)
            elif command != AUTHORS and not (workspace.data / name).exists():
                _show_button("Try again", "replay", command, name)
            _show_button("Dismiss", "close", command, name)
    if process.state == "running" and command == AUTHORS:
        show_coming(process, group)
    elif process.state == "running" and command == UNPACK and group:
        show_unpacking(group)
    elif process.state == "running":
        fetched = format_bytes(count_fetched(name, workspace))
        st.caption(f"Downloading from Kaggle: {fetched} so far …")
    elif process.state == "failed":
        st.error(escape_markdown(process.reason), icon=":material/error:")
    elif process.state == "done" and not waiting:
        for result in process.result.get("folders", [process.result]):
            show_result(result)


def _show_opening(workspace: Workspace, folder: Path) -> None:
    """Show the button that opens the dataset in `folder`, or asks how to read it."""
    registry = find_name(workspace, folder)
    if registry is not None:
        if st.button("Show it", key=f"show_{folder.name}"):
            choose_data(registry)
            st.session_state[CHOSEN] = True
            st.rerun()
    elif folder.is_dir() and st.button("Say how to read it", key=f"how_{folder.name}"):
        st.session_state[TRIED] = str(folder)
        st.rerun()


def _show_button(label: str, icon: str, command: str, name: str) -> None:
    """Show one button of an arrival.

    "Stop" and "Dismiss" forget the process, "Delete" what has come as well; others start it.
    """
    pressed = st.button(
        label,
        key=f"{label}_{command}_{name}",
        icon=f":material/{icon}:",
    )
    if not pressed:
        return
    workspace = find_workspace()
    if label in ("Stop", "Dismiss", "Delete"):
        forget_background(workspace, _process_name(command, name))
        if label == "Delete":
            forget_begun(name, workspace)
    else:
        start_arrival(workspace, command, name)
    st.rerun()


def _list_running(workspace: Workspace) -> list[str]:
    processes = [_process_name(UNPACK, group.name) for group in list_archives(workspace)]
    processes += [_process_name(DOWNLOAD, name) for name in READERS]
    processes += [_process_name(AUTHORS, name) for name in _with_files()]
    return [
        process for process in processes if read_background(workspace, process).state == "running"
    ]


def _process_name(command: str, name: str) -> str:
    # An archive's name may be of any length and hold anything.
    return f"{command}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:20]}"


def _format(group: ArchiveGroup) -> str:
    n_archives, paths = len(group.archives), group.waiting or group.archives
    size = format_bytes(sum(path.stat().st_size for path in paths))
    return (
        f"{n_archives} archives, {size}" if n_archives > 1 else f"{group.archives[0].name}, {size}"
    )
