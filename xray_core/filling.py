"""Locks for dataset folders that are being filled: one process fills, others see it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from xray_core.errors import DatasetError


def lock_of(folder: Path) -> Path:
    """Return the lock file held while `folder` is filled; the system frees it with its holder."""
    return folder.with_name(f".{folder.name}.lock")


@contextmanager
def fill_alone(folder: Path, doing: str) -> Iterator[None]:
    """Hold the lock of `folder`. Raises DatasetError if another process is `doing` it already.

    Nothing of the lock is left beside it, which is where people keep files of their own.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_of(folder))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DatasetError(f"Another process is {doing} {folder.name}. Wait for it.") from error
    try:
        yield
    finally:
        # While it is held: a file that lost its name locks nothing, and FileLock goes by that.
        with suppress(OSError):  # Windows removes none that is open; FileLock does it there
            lock_of(folder).unlink()
        lock.release()
