"""Unpacking archives into a dataset folder: safely, resumably, complete or not at all.

    data/.kermany.lock               held by the one process that unpacks
    data/.kermany.partial/           a killed unpacking goes on from here
        files/                       whole files only; becomes data/kermany/
        current                      the file being written
        done.json                    archives that are finished, and what they held
        nested/, nested.jsonl        those within them: the one being unpacked, and all so far
        progress.json                for whoever watches

The archives stay where they are: deleting them is the user's decision.
"""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from xray_core.archives.groups import ArchiveGroup, find_group, read_note, stem_of
from xray_core.archives.members import most_unpacked, open_archive
from xray_core.archives.names import Skipped
from xray_core.archives.nested import unpack_nested
from xray_core.archives.writing import MAX_FILES, DiskError, Progress, Writer, size_of, write_errors
from xray_core.catalog import Remark
from xray_core.errors import DatasetError
from xray_core.files import read_json, write_json
from xray_core.filling import fill_alone
from xray_core.records import build_record
from xray_core.workspace import Workspace


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
            be unpacked, or the disk is too full. What was unpacked is kept for the next time,
            the other archives of the group, too.
        UnpackStopped: `should_stop` returned True.
    """
    with write_errors(group.folder), fill_alone(group.folder, "unpacking"):
        group = find_group(workspace, group.name)  # as it is now that nobody else changes it
        if not group.waiting:
            raise DatasetError(
                f"{group.folder} is there already. To unpack {group.name} again, delete or "
                "rename that folder."
            )
        if group.refusal:
            raise DatasetError(group.refusal)
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
        self._group, self._files = group, group.partial / "files"
        self._archives = [path for path in group.waiting if path in group.archives]
        self._tables = [path for path in group.waiting if path in group.tables]
        self._done = self._read_done()
        self._writer = Writer(group, self._done, progress, should_stop)

    def run(self) -> Unpacked:
        """Unpack all that waits, and put the folder in its place."""
        writer, group = self._writer, self._group
        self._unpack_all()
        n_archives = max(1, len(self._archives))
        most = sum(map(most_unpacked, self._archives))
        unpack_nested(group.partial, writer, most, n_archives * MAX_FILES)
        for table in self._tables:
            writer.copy(table, self._files)
        writer.now = replace(writer.now, read=writer.now.total)
        writer.tell(at_once=True)
        self._put_in_place()
        now, remarks = writer.now, writer.skipped.remarks()
        return Unpacked(group.folder, now.n_files, now.n_bytes, remarks)

    def _unpack_all(self) -> None:
        """Unpack each archive that is not finished yet; one that is damaged stops no other."""
        writer, problems = self._writer, list[str]()
        todo = [path for path in self._archives if path.name not in self._done["unpacked"]]
        self._check_space(todo)
        for path in self._archives:
            start = writer.now.read
            if path in todo:
                prefix = f"{stem_of(path)}/" if self._group.numbered else ""
                try:
                    writer.write_archive(path, self._files / prefix, prefix)
                except DiskError:
                    raise
                except DatasetError as error:
                    writer.restore()
                    problems.append(str(error))
                else:
                    self._done["unpacked"].append(path.name)
                    writer.keep()
            writer.now = replace(writer.now, read=start + path.stat().st_size)
        if problems and (n_whole := len(self._archives) - len(problems)):
            problems.append(
                f"The other archives of {self._group.name} ({n_whole}) are unpacked and kept. "
                f"The folder appears once all are: to do without one, take it out of "
                f"{self._group.folder.parent} and unpack again."
            )
        if problems:
            raise DatasetError(" ".join(problems))

    def _read_done(self) -> dict[str, Any]:
        partial = self._group.partial
        stamps = {path.name: _stamp(path) for path in self._archives}
        done = read_note(partial / "done.json")
        if not done or not self._drop_replaced(done, stamps):
            if partial.exists():
                shutil.rmtree(partial)
            done = {"begun": {}, "unpacked": [], "n_files": 0, "n_bytes": 0}
            done["skipped"] = asdict(Skipped())
        done["begun"] |= stamps
        self._files.mkdir(parents=True, exist_ok=True)
        write_json(partial / "done.json", done)
        return done

    def _drop_replaced(self, done: dict[str, Any], stamps: dict[str, list[int]]) -> bool:
        """Delete the files of archives that were replaced or taken away before they were finished.

        They must not mix with those of the new ones. Return False where nothing but a new
        beginning helps.
        """
        begun, unpacked = done.get("begun", {}), done.get("unpacked", [])
        gone = [name for name in begun if name not in stamps and name not in unpacked]
        gone += [name for name, stamp in stamps.items() if begun.get(name, stamp) != stamp]
        if gone and (not self._group.numbered or any(name in unpacked for name in gone)):
            return False
        for name in gone:
            del begun[name]
            own = self._files / stem_of(Path(name))
            if own.exists():
                shutil.rmtree(own)
        return True

    def _check_space(self, todo: list[Path]) -> None:
        """Compare what the archives say to unpack to with what the disk has."""
        needed = 0
        for path in todo:
            try:
                with open_archive(path) as archive:
                    needed += archive.declared
            except DatasetError:
                continue  # it is said when its turn comes, and needs no space
        # A killed unpacking has left a part of it.
        needed -= max(0, size_of(self._files) - self._writer.now.n_bytes)
        if todo:
            self._writer.check_space(needed)

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
