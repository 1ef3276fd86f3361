"""The list of runs: filters in one line, the table with the queue in it, curves beside it."""

import shutil
import time
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.frame import escape_markdown, show_errors
from pages.components.run_state import format_duration
from pages.components.small_type import show_muted
from pages.components.user import find_user
from pages.runs.bulk import show_bulk
from pages.runs.curves_beside import show_curves
from pages.runs.import_run import show_import
from pages.runs.outcome import format_count
from pages.runs.queue_settings import show_settings
from pages.runs.run_filters import choose_runs, sort_runs
from pages.runs.run_table import COLUMNS, add_now, add_sizes, build_cells, list_rows
from pages.runs.sweep_view import show_sweep_links
from pages.runs.ticks import leave_fragment_after_pick, name_table, pick, read_ticked
from pages.runs.trash import show_trash
from xray_core.errors import RunError
from xray_core.files import format_bytes
from xray_core.jobs import (
    JobQueue,
    ensure_worker,
    estimate_starts,
    queue_view,
    read_settings,
)
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.trash import list_trash
from xray_core.workspace import Workspace, find_workspace

WORKER_START_SECONDS = 10.0  # seconds that a worker may take to start
TICK = "2s"


def _show_nothing() -> None:
    st.info(
        "No training yet. Choose a recipe and start one; the demo takes about a minute.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")


def show_runs(workspace: Workspace) -> None:
    """Show every run, and open the one that the user picks."""
    with show_errors():
        runs = add_now(run_table(workspace), workspace)
        paused = read_settings(workspace).paused
        nothing = runs.empty and not list_trash(workspace)
    if nothing:
        _show_nothing()
        show_import(workspace)
        return
    choice = choose_runs(runs, find_user()) if len(runs) else None
    if paused:
        show_muted("The queue is paused: what runs goes on, nothing new is started.")
    shown = runs
    if choice:
        if choice.with_disk:
            runs = add_sizes(runs, workspace)
            show_muted(_describe_disk_use(workspace, runs))
        shown = sort_runs(runs if choice.passed.all() else runs[choice.passed], choice.order)
    ticked = read_ticked(shown["name"].tolist())
    if choice and shown.empty:
        st.info("No run passes the filters. Take one back.", icon=":material/filter_list_off:")
    elif choice:
        under_way = shown["state"].isin(["running", "queued"]).any()
        states = tuple(zip(runs["name"], runs["state"], runs["waits"], strict=True))
        st.fragment(_show_table, run_every=TICK if under_way else None)(
            workspace, shown, states, ticked, [True]
        )
    with open_bottom_bar():
        if ticked:
            show_bulk(workspace, runs[runs["name"].isin(ticked)], runs)
        else:
            _show_summary(workspace, runs, len(shown))
        if st.button("New run", icon=":material/add:", type="primary"):
            st.switch_page("pages/train.py")


def _show_summary(workspace: Workspace, runs: pd.DataFrame, n_shown: int) -> None:
    states = runs["state"].tolist()
    words = [format_count(n_shown, len(runs))]
    words += [
        f"{states.count(state)} {word}"
        for state, word in (("running", "running"), ("queued", "waiting"))
        if state in states
    ]
    st.markdown(f"**{words[0]}**{''.join(f' · {word}' for word in words[1:])}", width="content")
    st.space("stretch")
    show_settings(workspace)
    show_sweep_links(runs)
    show_import(workspace)
    show_trash(workspace)


def _describe_disk_use(workspace: Workspace, runs: pd.DataFrame) -> str:
    words = f"All {len(runs):,} runs together use {format_bytes(int(runs['disk'].sum()))}"
    with show_errors():
        free = shutil.disk_usage(workspace.folder).free
    return f"{words}; {format_bytes(free)} of the disk are free."


def _show_table(
    workspace: Workspace,
    shown: pd.DataFrame,
    states: tuple[tuple[str, str, str], ...],
    ticked: list[str],
    first: list[bool],
) -> None:
    """Show table and curves; a fragment that looks again by itself while runs are under way.

    Args:
        workspace: the folders.
        shown: the rows, in their order.
        states: of all runs, by which the rest of the page was drawn.
        ticked: names, likewise.
        first: holds something until the page is drawn.
    """
    leave_fragment_after_pick()
    if first:
        first.clear()  # drawn with the page
    else:
        shown = _look_again(workspace, shown, states)
    rows = list_rows(shown)
    left, right = st.columns([2, 1], gap="small")
    with left:
        _show_rows(rows, ticked)
        show_muted("Click a run to open it. Tick runs at their left to compare their curves.")
    with right, st.container(key="stay_curves"):
        show_curves(rows, ticked)


def _look_again(
    workspace: Workspace, shown: pd.DataFrame, states: tuple[tuple[str, str, str], ...]
) -> pd.DataFrame:
    """Return the rows as they are now; draw the whole page where more than progress changed."""
    with show_errors():
        now = add_now(run_table(workspace), workspace)
    if tuple(zip(now["name"], now["state"], now["waits"], strict=True)) != states:
        st.rerun()  # filters, order and what can be done may be others
    fresh = now.set_index("name", drop=False).loc[shown["name"]]
    return fresh.assign(disk=shown["disk"].to_numpy()) if "disk" in shown else fresh


def _show_rows(rows: list[Any], ticked: list[str]) -> None:
    names = [row.name for row in rows]
    key = name_table(names)
    first = {"rows": [names.index(name) for name in ticked], "columns": [], "cells": []}
    st.dataframe(
        build_cells(rows),
        hide_index=True,
        key=key,
        on_select=lambda: pick(key, names),
        selection_mode=["multi-row", "single-cell"],
        selection_default={"selection": first},
        placeholder="–",
        alt="Runs",
        column_config=COLUMNS,
    )


def start_worker_if_needed(workspace: Workspace) -> None:
    """Start a worker if runs wait and none is there: the machine may have been restarted."""
    for job in JobQueue(workspace.queue).list_jobs():
        if job.paused:
            continue
        status = workspace.runs / job.run / "status.json"
        # Whoever submits starts a worker, which takes a moment to be seen.
        if not status.exists() or time.time() - status.stat().st_mtime > WORKER_START_SECONDS:
            ensure_worker(workspace)
            return


def format_queue(name: str) -> str:
    """Return when the queued run `name` will start, for a person."""
    workspace = find_workspace()
    with show_errors():
        queue, settings = queue_view(workspace), read_settings(workspace)
    jobs = queue[queue["run"] == name].to_dict("records")
    if not jobs:
        return "It is in no queue, so it will not start. Cancel it, then resume or restart it."
    if jobs[0]["state"] != "queued":
        return "It is about to start."
    words = f"It waits for {escape_markdown(jobs[0]['waits_for'])}"
    started = queue.loc[queue["state"] == "started", "run"]
    lefts = {run: _read_seconds_left(Run(workspace.runs / run)) for run in started}
    if (seconds := estimate_starts(queue, settings, lefts).get(name)) is not None:
        words += f" and starts in about {format_duration(seconds)}"
    return f"{words}."


def _read_seconds_left(run: Run) -> float | None:
    try:
        return run.read_status().seconds_left
    except RunError:  # its own page says what is wrong
        return None
