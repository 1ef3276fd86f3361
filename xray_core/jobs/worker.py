"""The worker: starts queued runs as slots are free, and notes how they end.

One worker per workspace, by a file lock that the system frees when its holder dies. The
worker and each training are processes of their own: killing the app, or the worker, ends no
training, and the next worker takes over what it finds.
"""

import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from xray_core.errors import JobError, XrayError
from xray_core.jobs.gpus import find_gpus
from xray_core.jobs.launchers import Launcher, LocalLauncher, choose_launcher
from xray_core.jobs.log import write_log
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.rebuild import find_job
from xray_core.jobs.settings import QueueSettings, read_settings
from xray_core.jobs.supervision import Supervisor
from xray_core.processes import (
    can_poll_pipes,
    is_locked,
    lower_priority,
    start_detached,
    xray_command,
)
from xray_core.runs import list_runs
from xray_core.workspace import Workspace

POLL_SECONDS = 0.1  # seconds between two looks at the queue
SEARCH_SECONDS = 10.0  # seconds between two looks for submitted runs that the queue does not know
IDLE_SECONDS = 60.0  # seconds without work after which the worker ends; the next submit starts one
STANDBY_IDLE_SECONDS = 900.0  # the same while it keeps a process ready for the next training

T = TypeVar("T")


def ensure_worker(workspace: Workspace) -> None:
    """Start a worker for this workspace unless one is running."""
    if not worker_is_running(workspace):
        # Several may start at once: all but the one that gets the lock end by themselves.
        start_detached(
            xray_command("worker"),
            workspace.folder / "worker.log",
            {"XRAY_HOME": str(workspace.folder)},
        )


def prepare_worker(workspace: Workspace) -> None:
    """Have a worker keep a training process ready, where the settings ask for one.

    Raises:
        JobError: the settings are damaged.
    """
    if _may_stand_by(read_settings(workspace)):
        ensure_worker(workspace)


def worker_is_running(workspace: Workspace) -> bool:
    """Whether a worker holds this workspace's lock."""
    return is_locked(_lock_file(workspace))


def run_worker(
    workspace: Workspace,
    *,
    idle: float = IDLE_SECONDS,
    stay: bool = False,
    launcher: Launcher | None = None,
) -> bool:
    """Train what is queued until nothing was queued for `idle` seconds.

    What may run at once is read from the workspace's settings, again and again.

    Args:
        workspace: the folders.
        idle: seconds.
        stay: never end for lack of work, and wait while another worker serves the workspace.
        launcher: starts the trainings; by default, see `launchers.choose_launcher`.

    Returns:
        False, at once, if another worker serves this workspace.
    """
    lower_priority()
    lock = FileLock(_lock_file(workspace))
    while True:
        try:
            # A short wait: `worker_is_running` holds the lock for an instant to see if it is free.
            lock.acquire(timeout=-1 if stay else 0.5, poll_interval=1.0 if stay else 0.05)
        except Timeout:
            return False
        try:
            _serve(
                _Service(workspace, launcher or choose_launcher()), float("inf") if stay else idle
            )
        finally:
            lock.release()
        # Who submitted just now saw our lock and started no worker: look once more without it.
        with suppress(JobError):  # nobody can tell: serve on
            if not JobQueue(workspace.queue).list_jobs():
                return True


def _serve(service: "_Service", idle: float) -> None:
    last_work = time.monotonic()
    while time.monotonic() - last_work < (
        max(idle, STANDBY_IDLE_SECONDS) if service.is_standby else idle
    ):
        if service.look():
            last_work = time.monotonic()
        time.sleep(min(POLL_SECONDS, idle))
    service.close()


class _Service:
    """One worker at work; no problem with a run, the queue or the disk ends it."""

    def __init__(self, workspace: Workspace, launcher: Launcher) -> None:
        self._home, self._queue = workspace, JobQueue(workspace.queue)
        self._launcher, self._supervisor = launcher, Supervisor(workspace, self._queue, launcher)
        # Where trainings run elsewhere, those machines' own queue knows their GPUs.
        self._is_local = isinstance(launcher, LocalLauncher)
        self._gpus = [gpu.index for gpu in find_gpus()] if self._is_local else []
        self._settings = QueueSettings()
        self.is_standby = False  # whether something is kept ready for the next training
        self._problems: dict[str, str] = {}  # with what → what the log has said about it
        self._no_jobs: dict[str, int] = {}  # run that asks for no training → time of its status
        self._searched = float("-inf")

    def look(self) -> bool:
        """Do what is to be done now; return whether there is anything to wait for."""
        self._settings = self._try("settings", lambda: read_settings(self._home)) or self._settings
        if time.monotonic() - self._searched > SEARCH_SECONDS:
            self._try("runs", self._search)
            self._searched = time.monotonic()
        jobs = self._try("queue", self._queue.list_jobs)
        if jobs is None:
            return True  # nobody can tell, so wait
        for job in jobs:
            if job.state == "started":
                self._try(job.run, partial(self._supervisor.look_after, job))
        started = False
        while not self._settings.paused and (job_now := self._try("slots", self._claim)):
            started = True
            self._try(job_now.run, partial(self._supervisor.start, job_now))
        busy = started or bool(jobs)
        self.is_standby = bool(
            self._try(
                "standby",
                partial(self._prepare, standby=_may_stand_by(self._settings), idle=not busy),
            )
        )
        return busy

    def close(self) -> None:
        """Keep nothing ready any more."""
        self._try("standby", partial(self._prepare, standby=False, idle=False))

    def _prepare(self, *, standby: bool, idle: bool) -> bool:
        return self._launcher.prepare(self._home, standby=standby, idle=idle)

    def _claim(self) -> Job | None:
        # Counted in any case: while the launcher cannot start anything, nothing is claimed.
        at_most = max(1, len(self._gpus)) if self._is_local else self._launcher.count_slots()
        slots = self._settings.slots or at_most
        return self._queue.claim_next(slots, self._settings.per_user, self._gpus)

    def _search(self) -> None:
        """Take in submitted runs that the queue does not know: a submit was killed half-way."""
        known = {job.run for job in self._queue.list_jobs()}
        for run in list_runs(self._home.runs):
            try:
                written = run.status_path.stat().st_mtime_ns
            except FileNotFoundError:
                continue  # deleted meanwhile
            if run.name in known or self._no_jobs.get(run.name) == written:
                continue
            with self._queue.changing():  # nobody is about to stop or resume it
                job = find_job(run)
                if job and self._queue.adopt(job):
                    write_log(self._home, f"{run.name} was in no queue; it is now.")
            if job is None:
                self._no_jobs[run.name] = written

    def _try(self, what: str, work: Callable[[], T]) -> T | None:
        """Return what `work` returns, or None after a problem; the log says so once."""
        try:
            answer = work()
        except (XrayError, OSError) as error:
            self._note(what, str(error))
        except Exception:  # whatever is wrong with one run, the others must go on
            self._note(what, traceback.format_exc())
        else:
            if self._problems.pop(what, ""):
                write_log(self._home, f"{what}: all is well again.")
            return answer
        return None

    def _note(self, what: str, words: str) -> None:
        if self._problems.get(what) != words:
            self._problems[what] = words
            write_log(self._home, f"{what}: {words} Trying again.")


def _may_stand_by(settings: QueueSettings) -> bool:
    return settings.standby and os.environ.get("XRAY_STANDBY") != "0" and can_poll_pipes()


def _lock_file(workspace: Workspace) -> Path:
    workspace.folder.mkdir(parents=True, exist_ok=True)
    return workspace.folder / "worker.lock"
