"""Writing what archives hold into a folder: whole files only, and never the last of the disk."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from xray_core.archives.groups import ArchiveGroup
from xray_core.archives.members import Archive, Member, open_archive
from xray_core.archives.names import Skipped
from xray_core.errors import DatasetError, XrayError
from xray_core.files import format_bytes, write_json

RESERVED_BYTES = 2**30  # bytes of the disk that stay free
MAX_FILES = 1_000_000  # in one archive, and in those within it
CHUNK_BYTES = 2**20  # bytes
TICK_SECONDS = 0.5  # seconds between two reports of progress


class UnpackStopped(XrayError):
    """`should_stop` ended an unpacking; the next one goes on where it stood."""


class DiskError(DatasetError):
    """The disk is full or refuses: no fault of the archive."""


@dataclass(frozen=True)
class Progress:
    """How far an unpacking is.

    Attributes:
        read: bytes of the archives that are dealt with, of `total`.
        n_files, n_bytes: what is unpacked, by this process or by one before it.
    """

    read: int = 0
    total: int = 0
    n_files: int = 0
    n_bytes: int = 0


class Writer:
    """Writes the members of one archive after the other, and counts them.

    Attributes:
        now: how far it is.
        skipped: what was left out.
        done: what an unpacking that is killed leaves for the next; see `keep`.
    """

    def __init__(
        self,
        group: ArchiveGroup,
        done: dict[str, Any],
        progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._group, self._progress, self._should_stop = group, progress, should_stop
        self._partial = group.partial
        self._current = self._partial / "current"
        self.done = done
        self.now = Progress(0, group.size)
        self.restore()
        self._told = 0.0
        self._made: set[Path] = set()  # folders

    def keep(self) -> None:
        """Write `done` with the counts of now: the next unpacking goes on from here."""
        self.done |= {"n_files": self.now.n_files, "n_bytes": self.now.n_bytes}
        self.done["skipped"] = asdict(self.skipped)
        write_json(self._partial / "done.json", self.done)

    def restore(self) -> None:
        """Go back to the counts that were kept last, as after an archive that is damaged."""
        done = self.done
        self.now = replace(self.now, n_files=done["n_files"], n_bytes=done["n_bytes"])
        counts, examples = done["skipped"]["counts"], done["skipped"]["examples"]
        self.skipped = Skipped(
            dict(counts), {kind: list(names) for kind, names in examples.items()}
        )

    def check_space(self, needed: int) -> None:
        """Raise a DiskError unless the disk has room for so many bytes more."""
        free = max(0, shutil.disk_usage(self._partial).free - RESERVED_BYTES)
        if needed > free:
            what = f"about {format_bytes(needed)} are needed and {format_bytes(free)} can be used"
            raise full_disk(self._group.folder, what)

    def write_archive(
        self,
        path: Path,
        folder: Path,
        prefix: str = "",
        most: int | None = None,
        most_files: int | None = None,
    ) -> None:
        """Write the members of an archive below `folder`; those there whole are not read again.

        Args:
            path: the archive.
            folder: where to.
            prefix: what is left away at the beginning of the members' paths.
            most: bytes that it may unpack to; see `open_archive`.
            most_files: files that may be unpacked in all; None for `MAX_FILES` more.

        Raises:
            DatasetError: as `open_archive`, or it holds no file, or too many.
            UnpackStopped: `should_stop` returned True.
        """
        start, n_before = self.now.read, self.now.n_files
        with open_archive(path, most) as archive:
            for member in archive.members(folder, self.skipped):
                if self._should_stop is not None and self._should_stop():
                    raise UnpackStopped(
                        f"Stopped with {self.now.n_files:,} files of {self._group.name} unpacked; "
                        "the next time it goes on from there."
                    )
                target = folder / member.path.removeprefix(prefix)
                if not self._make_room(target):
                    self.skipped.add("repeated_name", member.path)
                    continue
                if is_there := target.is_file():
                    n_bytes = target.stat().st_size
                if not is_there or n_bytes != member.size:
                    n_bytes = self._write(member, target, archive, start)
                self._count(start + archive.position, n_bytes)
                limit = n_before + MAX_FILES if most_files is None else most_files
                if self.now.n_files > limit:
                    raise DatasetError(
                        f"{path.name} holds more than {MAX_FILES:,} files, which no dataset "
                        "here does. Unpack it by hand if you trust it."
                    )
        if self.now.n_files == n_before:
            reasons = " ".join(remark.message for remark in self.skipped.remarks())
            raise DatasetError(
                f"{path.name} holds no file that can be unpacked. {reasons} Is it the right one?"
            )

    def tell(self, at_once: bool = False) -> None:
        """Say how far it is, unless that was said a moment ago."""
        if not at_once and time.monotonic() - self._told < TICK_SECONDS:
            return
        self._told = time.monotonic()
        write_json(self._partial / "progress.json", asdict(self.now), lasting=False)
        if self._progress is not None:
            self._progress(self.now)

    def copy(self, table: Path, folder: Path) -> None:
        """Copy a file into `folder`, whole or not at all."""
        shutil.copyfile(table, self._current)
        self._current.replace(folder / table.name)

    def _count(self, read: int, n_bytes: int) -> None:
        n_files, total = self.now.n_files + 1, self.now.n_bytes + n_bytes
        self.now = replace(self.now, read=read, n_files=n_files, n_bytes=total)
        self.tell()

    def _make_room(self, target: Path) -> bool:
        """Make the folder of a file; return whether no file is in its way, nor a folder."""
        if target.parent not in self._made:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                return False
            self._made.add(target.parent)
        return not target.is_dir()

    def _write(self, member: Member, target: Path, archive: Archive, start: int) -> int:
        """Write one file; return its size in bytes."""
        n_bytes = 0
        with self._current.open("wb") as file:
            while chunk := member.content.read(CHUNK_BYTES):
                n_bytes += len(chunk)
                if shutil.disk_usage(self._partial).free < RESERVED_BYTES + len(chunk):
                    raise full_disk(self._group.folder, f"{format_bytes(RESERVED_BYTES)} are left")
                file.write(chunk)
                self.now = replace(self.now, read=start + archive.position)
                self.tell()
        if member.size is not None and n_bytes != member.size:
            raise EOFError(f"{member.path} has {n_bytes:,} bytes of {member.size:,}")
        self._current.replace(target)
        return n_bytes


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(
        os.stat(os.path.join(top, name)).st_size  # noqa: PTH116, PTH118 - a hundred thousand files
        for top, _, names in os.walk(folder)
        for name in names
    )


@contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing into a DatasetError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full_disk(folder, "the disk ran full") from error
        raise DiskError(
            f"{folder} cannot be unpacked: {error.strerror or error}: {error.filename or ''}. "
            "What is unpacked so far is kept; unpack it again to go on."
        ) from error


def full_disk(folder: Path, what: str) -> DiskError:
    """Return the error of a disk that has no room for `folder`."""
    reserved = format_bytes(RESERVED_BYTES)
    return DiskError(
        f"{folder}: no space to unpack: {what}, beside {reserved} that stay free. "
        "Free some space, or set XRAY_HOME to a folder on a larger disk, then unpack again: what "
        "is unpacked so far is kept."
    )
