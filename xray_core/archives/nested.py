"""Archives within an archive: each becomes a folder beside it, and is then deleted.

    files/train.zip, holding train/1.png or 1.png   -> files/train/1.png

An unpacking that is killed goes on within the archive that it stood in. Which were unpacked
before, and how deep they lay, stands in `nested.jsonl`, one line each:

    {"archive": "train.zip", "folder": "train", "depth": 1}     unpacked
    {"archive": "copy.zip", "folder": "", "depth": 1}           its files were there already
    {"archive": "bad.zip", "folder": null, "depth": 1}          stays packed
"""

import filecmp
import hashlib
import os
import re
import shutil
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from xray_core.archives.foreign import find_foreign
from xray_core.archives.groups import is_packed_file, stem_of
from xray_core.archives.members import most_unpacked, open_archive
from xray_core.archives.names import STILL_PACKED
from xray_core.archives.writing import DiskError, Writer, size_of
from xray_core.errors import DatasetError
from xray_core.files import append_jsonl, format_line, read_jsonl, replaced_file

MAX_DEPTH = 3  # archives within archives within an archive
# How names of archives end: a quick look, before the exact one, at a hundred thousand files.
ENDS = re.compile(r".*\.(zipx?|tar|t?[gx]z|t?bz2|t?zst|7z|rar|[rz]\d\d|\d{3})", re.IGNORECASE)


def unpack_nested(partial: Path, writer: Writer, most: int, most_files: int) -> None:
    """Unpack the archives that were unpacked into `partial/files`, and those within them.

    One that cannot be unpacked, or lies too deep, stays as it is and is counted in
    `writer.skipped`.

    Args:
        partial: the hidden folder of an unpacking.
        writer: it counts on.
        most: bytes that all may unpack to, with what was unpacked before.
        most_files: files, likewise.

    Raises:
        DatasetError: the disk is full.
        UnpackStopped: `should_stop` returned True.
    """
    files, rows = partial / "files", _read_rows(partial, writer)
    depths = {row["folder"]: row["depth"] for row in rows if row["folder"]}
    left = {row["archive"] for row in rows if row["folder"] is None}
    waiting = deque(path for path in _list_archives(files, "") if path not in left)
    _add_total(writer, files, waiting)
    while waiting:
        inside = waiting.popleft()
        depth = 1 + max((depths.get(str(up), 0) for up in PurePosixPath(inside).parents), default=0)
        staging = _staging(partial, inside)
        start, size = writer.now.read, (files / inside).stat().st_size
        folder = _unpack(files, inside, depth, staging, writer, most, most_files)
        row = {"archive": inside, "folder": folder, "depth": depth}
        writer.done["nested"] = row
        writer.now = replace(writer.now, read=start + size)
        writer.keep()
        append_jsonl(partial / "nested.jsonl", row)
        _put_in_place(partial, row)
        if folder:
            depths[folder] = depth
            new = _list_archives(files, folder)
            _add_total(writer, files, new)
            waiting += new


def _unpack(
    files: Path, inside: str, depth: int, staging: Path, writer: Writer, most: int, most_files: int
) -> str | None:
    """Unpack one archive into `staging`; return what the log says of it as `folder`."""
    path = files / inside
    size = path.stat().st_size
    try:
        if depth > MAX_DEPTH:
            raise DatasetError(f"{path.name} lies more than {MAX_DEPTH} archives deep.")
        if foreign := find_foreign(path.name):
            raise DatasetError(f"{path.name} is {foreign[1]}.")
        most = max(0, min(most_unpacked(path), most - writer.now.n_bytes))
        with open_archive(path, most) as archive:
            writer.check_space(archive.declared - size_of(staging))
        writer.write_archive(path, staging, "", most, most_files)
    except DiskError:
        raise
    except DatasetError as error:
        writer.restore()
        why = str(error).removeprefix(path.name).partition(". ")[0].rstrip(".")
        writer.skipped.add(STILL_PACKED, inside, why)
        return None
    now, folder = writer.now, _folder_beside(inside)
    if os.path.lexists(files / folder):
        folder = inside  # a folder with the archive's whole name
        if _holds(files / _folder_beside(inside), _content_of(staging, inside)):
            writer.restore()
            writer.skipped.add("repeated_archive", inside)
            now, folder = writer.now, ""
    # The archive itself was counted as a file, and goes.
    writer.now = replace(now, n_files=now.n_files - 1, n_bytes=now.n_bytes - size)
    return folder


def _put_in_place(partial: Path, row: dict[str, Any]) -> None:
    """Move what was unpacked to where its row says; does what is left to do of it."""
    files, inside, folder = partial / "files", row["archive"], row["folder"]
    staging = _staging(partial, inside)
    if folder is not None and staging.is_dir() and any(staging.iterdir()):
        (files / inside).unlink(missing_ok=True)
        if folder:
            _content_of(staging, inside).rename(files / folder)
    if staging.exists():
        shutil.rmtree(staging)


def _read_rows(partial: Path, writer: Writer) -> list[dict[str, Any]]:
    """Return the rows of the log, after doing what a killed unpacking left undone."""
    log, last = partial / "nested.jsonl", writer.done.get("nested")
    rows = [row for row in read_jsonl(log)[0] if row.keys() >= {"archive", "folder", "depth"}]
    if last is not None:
        rows += [last] if last not in rows else []
        with replaced_file(log) as whole:  # it may end with half a line
            whole.write_text("".join(map(format_line, rows)), encoding="utf-8")
        _put_in_place(partial, last)
    return rows


def _list_archives(files: Path, folder: str) -> list[str]:
    """Return the archives anywhere below a folder, relative to `files`, sorted."""
    paths = []
    for top, _, names in os.walk(files / folder):
        for name in filter(ENDS.fullmatch, names):
            path = Path(name)
            if find_foreign(name) or (stem_of(path) and not is_packed_file(path)):
                paths.append((Path(top) / name).relative_to(files).as_posix())
    return sorted(paths)


def _add_total(writer: Writer, files: Path, archives: Iterable[str]) -> None:
    size = sum((files / inside).stat().st_size for inside in archives)
    writer.now = replace(writer.now, total=writer.now.total + size)


def _staging(partial: Path, inside: str) -> Path:
    """Return the folder in which an archive is unpacked; its name may be of any length."""
    return partial / "nested" / hashlib.sha256(inside.encode()).hexdigest()[:20]


def _folder_beside(inside: str) -> str:
    path = PurePosixPath(inside)
    return str(path.with_name(stem_of(Path(path.name))))


def _content_of(staging: Path, inside: str) -> Path:
    """Return the folder that is to be named after the archive: all, or the only one within."""
    name, entries = PurePosixPath(_folder_beside(inside)).name, list(staging.iterdir())
    if len(entries) == 1 and entries[0].is_dir() and entries[0].name.lower() == name.lower():
        return entries[0]
    return staging


def _holds(folder: Path, content: Path) -> bool:
    """Whether all files below `content` lie below `folder`, too, byte by byte."""
    return all(
        (folder / path.relative_to(content)).is_file()
        and filecmp.cmp(path, folder / path.relative_to(content), shallow=False)
        for path in content.rglob("*")
        if path.is_file()
    )
