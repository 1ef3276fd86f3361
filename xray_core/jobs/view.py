"""The queue as a table for people: who runs, who waits, and what for."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from xray_core.jobs.order import Job, order_waiting
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.settings import QueueSettings, read_settings
from xray_core.workspace import Workspace

COLUMNS = ["run", "user", "state", "priority", "paused", "position", "waits_for"]


def queue_view(workspace: Workspace) -> pd.DataFrame:
    """Return one row for each run that has not ended: those started, those that wait, the paused.

    Returns:
        run, user, state ("queued" or "started"), priority, paused, position (Int64: from 1 in
        the order of their start; missing for the others) and waits_for (words; "" once started).

    Raises:
        JobError: the queue or its settings cannot be used.
    """
    jobs, turns = JobQueue(workspace.queue).read()
    settings = read_settings(workspace)
    running = Counter(job.user for job in jobs if job.state == "started")
    order = order_waiting(jobs, turns)
    places = {job.run: place for place, job in enumerate(order, start=1)}
    paused = [job for job in jobs if job.state == "queued" and job.paused]
    shown = [*(job for job in jobs if job.state == "started"), *order, *paused]
    rows = [
        (
            job.run,
            job.user,
            job.state,
            job.priority,
            job.paused,
            places.get(job.run),
            _waits_for(job, places.get(job.run), running[job.user], settings),
        )
        for job in shown
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"position": "Int64"})


def estimate_starts(
    queue: pd.DataFrame, settings: QueueSettings, seconds_left: Mapping[str, float | None]
) -> dict[str, float]:
    """Return in how many seconds the next runs start: each takes the place of one that ends.

    Of those further back nobody can say, nor of any while the queue is paused or a limit for each
    user may let others go first.

    Args:
        queue: as `queue_view` returns.
        settings: of the queue.
        seconds_left: of each run that was started, by its name; None where that is not known yet.
    """
    if settings.paused or settings.per_user is not None:
        return {}
    lefts = [seconds_left.get(run) for run in queue.loc[queue["state"] == "started", "run"]]
    known = sorted(left for left in lefts if left is not None)
    if len(known) < len(lefts):
        return {}
    waiting = queue[queue["position"].notna()].sort_values("position")["run"]
    return dict(zip(waiting, known, strict=False))


def _waits_for(job: Job, place: int | None, running: int, settings: QueueSettings) -> str:
    if job.state == "started":
        return ""
    if job.paused:
        return "somebody to lift its pause"
    if settings.paused:
        return "somebody to lift the pause of the queue"
    if settings.per_user is not None and running >= settings.per_user:
        return f"another run of {job.user or 'its user'} to end: {running} at once are allowed"
    before = (place or 1) - 1
    if not before:
        return "the next free slot"
    return f"{before} run{'s' * (before > 1)} before it"
