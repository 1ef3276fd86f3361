"""Data on its way into the workspace: archives to unpack, downloads under way, what came of them.

Each is a task in a process of its own. What lies in `data/` is the truth; the task only tells
how it went, so that a reload, a second browser or a killed app changes nothing.
"""

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from xray_core.datasets import READERS
from xray_core.datasets.archives import ArchiveGroup, list_archives
from xray_core.datasets.kaggle import count_fetched
from xray_core.datasets.shelf import find_name
from xray_core.datasets.unpacking import read_progress
from xray_core.home import Home, find_home
from xray_core.jobs.tasks import forget_task, read_task, start_task

TICK = "1s"
UNPACK, DOWNLOAD = "unpack", "download"


def show_archives() -> None:
    """Show what waits or is on its way, if anything; looks again by itself while it is."""
    home = find_home()
    with errors_in_words():
        running = _list_running(home)
    st.fragment(_show_archives, run_every=TICK if running else None)(running)


def start_data_task(home: Home, command: str, name: str) -> None:
    """Start `unpack` or `download` of `name` anew, unless it runs. Raises OSError."""
    task = _task(command, name)
    if read_task(home, task).state != "running":
        forget_task(home, task)  # what an earlier one came to
        start_task(home, task, [command, name])


def _show_archives(running: list[str]) -> None:
    home = find_home()
    _show_arrivals(home)
    # One began or ended: the whole page is out of date. Not before the buttons, or a click on
    # one of them would be lost.
    with errors_in_words():
        changed = _list_running(home) != running
    if changed:
        st.rerun()


def _show_arrivals(home: Home) -> None:
    with errors_in_words():
        groups = {group.name: group for group in list_archives(home)}
        arrivals = [(UNPACK, name) for name, group in groups.items() if group.waiting]
        arrivals += [
            (command, name)
            for command, names in ((UNPACK, groups), (DOWNLOAD, READERS))
            for name in names
            if (command, name) not in arrivals
            and read_task(home, _task(command, name)).state != "missing"
        ]
    if not arrivals:
        return
    with st.container(border=True):
        st.markdown("#### :material/folder_zip: Data on its way")
        if any(group.waiting for group in groups.values()):
            st.caption(
                f"Archives in {escape_markdown(str(home.data))}. Each becomes a dataset folder; "
                "the archive stays until you delete it."
            )
        for command, name in arrivals:
            with errors_in_words():
                _show_arrival(home, command, name, groups.get(name))


def _show_arrival(home: Home, command: str, name: str, group: ArchiveGroup | None) -> None:
    task = read_task(home, _task(command, name))
    waiting = group.waiting if command == UNPACK and group else ()
    words = _in_words(group) if command == UNPACK and group else READERS[name].title
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape_markdown(name)}** · {escape_markdown(words)}", width="stretch")
        if task.state == "running":
            _show_button("Stop", "stop", command, name)
        elif waiting:
            begun = group is not None and read_progress(group) is not None
            label = "Go on" if begun else "Try again" if task.state == "failed" else "Unpack"
            _show_button(label, "play_arrow", command, name)
        else:
            if task.state == "done":
                _show_opening(home, home.data / name)
            elif not (home.data / name).exists():
                _show_button("Try again", "replay", command, name)
            _show_button("Dismiss", "close", command, name)
    if task.state == "running" and command == UNPACK and group:
        _show_unpacking(group)
    elif task.state == "running":
        st.caption(f"Downloading from Kaggle: {_size(count_fetched(name, home))} so far …")
    elif task.state == "failed":
        st.error(escape_markdown(task.reason), icon=":material/error:")
    elif task.state == "done" and not waiting:
        for one in task.result.get("folders", [task.result]):
            _show_result(one)


def _show_opening(home: Home, folder: Path) -> None:
    """Show the button that makes `folder` the dataset of all pages, if it is a dataset."""
    shelf = find_name(home, folder)
    if shelf is not None and st.button("Show it", key=f"show_{folder.name}", type="primary"):
        st.session_state["data"] = shelf
        st.query_params.pop("data", None)
        st.rerun()


def _show_unpacking(group: ArchiveGroup) -> None:
    now = read_progress(group)
    if now is None or not now.total:
        st.progress(0.0, text="Looking into the archives …")
        return
    st.progress(
        min(now.read / now.total, 1.0),
        text=f"{now.n_files:,} files · {now.read / 1e6:,.0f} of {_size(now.total)}",
    )


def _show_result(one: dict[str, Any]) -> None:
    if one["dataset"] is None:
        # Without the list of all that it could have been.
        trouble = one["trouble"].split(" Expected one of")[0]
        st.warning(
            f"It is there, but no dataset that this app can read. {escape_markdown(trouble)}",
            icon=":material/help:",
        )
    else:
        n_files = f"{one['files']:,} files, " if "files" in one else ""
        title = escape_markdown(READERS[one["dataset"]].title)
        st.success(f"{n_files}{title}.", icon=":material/check:")
    for message in one.get("left_out", []):
        st.caption(escape_markdown(message))


def _show_button(label: str, icon: str, command: str, name: str) -> None:
    """Show one button of an arrival; "Stop" and "Dismiss" forget the task, others start it."""
    pressed = st.button(
        label,
        key=f"{label}_{command}_{name}",
        icon=f":material/{icon}:",
    )
    if not pressed:
        return
    home = find_home()
    if label in ("Stop", "Dismiss"):
        forget_task(home, _task(command, name))
    else:
        start_data_task(home, command, name)
    st.rerun()


def _list_running(home: Home) -> list[str]:
    tasks = [_task(UNPACK, group.name) for group in list_archives(home)]
    tasks += [_task(DOWNLOAD, name) for name in READERS]
    return [task for task in tasks if read_task(home, task).state == "running"]


def _task(command: str, name: str) -> str:
    # An archive's name may be of any length and hold anything.
    return f"{command}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:20]}"


def _in_words(group: ArchiveGroup) -> str:
    n_archives, paths = len(group.archives), group.waiting or group.archives
    size = _size(sum(path.stat().st_size for path in paths))
    return (
        f"{n_archives} archives, {size}" if n_archives > 1 else f"{group.archives[0].name}, {size}"
    )


def _size(n_bytes: float) -> str:
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= length:
            return f"{n_bytes / length:,.{unit == 'GB':d}f} {unit}"
    return f"{n_bytes / 1e3:,.0f} kB"
