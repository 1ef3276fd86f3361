"""The job queue: one SQLite file that says which runs wait and which were started.

What became of a run, who asked for it and its place are in its folder; this file is an index of
the runs that have not ended. Several processes may use it at once. Deleted or damaged, it is
made again from the folders.
"""

import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from xray_core.errors import JobError
from xray_core.files import utc_now
from xray_core.jobs.log import write_log
from xray_core.jobs.order import Job, are_devices, choose_next, order_waiting
from xray_core.jobs.rebuild import find_jobs, keep_old_order
from xray_core.runs import HIGHEST_PRIORITY, Submission
from xray_core.workspace import Workspace

VERSION = 2  # of the schema; another one is made again from the folders
SCHEMA = """
CREATE TABLE jobs (
    run TEXT PRIMARY KEY,         -- name of the run folder
    state TEXT NOT NULL,          -- queued | started
    handle TEXT NOT NULL,         -- its process, once started
    user TEXT NOT NULL,
    priority INTEGER NOT NULL,
    rank REAL NOT NULL,
    paused INTEGER NOT NULL,
    gpus INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    devices TEXT NOT NULL         -- "0,1": the GPUs that it was given
);
CREATE TABLE turns (user TEXT PRIMARY KEY, turn INTEGER NOT NULL);
CREATE TABLE last_rank (rank REAL NOT NULL);
"""
COLUMNS = "run, state, handle, user, priority, rank, paused, gpus, interrupted, devices"
INSERT = f"INSERT OR REPLACE INTO jobs ({COLUMNS}) VALUES ({', '.join('?' * 10)})"
# What SQLite says of a file that is none of ours, or that somebody changed. The plain ERROR is of a
# table or a column that is not there; a full disk or a lock have codes of their own.
DAMAGE = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_NOTADB,
)
JOB_STATES = ("queued", "started")
# The type of each of `COLUMNS`, as it comes out of the file.
KINDS = (str, str, str, str, int, float, int, int, int, str)
LOCK_SECONDS = 60.0  # seconds to wait for others that write; each takes milliseconds

T = TypeVar("T")


class _DamageError(sqlite3.DatabaseError):
    """The file has another schema, or none, or holds what nobody here wrote into it."""


class JobQueue:
    """Submit runs, claim them in order, and note their end.

    Every method raises JobError if the queue file can neither be used nor made again.

    Args:
        path: <workspace>/queue.db; the runs are in the folder runs beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._home = Workspace(path.parent)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold while a run folder and the queue are changed together; one at a time may.

        Raises:
            JobError: somebody else held it for a minute, or the disk refuses.
        """
        try:
            lock = FileLock(self._path.with_suffix(".change.lock"), poll_interval=0.01)
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise JobError(
                "The queue is busy with other changes. Try again in a moment."
            ) from error
        except OSError as error:
            raise JobError(f"The queue cannot be changed: {error}. Is the disk full?") from error
        try:
            yield
        finally:
            lock.release()

    def next_rank(self) -> float:
        """Return a rank behind all that were given before."""

        def work(db: sqlite3.Connection) -> float:
            db.execute("UPDATE last_rank SET rank = rank + 1")
            return _read_last_rank(db)

        return self._transact(work)

    def submit(self, run: str, submission: Submission | None = None) -> None:
        """Queue the run called `run`, unless it is there already.

        Args:
            run: name of its folder.
            submission: its place; without one, behind all others.
        """
        submission = submission or Submission(rank=self.next_rank())
        self.adopt(_job_of(run, submission))

    def adopt(self, job: Job) -> bool:
        """Take in a run that was found in its folder; return whether it was not here."""

        def work(db: sqlite3.Connection) -> bool:
            known = db.execute("SELECT 1 FROM jobs WHERE run = ?", (job.run,)).fetchone()
            if not known:
                _write_jobs(db, [job])
            return not known

        return self._transact(work)

    def requeue(self, run: str, submission: Submission, *, interrupted: bool = False) -> None:
        """Let a run that was started, or that had ended, wait once more."""
        job = _job_of(run, submission)
        self._transact(lambda db: _write_jobs(db, [replace(job, interrupted=interrupted)]))

    def list_jobs(self) -> list[Job]:
        """Return every run that has not ended in the order of their start, the paused ones last."""
        jobs, turns = self.read()
        started = [job for job in jobs if job.state == "started"]
        paused = [job for job in jobs if job.state == "queued" and job.paused]
        return [*started, *order_waiting(jobs, turns), *paused]

    def read(self) -> tuple[list[Job], dict[str, int]]:
        """Return every run that has not ended, and when each user last had a turn; see `order`."""
        if not self._path.exists() and not self._home.runs.is_dir():
            return [], {}
        return self._transact(_read, "DEFERRED")

    def find(self, run: str) -> Job | None:
        """Return the job of `run`, or None if it has none."""
        return next((job for job in self.read()[0] if job.run == run), None)

    def claim_next(
        self, slots: int, per_user: int | None = None, gpus: Sequence[int] = ()
    ) -> Job | None:
        """Mark the next run as started, if one may start now; see `order.choose_next`."""

        def work(db: sqlite3.Connection) -> Job | None:
            jobs, turns = _read(db)
            chosen = choose_next(jobs, turns, slots, per_user, gpus)
            if chosen is None:
                return None
            job = replace(chosen, state="started", handle="", interrupted=False)
            _write_jobs(db, [job])
            turn = max(turns.values(), default=0) + 1
            db.execute("INSERT OR REPLACE INTO turns VALUES (?, ?)", (job.user, turn))
            return job

        return self._transact(work)

    def set_handle(self, run: str, handle: str) -> None:
        """Note the process that trains `run`."""
        self._change("handle", {run: handle})

    def set_paused(self, run: str, paused: bool) -> None:
        """Pass `run` over from now on, or no longer."""
        self._change("paused", {run: paused})

    def set_priority(self, run: str, priority: int) -> None:
        """Change the priority of `run`."""
        self._change("priority", {run: priority})

    def set_ranks(self, ranks: Mapping[str, float]) -> None:
        """Change the ranks of several runs at once."""
        self._change("rank", ranks)

    def end(self, run: str) -> None:
        """Note that `run` needs no more attention."""
        self._transact(lambda db: db.execute("DELETE FROM jobs WHERE run = ?", (run,)))

    def cancel(self, run: str) -> bool:
        """Take `run` out of the queue; return False if it has started or is not queued."""
        sql = "DELETE FROM jobs WHERE run = ? AND state = 'queued'"
        return self._transact(lambda db: db.execute(sql, (run,)).rowcount == 1)

    def _change(self, column: str, values: Mapping[str, Any]) -> None:
        sql = f"UPDATE jobs SET {column} = ? WHERE run = ?"
        rows = [(value, run) for run, value in values.items()]
        self._transact(lambda db: db.executemany(sql, rows))

    def _transact(self, work: Callable[[sqlite3.Connection], T], kind: str = "IMMEDIATE") -> T:
        # One short-lived connection per call: Streamlit reruns in changing threads.
        # IMMEDIATE takes the write lock first, so that two claims never see one job.
        try:
            self._create_if_missing()
            try:
                return self._try(work, kind)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not _is_damage(error):
                    raise
                self._rebuild(error)
                return self._try(work, kind)
        except (sqlite3.Error, OSError) as error:
            raise JobError(
                f"The queue {self._path} cannot be used: {error}. "
                "Is the disk full or read-only? The runs themselves are safe in their folders."
            ) from error

    def _try(self, work: Callable[[sqlite3.Connection], T], kind: str) -> T:
        with closing(_connect(self._path)) as db:  # closing rolls back what was not committed
            db.execute(f"BEGIN {kind}")
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                raise _DamageError("it has another layout")
            answer = work(db)
            db.execute("COMMIT")
            return answer

    def _create_if_missing(self) -> None:
        if self._path.exists():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if not self._path.exists():
                self._create()

    def _create(self) -> None:
        # The change to WAL waits for nobody: two that make it at once find the file locked. So
        # one makes the whole file aside; it stays in this mode.
        partial = self._path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        jobs = find_jobs(self._home.runs)
        with closing(_connect(partial)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)
            _write_jobs(db, jobs)
            last = max((job.rank for job in jobs), default=0.0)
            db.execute("INSERT INTO last_rank VALUES (?)", (last,))
            db.execute(f"PRAGMA user_version = {VERSION}")
        for path in self._files()[1:]:
            path.unlink(missing_ok=True)  # of a deleted file; they would spoil this one
        partial.replace(self._path)
        if jobs:
            write_log(self._home, f"{self._path.name} was missing: {len(jobs)} runs found again.")

    def _rebuild(self, error: Exception) -> None:
        """Move the damaged file aside, and make it again from the run folders."""
        with self._lock():
            if self._path.exists() and self._is_sound():
                return  # another process was faster
            keep_old_order(self._path, self._home.runs)
            aside = f"{self._path.name}.damaged-{utc_now().replace(':', '')}"
            for path in self._files():
                if path.exists():
                    path.replace(path.with_name(path.name.replace(self._path.name, aside)))
            write_log(
                self._home, f"{self._path.name} cannot be used ({error}); it is kept as {aside}."
            )
            self._create()

    def _is_sound(self) -> bool:
        try:
            with closing(_connect(self._path)) as db:
                version = db.execute("PRAGMA user_version").fetchone()[0]
                _read(db)
                _read_last_rank(db)
                return bool(
                    version == VERSION and db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
                )
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if _is_damage(error):
                return False
            raise

    def _files(self) -> list[Path]:
        return [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-shm")]

    def _lock(self) -> FileLock:
        return FileLock(self._path.with_suffix(".lock"))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    # What the power takes with it is found again in the folders: no need to wait for the disk.
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def _is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    if isinstance(error, UnicodeDecodeError):
        return True  # even the names of its tables are no text
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # said by Python: a text of the file cannot be decoded; or by ourselves
        return isinstance(error, _DamageError | sqlite3.OperationalError)
    return code & 0xFF in DAMAGE  # the primary code, without what it adds to it


def _job_of(run: str, submission: Submission) -> Job:
    return Job(
        run,
        user=submission.user,
        priority=submission.priority,
        rank=submission.rank,
        paused=submission.paused,
        gpus=submission.gpus,
    )


def _read(db: sqlite3.Connection) -> tuple[list[Job], dict[str, int]]:
    rows = db.execute(f"SELECT {COLUMNS} FROM jobs ORDER BY rank, run").fetchall()
    turns = db.execute("SELECT user, turn FROM turns").fetchall()
    if any(tuple(map(type, turn)) != (str, int) for turn in turns):
        raise _DamageError("it holds a turn that is none")
    return [_read_job(row) for row in rows], dict(turns)


def _read_job(row: Sequence[Any]) -> Job:
    """Return a row as a job. Raises _DamageError if somebody else wrote it."""
    if tuple(map(type, row)) != KINDS:
        raise _DamageError(f"its row of the run {row[0]!r} has a value of another type")
    run, state, handle, user, priority, rank, paused, gpus, interrupted, on = row
    if (
        state not in JOB_STATES
        or Path(run).name != run
        or abs(priority) > HIGHEST_PRIORITY
        or not math.isfinite(rank)
        or not are_devices(on)
    ):
        raise _DamageError(f"its row of the run {run!r} has a value out of bounds")
    return Job(run, state, handle, user, priority, rank, bool(paused), gpus, bool(interrupted), on)


def _read_last_rank(db: sqlite3.Connection) -> float:
    ranks = db.execute("SELECT rank FROM last_rank").fetchall()
    if len(ranks) != 1 or type(ranks[0][0]) is not float or not math.isfinite(ranks[0][0]):
        raise _DamageError("it does not know the last rank")
    return float(ranks[0][0])


def _write_jobs(db: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    db.executemany(INSERT, map(astuple, jobs))
