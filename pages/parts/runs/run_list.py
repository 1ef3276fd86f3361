"""The list of runs: the queue as cards that move, and all runs as a table."""

import time

from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.runs.group_view import show_group_links
from pages.parts.runs.queue_list import show_queue
from pages.parts.runs.run_table import show_table
from xray_core.home import Home, find_home
from xray_core.jobs import JobQueue, ensure_worker, queue_view
from xray_core.run_shelf import run_table

GRACE = 10.0  # seconds that a worker may take to start


def show_runs(home: Home) -> None:
    """Show the queue and every run, and open the one that the user picks."""
    with errors_in_words():
        runs = run_table(home)
    # Those that somebody trains on a command line, past the queue, are running all the same.
    show_queue(home, runs.loc[runs["state"] == "running", "name"].tolist())
    show_group_links(runs)
    show_table(home, runs)


def wake_worker(home: Home) -> None:
    """Start a worker if runs wait and none is there: the machine may have been restarted."""
    for job in JobQueue(home.queue).list_jobs():
        if job.paused:
            continue
        status = home.runs / job.run / "status.json"
        # Whoever submits starts a worker, which takes a moment to be seen.
        if not status.exists() or time.time() - status.stat().st_mtime > GRACE:
            ensure_worker(home)
            return


def queue_in_words(name: str) -> str:
    """Return when the queued run `name` will start, for a person."""
    with errors_in_words():
        queue = queue_view(find_home())
    found = queue[queue["run"] == name].to_dict("records")
    if not found:
        return "It is in no queue, so it will not start. Cancel it, then resume or restart it."
    if found[0]["state"] != "queued":
        return "It is about to start."
    return f"It waits for {escape_markdown(found[0]['waits_for'])}."
