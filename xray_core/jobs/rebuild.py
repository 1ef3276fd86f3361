"""Rebuilding the queue from the run folders: what waits and what runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from xray_core.errors import RunError
from xray_core.jobs.attempts import read_attempt
from xray_core.jobs.launchers import launcher_of
from xray_core.jobs.order import Job
from xray_core.runs import Run, Submission, list_runs


def find_jobs(runs_folder: Path) -> list[Job]:
    """Return the job of every run that was submitted and has not ended."""
    jobs = (find_job(run) for run in list_runs(runs_folder))
    return [job for job in jobs if job]


def find_job(run: Run) -> Job | None:
    """Return the job that a run folder asks for, or None if it asks for none.

    None, too, for a run that nobody submitted: somebody trains it on a command line.
    """
    if not run.holds("submission.json"):
        return None
    try:
        status = run.read_stored_status()
    except RunError:
        return None  # nobody can tell whether it has ended
    if status.has_ended:
        return None
    try:
        wish = run.read_submission()
    except RunError:
        wish = Submission()  # it loses its place, and nothing else
    attempt = read_attempt(run)
    running = status.state == "running"
    handle = status.handle if running else attempt.handle
    # One whose process has just begun has not said "running" yet.
    started = running or (handle != "" and launcher_of(handle).is_alive(handle))
    return Job(
        run.name,
        state="started" if started else "queued",
        handle=handle if started else "",
        user=wish.user,
        priority=wish.priority,
        rank=wish.rank,
        paused=wish.paused,
        gpus=wish.gpus,
        interrupted=not started and attempt.handle != "",
        devices=attempt.devices if started else "",
    )


def keep_old_order(path: Path, runs_folder: Path) -> None:
    """Write into the folders what only an earlier version's queue file knows: who waits, and where.

    Args:
        path: the queue file; nothing is done if it is damaged, or of this version.
        runs_folder: of the runs that it names.
    """
    try:
        with closing(sqlite3.connect(path, timeout=1)) as db:
            rows = db.execute("SELECT position, run FROM jobs WHERE state != 'ended'").fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        return
    for position, name in rows:
        if type(position) is not int or Path(str(name)).name != name:
            continue  # a row that is damaged itself
        run = Run(runs_folder / name)
        if run.folder.is_dir() and not run.submission_path.is_file():
            run.write_submission(Submission(rank=float(position)))
