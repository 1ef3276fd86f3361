"""What the machine is doing now, and the newest runs."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.frame import format_message, show_errors
from pages.components.run_state import ICONS, show_badge, show_link, show_progress
from pages.runs.run_list import format_queue
from xray_core.errors import RunError
from xray_core.files import parse_time
from xray_core.jobs import JobQueue, worker_is_running
from xray_core.runs import Run, Status, list_runs
from xray_core.runs.index import list_running
from xray_core.workspace import find_workspace

N_NEWEST = 5
BUSY, QUIET = "2s", "15s"  # how often to look again


def show_activity() -> None:
    """Show queue, worker and newest runs; looks again by itself."""
    workspace = find_workspace()
    with show_errors():
        busy = bool(
            JobQueue(workspace.queue).list_jobs() or list_running(list_runs(workspace.runs))
        )
    st.fragment(_show_activity, run_every=BUSY if busy else QUIET)()


def _show_activity() -> None:
    workspace = find_workspace()
    with show_errors():
        jobs = JobQueue(workspace.queue).list_jobs()
        runs = list_runs(workspace.runs)
        worker = worker_is_running(workspace)
    st.subheader("Trainings", anchor=False)
    if not runs:
        st.info("No training yet; the demo takes about a minute.", icon=":material/model_training:")
        return
    waiting = sum(job.state == "queued" for job in jobs)
    started = {job.run for job in jobs if job.state != "queued"}
    # Those that somebody trains on a command line, past the queue, are running all the same.
    running = len(started.union(list_running(runs)))
    words = f"{running} running, {waiting} waiting" if running or jobs else "Nothing is running"
    idle = " No worker is running; the Runs page starts one." if jobs and not worker else ""
    st.caption(f"{words}; {len(runs):,} run{'s' * (len(runs) != 1)} in all.{idle}")
    for run in runs[:N_NEWEST]:
        _show_run(run)


def _show_run(run: Run) -> None:
    name, state, doing = st.columns([4, 1.3, 5], vertical_alignment="center")
    with name:
        show_link(run)
    try:
        status = run.read_status()
    except RunError as error:
        doing.caption(format_message(error))
        return
    with state:
        if status.state in ICONS:
            show_badge(status)
    with doing:
        if status.state == "running":
            show_progress(status)
        elif status.state == "queued":
            st.caption(format_queue(run.name))
        else:
            st.caption(format_message(f"{_ended(status)}: {status.message}"))


def _ended(status: Status) -> str:
    written = parse_time(status.ended_at or status.updated_at)
    if written is None:
        return "Ended"
    seconds = (datetime.now(UTC) - written).total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return "Just now"
