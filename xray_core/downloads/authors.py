"""Downloading a dataset's files from where its authors publish them, into the workspace.

data/.downloads/images_001.tar.gz        what has come so far, with a note beside it
data/.downloads/nih_chestxray14.begun    what was chosen, until all of it is there
data/images_001.tar.gz                   whole, and with its published checksum
data/Data_Entry_2017_v2020.csv           as all tables, which come first
"""

import re
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.datasets import READERS
from xray_core.datasets.published import PublishedFile
from xray_core.datasets.reader import Reader
from xray_core.downloads.partial import PartialFile, has_checksum, size_of
from xray_core.downloads.transfer import RESERVED_BYTES, fetch_file
from xray_core.errors import DatasetError
from xray_core.files import format_bytes, read_json, write_json
from xray_core.filling import fill_alone
from xray_core.workspace import Workspace

NUMBERS = re.compile(r"(\d+)(?:-(\d+))?")
ALL = "all"


@dataclass(frozen=True)
class Fetched:
    """What is in the workspace's `data/` after a download: the files, and what was odd."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def list_archives(reader: Reader) -> tuple[PublishedFile, ...]:
    """Return the files of a dataset that can be chosen; its tables always come along."""
    return tuple(file for file in reader.files if not file.is_table)


def choose_archives(reader: Reader, text: str) -> tuple[PublishedFile, ...]:
    """Return the archives that somebody names.

    Args:
        reader: of the dataset.
        text: names, with or without their suffixes, or numbers from 1 on, or ranges of these,
            separated by commas: "1,3-5" or "images_001"; "all" for all.

    Raises:
        DatasetError: the dataset has no such files, or none of that name or number.
    """
    archives = list_archives(reader)
    if not archives:
        raise DatasetError(
            f"The authors of {reader.title} publish no files under addresses of their own. Without "
            "--archives it comes from Kaggle, if it is there."
        )
    wanted: set[str] = set()
    for word in filter(None, (word.strip() for word in text.split(","))):
        numbers = NUMBERS.fullmatch(word)
        if word == ALL:
            names = [file.name for file in archives]
        elif numbers:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            names = [
                file.name for number, file in enumerate(archives, 1) if first <= number <= last
            ]
            if not 1 <= first <= last <= len(archives):
                names = []
        else:
            names = [file.name for file in archives if word in (file.name, _stem(file.name))]
        if not names:
            raise DatasetError(
                f"{reader.title} has no archive {word!r}. Name some of {archives[0].name} to "
                f"{archives[-1].name}, or numbers from 1 to {len(archives)}, such as 1,3-4, or all."
            )
        wanted.update(names)
    if not wanted:
        raise DatasetError(f"No archive of {reader.title} is named. Name one, such as 1, or all.")
    return tuple(file for file in archives if file.name in wanted)


def fetch_archives(
    name: str,
    workspace: Workspace,
    archives: Sequence[PublishedFile],
    report: Callable[[int, int], None] | None = None,
) -> Fetched:
    """Download archives of a dataset, and its tables, into the workspace's `data/`.

    A file of that name that lies there already is used as it is.

    Args:
        name: of the reader, one of `READERS`.
        workspace: the folders.
        archives: of `choose_archives`.
        report: called often with (bytes that are there, bytes in all).

    Raises:
        DatasetError: another process downloads the same, the disk has no room, or a file cannot
            be downloaded. What has come is kept for the next time.
    """
    with fill_alone(workspace.data / name, "downloading"):
        folder = _folder(workspace)
        files = [file for file in READERS[name].files if file.is_table or file in archives]
        absent = [file for file in files if not (workspace.data / file.name).exists()]
        _check_space(workspace, absent)
        begin_archives(name, workspace, archives)
        total = sum(file.n_bytes for file in files)
        before = total - sum(file.n_bytes for file in absent)
        for file in absent:

            def report_file(n_bytes: int, before: int = before) -> None:
                if report is not None:
                    report(before + n_bytes, total)

            fetch_file(file, folder, workspace.data / file.name, report_file)
            before += file.n_bytes
        notes = [_describe(file, workspace) for file in files if file not in absent]
        _begun_path(name, workspace).unlink(missing_ok=True)
        return Fetched(
            tuple(workspace.data / file.name for file in files), tuple(filter(None, notes))
        )


def begin_archives(name: str, workspace: Workspace, archives: Sequence[PublishedFile]) -> None:
    """Note what is to be downloaded, for `read_begun`. Raises OSError."""
    write_json(_begun_path(name, workspace), [file.name for file in archives])


def read_begun(name: str, workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the archives of a download that did not end; () if there is none."""
    try:
        names = read_json(_begun_path(name, workspace))
    except (OSError, ValueError):  # none, or damaged: it is chosen anew
        return ()
    known = {file.name for file in list_archives(READERS[name])}
    return tuple(name for name in names if name in known) if isinstance(names, list) else ()


def forget_begun(name: str, workspace: Workspace) -> None:
    """Delete what has come of a download that did not end. Raises DatasetError, OSError."""
    with fill_alone(workspace.data / name, "downloading"):
        for file in READERS[name].files:
            PartialFile(file, _folder(workspace)).forget()
        _begun_path(name, workspace).unlink(missing_ok=True)


def _check_space(workspace: Workspace, absent: Collection[PublishedFile]) -> None:
    """Raise DatasetError unless the disk has room for the files, and to unpack the archives."""
    needed = sum(file.n_bytes for file in absent)
    needed -= sum(size_of(_folder(workspace) / file.name) for file in absent)
    unpacked = sum(file.n_bytes for file in absent if not file.is_table)  # images hardly shrink
    free = max(0, shutil.disk_usage(workspace.data).free - RESERVED_BYTES)
    if needed + unpacked > free:
        raise DatasetError(
            f"{workspace.data}: no space to download: about {format_bytes(needed)} come, and "
            f"{format_bytes(unpacked)} more are unpacked from them, but {format_bytes(free)} can "
            f"be used, beside {format_bytes(RESERVED_BYTES)} that stay free. Choose fewer "
            "archives, free some space, or set XRAY_HOME to a folder on a larger disk."
        )


def _describe(file: PublishedFile, workspace: Workspace) -> str:
    """Say what is odd about a file that was there already; "" if it is as published."""
    path = workspace.data / file.name
    n_bytes = size_of(path)
    if n_bytes == file.n_bytes and has_checksum(path, file.checksum):
        return ""
    how = (
        f"it has {n_bytes:,} bytes, not {file.n_bytes:,}"
        if n_bytes != file.n_bytes
        else f"its checksum is not {file.checksum}"
    )
    return (
        f"{path} was there already and is used, but is not as its authors published it: {how}. "
        "To download it, delete or rename it."
    )


def _stem(name: str) -> str:
    return name.partition(".")[0]


def _folder(workspace: Workspace) -> Path:
    return workspace.data / ".downloads"


def _begun_path(name: str, workspace: Workspace) -> Path:
    return _folder(workspace) / f"{name}.begun"
