"""The queue: what is running and what waits for its turn, and what may be done about it."""

from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.run_state import show_badge, show_link, show_progress
from pages.components.user import find_user
from pages.runs.outcome import carry_out, close_after, keep_open, leave_fragment_after_action
from pages.runs.queue_settings import show_settings
from xray_core.errors import XrayError
from xray_core.jobs import (
    QueueSettings,
    move_run,
    pause_run,
    queue_view,
    read_settings,
    set_priority,
    stop_run,
    unpause_run,
)
from xray_core.runs import Run
from xray_core.workspace import Workspace

TICK = "1s"
N_SHOWN = 8  # that wait; the others on request
FRONT_PLACES = 10_000  # places: to the very front
OUTSIDE = {"user": "", "priority": 0}  # what the queue says of a run that it does not know


def show_queue(workspace: Workspace, running: list[str]) -> None:
    """Show what runs and waits, looking again by itself, and the limits of the queue.

    Args:
        workspace: the folders.
        running: names of all runs that are running, in the queue or not.
    """
    with show_errors():
        rows, settings = queue_view(workspace).to_dict("records"), read_settings(workspace)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Queue", anchor=False)
        show_settings(workspace, settings)
    names = [row["run"] for row in rows]
    outside = [{**OUTSIDE, "run": name} for name in running if name not in names]
    ticking = TICK if rows or outside else None
    st.fragment(_show_rows, run_every=ticking)(workspace, names, outside)


def _show_rows(workspace: Workspace, known: list[str], outside: list[dict[str, Any]]) -> None:
    leave_fragment_after_action()
    with show_errors():
        rows, settings = queue_view(workspace).to_dict("records"), read_settings(workspace)
    ended = [row["run"] for row in outside if _has_ended(workspace, row["run"])]
    if {row["run"] for row in rows} != set(known) or ended:
        st.rerun()  # one ended or was added: the table below changes too
    running = [row for row in rows if row["state"] != "queued"] + outside
    waiting = [row for row in rows if row["state"] == "queued"]
    st.caption(_describe(running, waiting, settings))
    for row in running:
        _show_running(workspace, row)
    shown = waiting if st.session_state.get("all_waiting") else waiting[:N_SHOWN]
    for row in shown:
        _show_waiting(workspace, row)
    if len(waiting) > N_SHOWN:
        st.toggle(f"Show all {len(waiting)} that wait", key="all_waiting")


def _has_ended(workspace: Workspace, name: str) -> bool:
    try:
        return Run(workspace.runs / name).read_status().has_ended
    except XrayError:
        return False  # its card says what is wrong with it


def _describe(running: list[Any], waiting: list[Any], settings: QueueSettings) -> str:
    if not running and not waiting:
        words = "Nothing runs or waits."
    else:
        words = f"{len(running)} running, {len(waiting)} waiting."
    if settings.paused:
        words += " The queue is paused: what runs goes on, nothing new is started."
    return words


def _show_running(workspace: Workspace, row: dict[str, Any]) -> None:
    run = Run(workspace.runs / row["run"])
    with st.container(border=True, key=f"card_{run.name}"):
        name, state, doing = st.columns([4, 1.3, 5], vertical_alignment="center")
        _show_name(name, run, row)
        try:
            status = run.read_status()
        except XrayError as error:
            doing.caption(format_message(error))
            return
        with state:
            show_badge(status)
        with doing:
            if status.state == "running":
                show_progress(status, with_time=True)
            else:
                st.caption(format_message(status.message) or "It is about to start.")
            keep_open(f"change_{run.name}", "Change", "", "It waits no longer: it has started.")


def _show_waiting(workspace: Workspace, row: dict[str, Any]) -> None:
    run = Run(workspace.runs / row["run"])
    with st.container(border=True, key=f"card_{run.name}"):
        name, state, doing = st.columns([4, 1.3, 5], vertical_alignment="center")
        _show_name(name, run, row)
        with state:
            icon = ":material/pause_circle:" if row["paused"] else ":material/schedule:"
            st.badge("paused" if row["paused"] else "queued", icon=icon, color="gray")
        with doing, st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Waits for {escape_markdown(row['waits_for'])}.", width="stretch")
            # A closed popover costs nothing, and dozens of runs may wait.
            more = st.popover("Change", key=f"change_{run.name}", on_change="rerun")
            if more.open:
                with more:
                    show_waiting_actions(workspace, run, row, f"change_{run.name}")


def _show_name(place: Any, run: Run, row: dict[str, Any]) -> None:
    with place, st.container(gap="xxsmall"):
        show_link(run)
        by = [f"by {escape_markdown(row['user'])}"] if row["user"] else []
        by += [f"priority {row['priority']}"] if row["priority"] else []
        if by:
            st.caption(", ".join(by))


def show_waiting_actions(workspace: Workspace, run: Run, row: dict[str, Any], popover: str) -> None:
    """Show what can be done to a run that waits: order, priority, pause, cancel.

    Args:
        workspace: the folders.
        run: it.
        row: of `queue_view`.
        popover: key of the one in which they stand.
    """
    user = find_user()
    with st.container(horizontal=True):
        for label, icon, places in (
            ("First", "vertical_align_top", -FRONT_PLACES),
            ("Up", "arrow_upward", -1),
            ("Down", "arrow_downward", 1),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{label}_{run.name}",
                on_click=carry_out,
                args=(move_run, run, workspace, places, user),
                disabled=row["paused"],
                help="Among the runs of its user and priority; users take turns.",
            )
    key = f"priority_{run.name}"
    st.number_input(
        "Priority",
        -100,
        100,
        value=int(row["priority"]),
        key=key,
        on_change=lambda: carry_out(set_priority, run, workspace, int(st.session_state[key]), user),
        help="Higher goes first, whoever's it is.",
    )
    with st.container(horizontal=True):
        label, change = ("Go on", unpause_run) if row["paused"] else ("Pause", pause_run)
        icon = "play_arrow" if row["paused"] else "pause"
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"pause_{run.name}",
            on_click=carry_out,
            args=(change, run, workspace, user),
        )
        st.button(
            "Cancel",
            icon=":material/cancel:",
            key=f"cancel_{run.name}",
            on_click=close_after,
            args=(popover, stop_run, run, workspace, user),
            help="Take it out of the queue. Its folder stays, and it can be resumed later.",
        )
