"""The worker: starts queued runs, one at a time by default, and notes how they end.

One worker per workspace, by a file lock that the system frees when its holder dies. The
worker and each training are processes of their own: killing the app, or the worker, ends no
training, and the next worker takes over what it finds.
"""

import time
from dataclasses import replace

from filelock import FileLock, Timeout

from xray_core.errors import RunError
from xray_core.home import Home
from xray_core.jobs.queue import Job, JobQueue
from xray_core.processes import is_alive, lower_priority, start_detached, terminate, xray_command
from xray_core.runs import Run, utc_now

POLL = 0.3  # seconds between two looks at the queue
IDLE = 60.0  # seconds without work after which the worker ends; the next submit starts one

PATIENCE = 30.0  # seconds from the request to stop to SIGTERM, and again to SIGKILL


def ensure_worker(home: Home) -> None:
    """Start a worker for this workspace unless one is running."""
    if not worker_is_running(home):
        # Several may start at once: all but the one that gets the lock end by themselves.
        start_detached(
            xray_command("worker"), home.folder / "worker.log", {"XRAY_HOME": str(home.folder)}
        )


def worker_is_running(home: Home) -> bool:
    """Whether a worker holds this workspace's lock."""
    lock = _lock(home)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def run_worker(home: Home, slots: int = 1, idle: float = IDLE) -> bool:
    """Train what is queued until nothing was queued for `idle` seconds.

    Args:
        home: the workspace.
        slots: how many trainings may run at once.
        idle: seconds.

    Returns:
        False, at once, if another worker serves this workspace.
    """
    lower_priority()
    queue = JobQueue(home.queue)
    lock = _lock(home)
    while True:
        try:
            # A short wait: `worker_is_running` holds the lock for an instant to see if it is free.
            lock.acquire(timeout=0.5)
        except Timeout:
            return False
        try:
            _serve(home, queue, slots, idle)
        finally:
            lock.release()
        # Who submitted just now saw our lock and started no worker: look once more without it.
        if not queue.list_jobs():
            return True


def _serve(home: Home, queue: JobQueue, slots: int, idle: float) -> None:
    last_work = time.monotonic()
    while time.monotonic() - last_work < idle:
        for job in queue.list_jobs():
            last_work = time.monotonic()
            if job.state == "started":
                _look_after(job, home, queue)
        while name := queue.claim_next(slots):
            _start(name, home, queue)
        time.sleep(min(POLL, idle))


def _start(name: str, home: Home, queue: JobQueue) -> None:
    run = Run(home.runs / name)
    if not run.folder.is_dir():  # deleted while it waited
        queue.end(name)
        return
    workspace = {"XRAY_HOME": str(home.folder)}
    handle = start_detached(xray_command("run", str(run.folder)), run.log_path, workspace)
    queue.set_handle(name, handle)


def _look_after(job: Job, home: Home, queue: JobQueue) -> None:
    """Note the end of a started run, whether it said a last word or not."""
    run = Run(home.runs / job.run)
    if job.handle and is_alive(job.handle):
        _insist_on_stop(run, job.handle)
        return
    try:
        status = run.read_status()
    except RunError:
        # The folder was deleted, or its status is damaged: there is nobody to tell.
        queue.end(job.run)
        return
    if status.state == "running":
        # Started by a worker that was killed before it noted the handle; the run knows it.
        _insist_on_stop(run, status.handle)
        return
    if status.state == "queued" and not job.handle:
        # Claimed by a worker that was killed before it started it. The training takes a lock
        # on its run, so even if that process is about to appear, the run is trained once.
        _start(job.run, home, queue)
        return
    if not status.has_ended or status.state == "lost":
        stopped = run.stop_path.exists()
        run.write_status(
            replace(
                status,
                state="stopped" if stopped else "failed" if status.state == "queued" else "lost",
                message=_last_words(run, stopped=stopped, began=status.state != "queued"),
                ended_at=utc_now(),
            )
        )
    queue.end(job.run)


def _last_words(run: Run, *, stopped: bool, began: bool) -> str:
    if stopped:
        return "Stopped on request."
    if not began:
        return "The training process ended before it began; its log says why."
    return "The training process was killed. What it wrote until then is here."


def _insist_on_stop(run: Run, handle: str) -> None:
    """End a training that does not heed the request to stop: it hangs, or its batches are long."""
    if not run.stop_path.exists():
        return
    waited = time.time() - run.stop_path.stat().st_mtime
    if waited > PATIENCE:
        terminate(handle, kill=waited > 2 * PATIENCE)


def _lock(home: Home) -> FileLock:
    home.folder.mkdir(parents=True, exist_ok=True)
    return FileLock(home.folder / "worker.lock")
