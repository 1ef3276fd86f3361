"""The list of runs: the queue as cards that move, and all runs as a table."""

import time

from pages.components.frame import escape_markdown, show_errors
from pages.runs.queue_list import show_queue
from pages.runs.run_table import show_table
from pages.runs.sweep_view import show_sweep_links
from xray_core.jobs import JobQueue, ensure_worker, queue_view
from xray_core.runs.index import run_table
from xray_core.workspace import Workspace, find_workspace

WORKER_START_SECONDS = 10.0  # seconds that a worker may take to start


def show_runs(workspace: Workspace) -> None:
    """Show the queue and every run, and open the one that the user picks."""
    with show_errors():
        runs = run_table(workspace)
    # Those that somebody trains on a command line, past the queue, are running all the same.
    show_queue(workspace, runs.loc[runs["state"] == "running", "name"].tolist())
    show_sweep_links(runs)
    show_table(workspace, runs)


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
    with show_errors():
        queue = queue_view(find_workspace())
    jobs = queue[queue["run"] == name].to_dict("records")
    if not jobs:
        return "It is in no queue, so it will not start. Cancel it, then resume or restart it."
    if jobs[0]["state"] != "queued":
        return "It is about to start."
    return f"It waits for {escape_markdown(jobs[0]['waits_for'])}."
