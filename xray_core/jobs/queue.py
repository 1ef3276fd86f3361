"""The job queue: one SQLite table that says in which order runs start; nothing else.

What became of a run is in its folder. Several processes may use the queue at once.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from xray_core.errors import JobError

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,   -- name of the run folder
    state TEXT NOT NULL,        -- queued | started | ended
    handle TEXT NOT NULL DEFAULT ''  -- "pid:start time" once started
)
"""


@dataclass(frozen=True)
class Job:
    """One row of the queue."""

    run: str
    state: str
    handle: str


class JobQueue:
    """Submit runs, claim them in order, and note their end.

    Every method raises JobError if the queue file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def submit(self, run: str) -> None:
        """Queue the run called `run`. Raises JobError if it is queued already."""
        try:
            with self._transaction() as db:
                db.execute("INSERT INTO jobs (run, state) VALUES (?, 'queued')", (run,))
        except sqlite3.IntegrityError as error:
            raise JobError(f"{run} is in the queue already.") from error

    def list_jobs(self) -> list[Job]:
        """Return every job that has not ended, in the order of their start."""
        if not self._path.exists():
            return []
        with self._transaction("DEFERRED") as db:
            rows = db.execute(
                "SELECT run, state, handle FROM jobs WHERE state != 'ended' ORDER BY position"
            )
            return [Job(*row) for row in rows]

    def claim_next(self, slots: int) -> str | None:
        """Mark the first queued run as started, if fewer than `slots` are; return its name."""
        with self._transaction() as db:
            [started] = db.execute("SELECT COUNT(*) FROM jobs WHERE state = 'started'").fetchone()
            row = db.execute(
                "SELECT run FROM jobs WHERE state = 'queued' ORDER BY position LIMIT 1"
            ).fetchone()
            if row is None or started >= slots:
                return None
            db.execute("UPDATE jobs SET state = 'started' WHERE run = ?", row)
            return str(row[0])

    def set_handle(self, run: str, handle: str) -> None:
        """Note the process that trains `run`."""
        with self._transaction() as db:
            db.execute("UPDATE jobs SET handle = ? WHERE run = ?", (handle, run))

    def end(self, run: str) -> None:
        """Note that `run` needs no more attention."""
        with self._transaction() as db:
            db.execute("UPDATE jobs SET state = 'ended' WHERE run = ?", (run,))

    def cancel(self, run: str) -> bool:
        """Take `run` out of the queue; return False if it has started or is not queued."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE jobs SET state = 'ended' WHERE run = ? AND state = 'queued'", (run,)
            )
            return changed.rowcount == 1

    def _create_if_missing(self) -> None:
        if self._path.exists():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # The change to WAL waits for nobody: two that make it at once find the file locked. So
        # one makes the whole file aside; it stays in this mode.
        with FileLock(self._path.with_suffix(".lock")):
            if self._path.exists():
                return
            partial = self._path.with_suffix(".partial")
            partial.unlink(missing_ok=True)
            db = sqlite3.connect(partial, isolation_level=None)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute(SCHEMA)
            finally:
                db.close()
            partial.replace(self._path)

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        # One short-lived connection per call: Streamlit reruns in changing threads.
        # IMMEDIATE takes the write lock first, so that two claims never see one job.
        try:
            self._create_if_missing()
            db = sqlite3.connect(self._path, timeout=20, isolation_level=None)
            try:
                db.execute(f"BEGIN {kind}")
                yield db
                db.execute("COMMIT")
            finally:
                db.close()  # rolls back what was not committed
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise JobError(
                f"The queue {self._path} cannot be used: {error}. "
                "Is the disk full or read-only? The runs themselves are safe in their folders."
            ) from error
