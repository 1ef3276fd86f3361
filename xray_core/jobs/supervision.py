"""What the worker does for one run: start it, end it when asked, and see how it ended.

Whatever is killed in between two steps here, the next worker finds a state that it can go on
from: the run folder is written before the queue, and a training holds a lock on its run, so that
one started twice is trained once.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace

from filelock import FileLock, Timeout

from xray_core.errors import JobError, RunError
from xray_core.files import utc_now
from xray_core.jobs.attempts import (
    MAX_RESUMPTIONS,
    Attempt,
    count_death,
    read_attempt,
    write_attempt,
)
from xray_core.jobs.background import last_words
from xray_core.jobs.gpus import pin_to
from xray_core.jobs.launchers import Launcher, launcher_of
from xray_core.jobs.log import write_log
from xray_core.jobs.order import Job
from xray_core.jobs.queue import JobQueue
from xray_core.processes import is_local
from xray_core.runs import Run, Status, Submission
from xray_core.workspace import Workspace

STOP_SECONDS = 30.0  # seconds from the request to stop to SIGTERM, and again to SIGKILL
MIN_FREE_BYTES = 2 * 2**20  # bytes on the disk, without which no training is started
STOP_STEPS = {
    "terminated": "It did not stop within {0:.0f} s: its processes were asked to end.",
    "killed": "It did not end within another {0:.0f} s: its processes were killed.",
}


class Supervisor:
    """Starts and watches the runs of one workspace.

    Args:
        workspace: the folders.
        queue: its queue.
        launcher: starts trainings.
    """

    def __init__(self, workspace: Workspace, queue: JobQueue, launcher: Launcher) -> None:
        self._home, self._queue, self._launcher = workspace, queue, launcher
        self._stop_seen: dict[str, float] = {}  # run → when we first saw that it is to stop

    def start(self, job: Job) -> None:
        """Start a claimed run, unless it is under way already or no longer wanted.

        Raises:
            JobError: it could not be started now; it stays claimed.
            OSError: the disk refuses, or the system starts no process; likewise.
        """
        run = self._run(job)
        if not _is_there(run):
            self._queue.end(job.run)  # deleted while it waited
            return
        attempt = read_attempt(run)
        if attempt.handle and launcher_of(attempt.handle).is_alive(attempt.handle):
            self._queue.set_handle(job.run, attempt.handle)  # the queue did not know yet
            return
        with self._queue.changing(), _held(run) as nobody_trains:
            if not nobody_trains:
                return  # the last one is about to end, or somebody trains it on a command line
            status = run.read_stored_status()
            if status.has_ended:
                self._queue.end(job.run)
                return
            if run.stop_path.exists():
                self._end(run, status, "stopped", "Stopped before it was started.")
                return
        if shutil.disk_usage(run.folder).free < MIN_FREE_BYTES:
            raise JobError(f"{job.run} is not started: the disk is full.")
        write_attempt(run, replace(attempt, handle="", devices=job.devices))
        environment: Mapping[str, str] = pin_to(job.device_list) if job.devices else {}
        handle = self._launcher.start(run, self._home, environment)
        write_attempt(run, replace(attempt, handle=handle, devices=job.devices))
        self._queue.set_handle(job.run, handle)
        where = f" on GPU {job.devices}" if job.devices else ""
        run.append_event("started", f"Its turn has come; it was started{where}.", "worker")

    def look_after(self, job: Job) -> None:
        """Note the end of a started run, whether it said a last word or not.

        Raises:
            JobError: the queue cannot be used now.
            OSError: the disk refuses. Either way, look again later.
        """
        run = self._run(job)
        if job.handle and launcher_of(job.handle).is_alive(job.handle):
            self._insist_on_stop(run, job.handle)
            return
        if not _is_there(run):
            self._queue.end(job.run)
            return
        try:
            status = run.read_stored_status()
        except RunError as error:
            write_log(self._home, f"{error} The run is given up.")
            self._queue.end(job.run)
            return
        other = status.handle
        if status.state == "running" and other != job.handle and launcher_of(other).is_alive(other):
            # Started by a worker that was killed before it noted the handle; the run knows it.
            self._insist_on_stop(run, other)
        elif status.state == "queued" and not job.handle:
            # Claimed by a worker that was killed before it started it.
            self.start(job)
        else:
            self._note_end(run, job)

    def _note_end(self, run: Run, job: Job) -> None:
        with self._queue.changing(), _held(run) as nobody_trains:
            # A user may have changed it while we looked: then look again.
            if not nobody_trains or self._queue.find(job.run) != job:
                return
            self._stop_seen.pop(job.run, None)
            status = run.read_stored_status()
            if status.has_ended:
                self._end(run, status, status.state, status.message)
            elif run.stop_path.exists():
                self._end(run, status, "stopped", _stopped_words(run))
            else:
                self._resume(run, status, job.handle or status.handle)

    def _resume(self, run: Run, status: Status, handle: str) -> None:
        """Queue a run again whose process is gone without a last word, or give it up."""
        launcher = launcher_of(handle)
        why = launcher.explain(handle)
        if status.state == "running" and not launcher.is_reachable():
            hint = "Resume it once the cluster is back, or on another machine."
            self._end(run, status, "lost", f"{why} {hint}")
            return
        if not is_local(handle):
            run.append_event("lost", why, "worker")
        attempt = count_death(run)
        if attempt.deaths > MAX_RESUMPTIONS:
            self._end(run, status, *_given_up(run, status, attempt, why))
            return
        here = "its last checkpoint" if run.last_checkpoint.is_file() else "the beginning"
        times = f"; time {attempt.deaths} of {MAX_RESUMPTIONS} without progress"
        message = (
            f"{why} It goes on from {here} as soon as a slot is free"
            f"{times if attempt.deaths else ''}."
        )
        try:
            wish = run.read_submission()
        except RunError:
            wish = Submission()
        write_attempt(run, attempt)
        run.append_event("resumed", message, "worker")
        run.write_status(replace(status, state="queued", message=message, handle=""))
        self._queue.requeue(run.name, wish, interrupted=True)

    def _end(self, run: Run, status: Status, state: str, message: str) -> None:
        """Note the last word, unless it is written already, and let the queue forget the run."""
        if not status.has_ended:
            status = replace(status, state=state, message=message, seconds_left=None)
            run.write_status(replace(status, ended_at=utc_now()))
        events = run.read_events()
        if not events or events[-1]["event"] != state:  # a training may note it by itself
            run.append_event(state, message, "worker")
        self._queue.end(run.name)

    def _insist_on_stop(self, run: Run, handle: str) -> None:
        """End a training that does not heed the request to stop: it hangs, or its batches are long.

        One whose folder was deleted is ended at once: it has nowhere to write to.
        """
        if not _is_there(run):
            launcher_of(handle).terminate(handle, kill=True)
            return
        if not run.stop_path.exists():
            self._stop_seen.pop(run.name, None)
            return
        now = time.monotonic()  # not the file's time: the clock may be changed meanwhile
        waited = now - self._stop_seen.setdefault(run.name, now)
        if waited <= STOP_SECONDS:
            return
        step = "killed" if waited > 2 * STOP_SECONDS else "terminated"
        events = run.read_events()
        if not events or events[-1]["event"] != step:
            run.append_event(step, STOP_STEPS[step].format(STOP_SECONDS), "worker")
        launcher_of(handle).terminate(handle, kill=step == "killed")

    def _run(self, job: Job) -> Run:
        return Run(self._home.runs / job.run)


class _held:  # noqa: N801 - reads as a word in a with statement
    """Context that holds the lock of a run's training if nobody does; tells whether it does."""

    def __init__(self, run: Run) -> None:
        self._lock = FileLock(run.folder / ".lock")

    def __enter__(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _is_there(run: Run) -> bool:
    """Whether the folder is; one that a training still writes to comes back without its recipe."""
    return (run.folder / "recipe.json").is_file()


def _stopped_words(run: Run) -> str:
    events = run.read_events()
    forced = bool(events) and events[-1]["event"] == "killed"
    how = "Stopped on request; it did not heed and was killed." if forced else "Stopped on request."
    if not run.last_checkpoint.is_file():
        return f"{how} It had no checkpoint yet; resumed, it begins anew."
    return f"{how} It can be resumed from its last checkpoint."


def _given_up(run: Run, status: Status, attempt: Attempt, why: str) -> tuple[str, str]:
    """Return the state and the reason of a run that dies again and again."""
    times = f"{attempt.deaths} times in a row"
    if status.state == "queued" and not status.started_at:
        log = run.read_log(20)
        words = last_words(log) if log else why
        return "failed", f"The training process ended before it began, {times}: {words}"
    return "lost", (
        f"The training process was killed {times} without getting any further; perhaps the "
        "machine has too little memory. What it wrote until then is here, and it can be resumed."
    )
