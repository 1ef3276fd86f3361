"""What a user does to submitted runs: stop, resume, restart, pause, put before others.

Each change is written to the run folder, which is the truth, and to the queue, in one go: nobody
else changes a run meanwhile.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xray_core.errors import JobError, RunError, XrayError
from xray_core.files import utc_now
from xray_core.jobs.attempts import forget_attempts
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.submit import check_priority, submit_recipe
from xray_core.jobs.worker import ensure_worker
from xray_core.runs import Run, Submission
from xray_core.runs.origin import read_origin
from xray_core.workspace import Workspace


def stop_run(run: Run, workspace: Workspace, by: str = "") -> str:
    """Stop a run, queued or running; return in words what happens now.

    A training stops after its present batch and keeps what it learned; one that does not heed is
    ended by the worker. Either can be resumed.

    Raises:
        XrayError: the queue cannot be used, or the run's status is damaged.
    """
    queue = JobQueue(workspace.queue)
    with queue.changing():
        status = run.read_stored_status()
        if status.has_ended:
            return f"{run.name} has ended already: {status.state}."
        if not run.stop_path.exists():
            run.request_stop()
            run.append_event("stopping", "Stopping after the present batch.", by)
        cancelled = queue.cancel(run.name)
        started = not cancelled and queue.find(run.name) is not None
        if cancelled or (status.state == "queued" and not started):
            began = bool(status.started_at)
            message = "Taken out of the queue." if began else "Cancelled before it began."
            run.append_event("cancelled", message, by)
            run.write_status(replace(status, state="stopped", message=message, ended_at=utc_now()))
            return f"{run.name} is out of the queue."
    if started:
        ensure_worker(workspace)  # it sees to it that the training heeds
    return f"{run.name} stops after its present batch; what it learned so far is kept."


def can_resume(run: Run) -> bool:
    """Whether `resume_run` would let the run go on: it has ended, but is not done."""
    try:
        status = run.read_status()
    except RunError:
        return False
    return status.has_ended and status.state != "done"


def resume_run(run: Run, workspace: Workspace, by: str = "") -> str:
    """Queue a run again that was stopped, failed or lost; return in words what happens now.

    It goes on from its last checkpoint, or from the beginning if it has none.

    Raises:
        JobError: the run is done, or is just being stopped, or the queue cannot be used.
    """
    queue = JobQueue(workspace.queue)
    with queue.changing():
        status = run.read_status()
        if status.state == "done":
            raise JobError(f"{run.name} is done; there is nothing to go on with. Restart it.")
        if not run.read_stored_status().has_ended:
            if run.stop_path.exists():
                raise JobError(f"{run.name} is just being stopped. Try again in a moment.")
            if not status.has_ended or queue.find(run.name):
                return f"{run.name} is under way already, or goes on by itself."
        wish = replace(_read_wish(run), paused=False, rank=queue.next_rank())
        run.stop_path.unlink(missing_ok=True)
        forget_attempts(run)
        run.write_submission(wish)
        here = "its last checkpoint" if run.last_checkpoint.is_file() else "the beginning"
        run.append_event("resumed", f"Queued again; it goes on from {here}.", by)
        run.write_status(
            replace(
                status,
                state="queued",
                message=f"Waiting for its turn; it goes on from {here}.",
                handle="",
                ended_at="",
            )
        )
        queue.requeue(run.name, wish)
    ensure_worker(workspace)
    return f"{run.name} is queued again; it goes on from {here}."


def restart_run(run: Run, workspace: Workspace, by: str = "") -> Run:
    """Submit the recipe of a run once more, on the same data; return the new run.

    Raises:
        XrayError: see `submit_recipe`; or nothing was trained here.
    """
    if origin := read_origin(run):
        raise JobError(f"{origin.words}: no training here has made it that could be repeated.")
    recipe, wish = run.read_recipe(), _read_wish(run)
    folder = Path(recipe.data_folder)
    return submit_recipe(
        recipe, folder, workspace, by or wish.user, wish.priority, wish.gpus, wish.sweep
    )


def pause_run(run: Run, workspace: Workspace, by: str = "") -> str:
    """Let a run that waits be passed over from now on; return in words what happens.

    Raises:
        JobError: it does not wait, or the queue cannot be used.
    """
    return _set_paused(run, workspace, True, by)


def unpause_run(run: Run, workspace: Workspace, by: str = "") -> str:
    """Let a paused run wait for its turn again; return in words what happens.

    Raises:
        JobError: it does not wait, or the queue cannot be used.
    """
    said = _set_paused(run, workspace, False, by)
    ensure_worker(workspace)
    return said


def _set_paused(run: Run, workspace: Workspace, paused: bool, by: str) -> str:
    queue = JobQueue(workspace.queue)
    with queue.changing():
        if _waiting(run, queue.read()[0]).paused != paused:
            run.write_submission(replace(_read_wish(run), paused=paused))
            words = "Passed over until somebody lifts the pause." if paused else "It waits again."
            run.append_event("paused" if paused else "unpaused", words, by)
            queue.set_paused(run.name, paused)
    return f"{run.name} " + ("is paused." if paused else "waits for its turn again.")


def set_priority(run: Run, workspace: Workspace, priority: int, by: str = "") -> str:
    """Change the priority of a run that waits, -100 to 100; return in words what happens.

    Raises:
        JobError: it does not wait, the number is out of bounds, or the queue cannot be used.
    """
    queue = JobQueue(workspace.queue)
    with queue.changing():
        before = _waiting(run, queue.read()[0]).priority
        if check_priority(priority) != before:
            run.write_submission(replace(_read_wish(run), priority=priority))
            run.append_event("moved", f"Its priority is {priority} now, it was {before}.", by)
            queue.set_priority(run.name, priority)
    return f"{run.name} has priority {priority}."


def move_run(run: Run, workspace: Workspace, places: int, by: str = "") -> str:
    """Move a run among those that wait, of its user and priority; return in words what happens.

    Before another user's runs it cannot be moved: users take turns.

    Args:
        run: one that waits.
        workspace: the folders.
        places: how far; negative is up. Beyond the end is the end.
        by: who asked.

    Raises:
        JobError: it does not wait, or the queue cannot be used.
    """
    queue = JobQueue(workspace.queue)
    with queue.changing():
        # One look: a worker may start any of them meanwhile.
        jobs, _ = queue.read()
        mine = _waiting(run, jobs)
        equals = [
            job
            for job in jobs
            if (job.state, job.user, job.priority) == ("queued", mine.user, mine.priority)
        ]
        before = equals.index(mine)
        after = min(max(before + places, 0), len(equals) - 1)
        moved = [job for job in equals if job != mine]
        moved.insert(after, mine)
        ranks = {new.run: old.rank for new, old in zip(moved, equals, strict=True) if new != old}
        for name, rank in ranks.items():
            other = Run(workspace.runs / name)
            if other.folder.is_dir():
                other.write_submission(replace(_read_wish(other), rank=rank))
        if ranks:
            queue.set_ranks(ranks)
            run.append_event("moved", f"From place {before + 1} to {after + 1}.", by)
    return f"{run.name} is number {after + 1} of {len(equals)} runs of its user and priority."


def _waiting(run: Run, jobs: Sequence[Job]) -> Job:
    """Return the job of a run that waits, of all there are. Raises JobError if it does not."""
    job = next((job for job in jobs if job.run == run.name), None)
    if job is None or job.state != "queued":
        state = "has been started" if job else "is not in the queue"
        raise JobError(f"{run.name} {state}; only a run that waits can be moved or paused.")
    return job


def _read_wish(run: Run) -> Submission:
    try:
        return run.read_submission()
    except XrayError:
        return Submission()  # damaged: its place is lost, and nothing else
