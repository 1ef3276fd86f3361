"""The gate: every path that a user names and every file of a dataset passes it before it is read.

The environment variable XRAY_DATA_ROOTS (folders joined by the system's path separator) limits
what an app that is opened to a class may read. One rule holds for names and for links, in every
process that has the variable in its environment:

    not set     all that the user who runs the app may read
    set         what lies, links resolved, in one of these folders, in the workspace, or behind a
                link directly in the workspace's `data/`, which only who runs the app puts there
    ever        plain files alone: to open a pipe may wait for ever, and nothing in /proc or /sys
                is data

What a dataset's folder holds beyond that is left out and counted, never followed.
"""

import codecs
import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any

from xray_core.errors import DatasetError
from xray_core.files import (
    MAX_JSON_BYTES,
    NotPlainError,
    open_plain,
    parse_json,
    read_at_most,
)
from xray_core.workspace import find_workspace

ROOTS = "XRAY_DATA_ROOTS"
SYSTEM = ("/proc", "/sys")  # their files may wait for ever, too, or do something when read
# What operating systems leave behind: how such names begin, and whole names, in lower case.
HIDDEN_STARTS = (".", "__macosx", "@eadir", "$recycle.bin")
HIDDEN_NAMES = ("thumbs.db", "desktop.ini", "system volume information")
SHOWN = 100  # characters of a path that is too long
LONGEST_PART, LONGEST_PATH = 255, 4095  # bytes; what the common systems can write

# Names of devices on Windows, whatever suffix they have.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Listing:
    """What lies in one folder, but for what is hidden; names, each list sorted.

    Attributes:
        files: plain files, and links to such.
        folders: folders, and links to such.
        linked: those of `folders` that are links.
        refused: pipes, sockets, devices, names that are no text, and links that lead nowhere,
            in a circle or where this app may not read.
    """

    files: list[str]
    folders: list[str]
    linked: frozenset[str]
    refused: list[str]


def find_allowed(path: Path) -> Path:
    """Return a path that a user named, links resolved; nothing need be there.

    Raises:
        DatasetError: it lies where this app may not read, or is no path. Where roots are set the
            message is the same whatever is there.
    """
    try:
        _check_length(path.expanduser())
        real = Path(os.path.realpath(path.expanduser()))
    except (OSError, RuntimeError, ValueError) as error:  # an unknown user's home, a NUL
        if _roots():
            raise _outside(path) from error
        raise DatasetError(f"{str(path)!r} is no path: {error}.") from error
    if not _may_read(str(real)):
        raise _outside(path)
    return real


def _check_length(path: Path) -> None:
    """Refuse a path that no disk could hold: else the system would say so at every look."""
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return  # whoever looks for it finds that out
        longest = max((len(part) for part in path.parts), default=0)
        raise DatasetError(
            f"{str(path)[:SHOWN]}… is no path: it has {len(str(path)):,} characters, and a name of "
            f"{longest:,}; a name of {LONGEST_PART} bytes and a path of {LONGEST_PATH:,} are "
            "possible. Choose what is there."
        ) from error


def list_roots() -> list[Path]:
    """Return the folders that XRAY_DATA_ROOTS names; none where all may be read."""
    return _split(os.environ.get(ROOTS, ""))


def is_hidden(name: str) -> bool:
    """Whether the name of a file or folder is of something that an operating system left behind.

    >>> [is_hidden(name) for name in ("._a.jpg", "__MACOSX", "Thumbs.db", "a.jpg")]
    [True, True, True, False]
    """
    lower = name.lower()
    return lower.startswith(HIDDEN_STARTS) or lower in HIDDEN_NAMES


def is_file(path: Path) -> bool:
    """Whether a plain file is there, links followed, that this app may read."""
    return stat.S_ISREG(_mode_behind(str(path)))


def is_folder(path: Path) -> bool:
    """Whether a folder is there, links followed, that this app may read."""
    return stat.S_ISDIR(_mode_behind(str(path)))


def open_file(path: Path) -> BufferedReader:
    """Open a plain file for reading; the one way to the content of a file that is not ours.

    Raises:
        DatasetError: it is no plain file, or lies, links resolved, where this app may not read.
        OSError: it is missing or cannot be opened.
    """
    try:
        file = open_plain(path)
    except NotPlainError as error:
        raise DatasetError(
            f"{path} is no plain file, but a folder, pipe, socket or device. Leave it out."
        ) from error
    if not _may_read(_place_of(file.fileno(), path)):
        file.close()
        raise _outside(path)
    return file


def read_bytes(path: Path) -> bytes:
    """Return what a plain file holds; see `open_file`."""
    with open_file(path) as file:
        return file.read()


def read_data_json(path: Path) -> Any:
    """Return what a JSON file holds that came with a dataset; see `files.parse_json`.

    Raises:
        DatasetError: it is no plain file, or lies where this app may not read.
        OSError: it is missing or cannot be opened.
        ValueError: it is damaged, too large or too deep; the message says how.
    """
    with open_file(path) as file:
        return parse_json(read_at_most(file, MAX_JSON_BYTES).removeprefix(codecs.BOM_UTF8))


def list_folder(folder: Path, at_most: int | None = None) -> Listing:
    """Look at the names in a folder, and behind the links among them; no file is opened.

    Args:
        folder: where to look.
        at_most: how many entries, in no order; None for all.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    files, folders, linked, refused = list[str](), list[str](), list[str](), list[str]()
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, at_most):
                name = entry.name
                if is_hidden(name):
                    continue
                if not (name.isascii() or _is_text(name)):
                    refused.append(name.encode("utf-8", "surrogateescape").decode(errors="replace"))
                # What an entry is, the system tells with its name: no look at each file.
                elif entry.is_file(follow_symlinks=False):
                    files.append(name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                elif stat.S_ISDIR(mode := _mode_behind(entry.path)):
                    folders.append(name)
                    linked.append(name)
                else:
                    (files if stat.S_ISREG(mode) else refused).append(name)
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be listed: {error.strerror}. Change its permissions."
        ) from error
    return Listing(sorted(files), sorted(folders), frozenset(linked), sorted(refused))


def walk_folders(
    root: Path, refused: list[str], start: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder below `root`, relative to it, and the names of its files, sorted.

    Each folder comes once: those behind links come last, and a link that leads back into what was
    yielded, or to what holds `root`, is refused. Paths have forward slashes.

    Args:
        root: a dataset's folder.
        refused: gets the path, relative to `root`, of all that is left out; see `Listing`.
        start: the folder below `root` to begin at; "" for `root` itself, which is yielded as "".

    Raises:
        DatasetError: a folder cannot be listed.
    """
    above = os.path.realpath(root)
    seen: set[str] = set()
    first = root / start
    if start and not is_folder(first):
        if os.path.lexists(first):
            refused.append(start)
        return
    waiting, behind_links = [(start, os.path.realpath(first))], list[tuple[str, str]]()
    while waiting or behind_links:
        inside, real = waiting.pop() if waiting else behind_links.pop(0)
        leads_up = lies_in(above, real) and (real != above or bool(start))
        if real in seen or leads_up:
            refused.append(inside)
            continue
        seen.add(real)
        listing = list_folder(root / inside)
        prefix = f"{inside}/" if inside else ""
        refused += [prefix + name for name in listing.refused]
        for name in listing.folders:
            if name in listing.linked:
                target = os.path.realpath(root / inside / name)
                behind_links.append((prefix + name, target))
        waiting += [
            (prefix + name, os.path.join(real, name))  # noqa: PTH118 - compared as text
            for name in reversed(listing.folders)
            if name not in listing.linked
        ]
        yield inside, listing.files


def _mode_behind(path: str) -> int:
    """Return the kind of what a path leads to, as `st_mode`; 0 if it may not be followed."""
    try:
        real = os.path.realpath(path, strict=True)
        return os.stat(real).st_mode if _may_read(real) else 0  # noqa: PTH116 - is text already
    except (OSError, ValueError):  # leads nowhere, or in a circle
        return 0


def _may_read(real: str) -> bool:
    """Whether a path without links lies where this app may read."""
    if any(lies_in(real, top) for top in SYSTEM):
        return False
    roots = _roots()
    if not roots or any(lies_in(real, root) for root in roots):
        return True
    return any(lies_in(real, target) for target in _behind_data_links())


def _behind_data_links() -> Iterator[str]:
    """Yield what the links directly in the workspace's data folder lead to."""
    data = find_workspace().data
    if data.is_dir():
        with os.scandir(data) as entries:
            yield from (os.path.realpath(entry.path) for entry in entries if entry.is_symlink())


def can_name_file(part: str) -> bool:
    """Whether this system can write a file of this name; Windows refuses more than the others."""
    if sys.platform != "win32":
        return True
    return not (re.search(r'[<>"|?*]|[ .]$', part) or DEVICES.fullmatch(part))


def lies_in(real: str, folder: str) -> bool:
    """Whether a path without links is `folder` or lies somewhere below it."""
    real, folder = os.path.normcase(real), os.path.normcase(folder)
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)


def _roots() -> tuple[str, ...]:
    """Return the folders that may be read, without links; none where all may."""
    named = os.environ.get(ROOTS, "")
    return _resolve(named, os.environ.get("XRAY_HOME")) if named.strip(os.pathsep) else ()


@lru_cache(maxsize=8)  # it is asked for each file
def _resolve(named: str, _workspace: str | None) -> tuple[str, ...]:
    workspace = find_workspace()
    own = (
        workspace.folder,
        workspace.data,
        workspace.runs,
        workspace.cache,
    )  # each may lie on a disk of its own
    return tuple(os.path.realpath(path) for path in (*_split(named), *own))


def _split(named: str) -> list[Path]:
    return [Path(root).expanduser() for root in named.split(os.pathsep) if root]


def _outside(path: Path) -> DatasetError:
    # The path as it was given: what its links lead to is nobody's business who may not read it.
    if not _roots():
        return DatasetError(f"{path} is no data: nothing in {' or '.join(SYSTEM)} is read.")
    return DatasetError(
        f"{path} lies outside the folders that this app may read: "
        f"{', '.join(map(str, _split(os.environ[ROOTS])))}. Ask whoever runs the app to add it to "
        f"{ROOTS}."
    )


def _place_of(descriptor: int, path: Path) -> str:
    """Return where an open file lies, links resolved."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - no look at the disk
    except OSError:  # another system than Linux
        return os.path.realpath(path)


def _is_text(name: str) -> bool:
    """Whether a file name is valid text; an archive in a foreign encoding may leave others."""
    return not any("\ud800" <= sign <= "\udfff" for sign in name)
