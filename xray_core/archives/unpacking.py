"""Unpacking archives into a dataset folder: safely, resumably, complete or not at all.

    data/.kermany.lock               held by the one process that unpacks
    data/.kermany.partial/           a killed unpacking goes on from here
        files/                       whole files only; becomes data/kermany/
        current                      the file being written
        done.json                    archives that are finished, and what they held
        progress.json                for whoever watches

The archives stay where they are: deleting them is the user's decision.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from xray_core.archives.groups import ArchiveGroup, find_group, read_note, stem_of
from xray_core.archives.members import Archive, Member, Skipped, open_archive
from xray_core.catalog import Remark
from xray_core.errors import DatasetError, XrayError
from xray_core.files import format_bytes, read_json, write_json
from xray_core.filling import fill_alone
from xray_core.records import build_record
from xray_core.workspace import Workspace

RESERVED_BYTES = 2**30  # bytes of the disk that stay free
MAX_FILES = 1_000_000  # in one archive
CHUNK_BYTES = 2**20  # bytes
TICK_SECONDS = 0.5  # seconds between two reports of progress


class UnpackStopped(XrayError):
    """`should_stop` ended an unpacking; the next one goes on where it stood."""


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


@dataclass(frozen=True)
class Unpacked:
    """What an unpacking left: the folder, what is new in it, and what was left out."""

    folder: Path
    n_files: int
    n_bytes: int
    remarks: list[Remark]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command line does; the remarks are `left_out`, in words."""
        left_out = [
            f"{remark.message} First: {', '.join(remark.examples)}" for remark in self.remarks
        ]
        return {"files": self.n_files, "bytes": self.n_bytes, "left_out": left_out}


def unpack_archives(
    group: ArchiveGroup,
    workspace: Workspace,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Unpacked:
    """Unpack what is waiting of a group into its folder. The archives are kept.

    Args:
        group: of `list_archives`.
        workspace: the folders.
        progress: called about twice a second, and at the end.
        should_stop: asked before each file.

    Raises:
        DatasetError: nothing is waiting, another process unpacks the same, an archive cannot
            be unpacked, or the disk is too full. What was unpacked is kept for the next time.
        UnpackStopped: `should_stop` returned True.
    """
    with _write_errors(group.folder), fill_alone(group.folder, "unpacking"):
        group = find_group(workspace, group.name)  # as it is now that nobody else changes it
        if not group.waiting:
            raise DatasetError(
                f"{group.folder} is there already. To unpack {group.name} again, delete or "
                "rename that folder."
            )
        return _Unpacking(group, progress, should_stop).run()


def read_progress(group: ArchiveGroup) -> Progress | None:
    """Return how far an unfinished unpacking is; None if there is none."""
    try:
        return build_record(Progress, read_json(group.partial / "progress.json"), "progress")
    except (OSError, ValueError):  # there is none, or it is damaged: then nobody can tell
        return None


class _Unpacking:
    """One unpacking of one group, alone with its folders."""

    def __init__(
        self,
        group: ArchiveGroup,
        progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._group, self._progress, self._should_stop = group, progress, should_stop
        self._files, self._current = group.partial / "files", group.partial / "current"
        self._archives = [path for path in group.waiting if path in group.archives]
        self._tables = [path for path in group.waiting if path in group.tables]
        self._done = self._read_done()
        self._skipped = Skipped(**self._done["skipped"])
        self._now = Progress(0, group.size, self._done["n_files"], self._done["n_bytes"])
        self._told = 0.0
        self._made: set[Path] = set()  # folders

    def run(self) -> Unpacked:
        """Unpack all that waits, and put the folder in its place."""
        todo = [path for path in self._archives if path.name not in self._done["unpacked"]]
        self._check_space(todo)
        for path in self._archives:
            start = self._now.read
            if path in todo:
                self._unpack(path)
                self._done["unpacked"].append(path.name)
                self._done |= {"n_files": self._now.n_files, "n_bytes": self._now.n_bytes}
                self._done["skipped"] = asdict(self._skipped)
                write_json(self._group.partial / "done.json", self._done)
            self._now = replace(self._now, read=start + path.stat().st_size)
        for table in self._tables:
            shutil.copyfile(table, self._current)
            self._current.replace(self._files / table.name)
        self._now = replace(self._now, read=self._now.total)
        self._tell(at_once=True)
        self._put_in_place()
        now, remarks = self._now, self._skipped.remarks()
        return Unpacked(self._group.folder, now.n_files, now.n_bytes, remarks)

    def _read_done(self) -> dict[str, Any]:
        partial = self._group.partial
        stamps = {path.name: _stamp(path) for path in self._archives}
        done = read_note(partial / "done.json")
        begun = done.get("begun", {})
        if not done or any(stamps.get(name, stamp) != stamp for name, stamp in begun.items()):
            # An archive was replaced since: its files must not mix with those of the old one.
            if partial.exists():
                shutil.rmtree(partial)
            done = {"begun": {}, "unpacked": [], "n_files": 0, "n_bytes": 0}
            done["skipped"] = asdict(Skipped())
        done["begun"] |= stamps
        self._files.mkdir(parents=True, exist_ok=True)
        write_json(partial / "done.json", done)
        return done

    def _check_space(self, todo: list[Path]) -> None:
        """Compare what the archives say to unpack to with what the disk has."""
        needed = 0
        for path in todo:
            with open_archive(path) as archive:
                needed += archive.declared
        # A killed unpacking has left a part of it.
        needed -= max(0, _size_of(self._files) - self._now.n_bytes)
        free = max(0, shutil.disk_usage(self._files).free - RESERVED_BYTES)
        if todo and needed > free:
            what = f"about {format_bytes(needed)} are needed and {format_bytes(free)} can be used"
            raise _full_disk(self._group.folder, what)

    def _unpack(self, path: Path) -> None:
        group, start, n_before = self._group, self._now.read, self._now.n_files
        prefix = f"{stem_of(path)}/" if group.numbered else ""
        with open_archive(path) as archive:
            for member in archive.members(self._files, self._skipped):
                if self._should_stop is not None and self._should_stop():
                    raise UnpackStopped(
                        f"Stopped with {self._now.n_files:,} files of {group.name} unpacked; "
                        "the next time it goes on from there."
                    )
                # images_001.zip may itself hold a folder images_001 around all else.
                target = self._files / (prefix + member.path.removeprefix(prefix))
                if not self._make_room(target):
                    self._skipped.add("repeated_name", member.path)
                    continue
                if not (target.is_file() and target.stat().st_size == member.size):
                    self._write(member, target, archive, start)
                self._now = replace(
                    self._now,
                    read=start + archive.position,
                    n_files=self._now.n_files + 1,
                    n_bytes=self._now.n_bytes + member.size,
                )
                self._tell()
                if self._now.n_files - n_before > MAX_FILES:
                    raise DatasetError(
                        f"{path.name} holds more than {MAX_FILES:,} files, which no dataset "
                        "here does. Unpack it by hand if you trust it."
                    )
        if self._now.n_files == n_before:
            reasons = " ".join(remark.message for remark in self._skipped.remarks())
            raise DatasetError(
                f"{path.name} holds no file that can be unpacked. {reasons} Is it the right one?"
            )

    def _make_room(self, target: Path) -> bool:
        """Make the folder of a file; return whether no file is in its way, nor a folder."""
        if target.parent not in self._made:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                return False
            self._made.add(target.parent)
        return not target.is_dir()

    def _write(self, member: Member, target: Path, archive: Archive, start: int) -> None:
        n_bytes = 0
        with self._current.open("wb") as file:
            while chunk := member.content.read(CHUNK_BYTES):
                n_bytes += len(chunk)
                if shutil.disk_usage(self._files).free < RESERVED_BYTES + len(chunk):
                    raise _full_disk(self._group.folder, f"{format_bytes(RESERVED_BYTES)} are left")
                file.write(chunk)
                self._now = replace(self._now, read=start + archive.position)
                self._tell()
        if n_bytes != member.size:
            raise EOFError(f"{member.path} has {n_bytes:,} bytes of {member.size:,}")
        self._current.replace(target)

    def _tell(self, at_once: bool = False) -> None:
        if not at_once and time.monotonic() - self._told < TICK_SECONDS:
            return
        self._told = time.monotonic()
        write_json(self._group.partial / "progress.json", asdict(self._now), lasting=False)
        if self._progress is not None:
            self._progress(self._now)

    def _put_in_place(self) -> None:
        folder, there = self._group.folder, self._group.read_unpacked() or []
        if folder.exists():  # the rest of a series that was there in part
            for entry in list(self._files.iterdir()):
                entry.replace(folder / entry.name)
        else:
            self._files.rename(folder)
        names = {*there, *(path.name for path in self._archives)}
        write_json(self._group.record, {"archives": sorted(names)})
        # It is in its place; should this resist, it is hidden and harms nothing.
        shutil.rmtree(self._group.partial, ignore_errors=True)


def _stamp(path: Path) -> list[int]:
    stats = path.stat()
    return [stats.st_size, stats.st_mtime_ns]


def _size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(
        os.stat(os.path.join(top, name)).st_size  # noqa: PTH116, PTH118 - a hundred thousand files
        for top, _, names in os.walk(folder)
        for name in names
    )


@contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing into a DatasetError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full_disk(folder, "the disk ran full") from error
        raise DatasetError(
            f"{folder} cannot be unpacked: {error.strerror or error}: {error.filename or ''}. "
            "What is unpacked so far is kept; unpack it again to go on."
        ) from error


def _full_disk(folder: Path, what: str) -> DatasetError:
    reserved = format_bytes(RESERVED_BYTES)
    return DatasetError(
        f"{folder}: no space to unpack: {what}, beside {reserved} that stay free. "
        "Free some space, or set XRAY_HOME to a folder on a larger disk, then unpack again: what "
        "is unpacked so far is kept."
    )
