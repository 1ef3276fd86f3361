"""What the machine is doing now, and what came of the newest runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.choice_list import Row, choose_row
from pages.components.frame import show_errors
from pages.components.run_state import format_duration, format_progress, progress_share
from pages.components.small_type import show_muted, show_section
from xray_core.errors import RunError
from xray_core.files import parse_time, read_json
from xray_core.jobs import JobQueue, queue_view, worker_is_running
from xray_core.recipes.titles import use_titles
from xray_core.runs import Run, Status, list_runs
from xray_core.runs.index import list_running
from xray_core.runs.opening import is_open, needs_opening
from xray_core.workspace import Workspace, find_workspace

N_SHOWN = 3  # rows in a card
BUSY, QUIET = "2s", "15s"  # how often to look again
OPENED = "home_run"  # (page, run) that was clicked
FRESH = "home_fresh"  # what is going on, for the first look of the fragment


def show_running() -> list[str]:
    """Show what runs and waits, with its progress, looking again by itself; return its names."""
    if opened := st.session_state.pop(OPENED, None):
        st.switch_page(f"pages/{opened[0]}.py", query_params={"run": opened[1]})
    with show_errors():
        rows = st.session_state[FRESH] = _list_going_on(find_workspace())
    names = [row["run"] for row in rows]
    st.fragment(_show_running, run_every=BUSY if names else QUIET)(names)
    return names


def _show_running(known: list[str]) -> None:
    workspace = find_workspace()
    with show_errors():
        rows = st.session_state.pop(FRESH, None)  # the page itself has just looked
        rows = _list_going_on(workspace) if rows is None else rows
        worker = worker_is_running(workspace)
    if [row["run"] for row in rows] != known or OPENED in st.session_state:
        st.rerun()  # one began or ended: the results beside it change, too; or one was clicked
    waiting = sum(row["state"] == "queued" for row in rows)
    show_section("Running now", f"{len(rows) - waiting} running, {waiting} waiting")
    if not rows:
        show_muted("Nothing runs. What you start is shown here, with its progress.")
        return
    if waiting and not worker:
        show_muted("No worker is running; the Runs page starts one.")
    shown = [_describe_running(Run(workspace.runs / row["run"]), row) for row in rows[:N_SHOWN]]
    choose_row("Runs that run or wait", shown, "", "home_running", _watch, marked=False)
    if len(rows) > N_SHOWN:
        st.page_link("pages/runs.py", label=f"All {len(rows)} on the Runs page")


def _list_going_on(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what runs, in the queue or past it, and then what waits; rows as of `queue_view`."""
    queue: list[dict[str, Any]] = []
    if JobQueue(workspace.queue).list_jobs():  # a table costs ten times as much
        queue = queue_view(workspace).to_dict("records")
    known = {row["run"] for row in queue}
    # Those that somebody trains on a command line, past the queue, are running all the same.
    outside = [name for name in list_running(list_runs(workspace.runs)) if name not in known]
    return [*({"run": name, "state": "started"} for name in outside), *queue]


def _describe_running(run: Run, row: dict[str, Any]) -> Row:
    if row["state"] == "queued":
        return Row(run.name, _nickname(run), f"waits for {row['waits_for']}")
    try:
        status = run.read_status()
    except RunError as error:
        return Row(run.name, _nickname(run), use_titles(str(error)))
    left = "" if status.seconds_left is None else f"{format_duration(status.seconds_left)} left"
    share = progress_share(status)
    words = use_titles(format_progress(status)) or "It is about to start."
    return Row(run.name, _nickname(run), words, f"{share:.0%}", left, share=share)


def show_results(going_on: Sequence[str]) -> None:
    """Show what came of the newest runs that have ended; those `going_on` stand elsewhere."""
    workspace = find_workspace()
    with show_errors():
        every = list_runs(workspace.runs)
    runs = [run for run in every if run.name not in going_on]
    n_runs = len(every)
    show_section("Last results", f"{n_runs:,} run{'s' * (n_runs != 1)} in all" if n_runs else "")
    if not runs:
        show_muted("No result yet: start your first network above, it takes about a minute.")
        return
    shown = [_describe_ended(run) for run in runs[:N_SHOWN]]
    choose_row("Newest runs that have ended", shown, "", "home_results", _evaluate, marked=False)
    if len(runs) > N_SHOWN:
        st.page_link("pages/runs.py", label=f"All {len(runs):,} on the Runs page")


def _describe_ended(run: Run) -> Row:
    try:
        status = run.read_status()
    except RunError as error:
        return Row(run.name, _nickname(run), use_titles(str(error)), mark="warning")
    if status.state == "queued":
        return Row(run.name, _nickname(run), "is in no queue, so it will not start; open it")
    note = f"{status.state} {_ended(status)}"
    if status.state != "done":
        return Row(run.name, _nickname(run), f"{note}: {use_titles(status.message)}")
    path = run.folder / "report.json"
    value, value_note = ("", "")
    if path.exists():
        opened = is_open(run, find_workspace())
        value, value_note = _read_figure(path, path.stat().st_mtime_ns, opened)
    return Row(run.name, _nickname(run), note, value, value_note)


@lru_cache(maxsize=64)
def _read_figure(path: Path, written: int, opened: bool) -> tuple[str, str]:
    """Return accuracy, mean AUC or Dice, its interval, and of what it is; "" where none is."""
    try:
        report = read_json(path)
        if needs_opening(report) and not opened:
            report = report["validation"]
        if report.get("masks"):
            dice = report["metrics"]["dice"]
            value, low, high = (float(dice[name]) for name in ("value", "low", "high"))
            words = f"Dice {value:.3f} ({low:.3f} to {high:.3f})"
        elif report.get("multilabel"):
            area = report["metrics"]["auc"]
            value, low, high = (float(area[name]) for name in ("value", "low", "high"))
            words = f"AUC {value:.2f} ({low:.2f} to {high:.2f})"
        else:
            accuracy = report["metrics"]["accuracy"]
            value, low, high = (100 * float(accuracy[name]) for name in ("value", "low", "high"))
            words = f"{value:.0f}% right ({low:.0f} to {high:.0f})"
        return words, f"{report['subset']} set, n = {int(report['n']):,}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", ""  # the run's own page says what is wrong with it


def _nickname(run: Run) -> str:
    try:
        return run.read_nickname()
    except RunError:
        return run.name


def _watch(name: str) -> None:
    st.session_state[OPENED] = ("runs", name)


def _evaluate(name: str) -> None:
    """Open the result of a run; of one that has none its own page, which says why."""
    with_report = (find_workspace().runs / Path(name).name / "report.json").exists()
    st.session_state[OPENED] = ("evaluate" if with_report else "runs", name)


def _ended(status: Status) -> str:
    written = parse_time(status.ended_at or status.updated_at)
    seconds = (datetime.now(UTC) - written).total_seconds() if written else 0.0
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"
