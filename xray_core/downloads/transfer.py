"""Downloading one published file: what has come is kept, and nothing unchecked is handed on.

A download that was killed, or whose connection broke, goes on where it stood (RFC 9110, section
14), unless the server has another file by now or always sends the whole: then it begins anew.
"""

import errno
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from xray_core.datasets.published import PublishedFile
from xray_core.downloads.partial import PartialFile, has_checksum
from xray_core.errors import DatasetError
from xray_core.files import format_bytes

CHUNK_BYTES = 2**18
RESERVED_BYTES = 2**30  # bytes of the disk that stay free
TIMEOUT_SECONDS = (20, 60)  # to connect, and between two pieces
WAIT_SECONDS = (1, 2, 4, 8, 16, 32)  # before each next attempt, as long as nothing new comes
MAX_WAIT_SECONDS = 120  # that a server may ask for
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})  # HTTP statuses that may pass
RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
HEADERS = {
    "User-Agent": "xray-lab",
    "Accept-Encoding": "identity",  # the file as it is, so that bytes can be counted
}


class _BrokenError(Exception):
    """An attempt ended before the file was whole; another may bring the rest."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait  # seconds that the server asks for


def fetch_file(
    file: PublishedFile, folder: Path, target: Path, report: Callable[[int], None]
) -> None:
    """Download a file, going on with what is there of it, check it, and move it to `target`.

    Args:
        file: what to download.
        folder: where it lies until it is whole: ours alone, one process at a time, and on the
            disk of `target`.
        target: where it is to be.
        report: called with the bytes that are there, often.

    Raises:
        DatasetError: the server cannot be reached, refuses or has another file, the disk
            refuses, or the checksum is wrong. What has come is kept, unless it is wrong.
    """
    partial = PartialFile(file, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not partial.is_begun():
            partial.forget()  # of an earlier file of that name, or of nobody knows which
        report(partial.n_bytes)
        _receive_all(partial, report)
        if not has_checksum(partial.path, file.checksum):
            partial.forget()
            raise DatasetError(
                f"{file.name} came whole, but is not what its authors published: its checksum is "
                f"not {file.checksum}. It was thrown away. Download it again; should that not "
                "help, the authors have changed the file: look at the dataset's own page."
            )
        partial.move(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full_disk(partial) from error
        raise DatasetError(
            f"{partial.path} cannot be written: {error.strerror or error}. What has come of it is "
            "kept."
        ) from error


def _receive_all(partial: PartialFile, report: Callable[[int], None]) -> None:
    """Try until the file is whole, or nothing new has come in as many tries as `WAIT_SECONDS`."""
    file, most, n_idle = partial.file, partial.n_bytes, 0
    while partial.n_bytes != file.n_bytes:
        try:
            _receive(partial, report)
        except _BrokenError as error:
            n_bytes = partial.n_bytes
            n_idle = 0 if n_bytes > most else n_idle + 1
            most = max(most, n_bytes)
            if n_idle > len(WAIT_SECONDS):
                raise DatasetError(
                    f"{file.name} cannot be downloaded from {file.address}: {error}. "
                    f"{format_bytes(n_bytes)} of {format_bytes(file.n_bytes)} are there and kept. "
                    "Check the internet connection and try again: it goes on from there."
                ) from error
            time.sleep(max(WAIT_SECONDS[max(0, n_idle - 1)], min(error.wait, MAX_WAIT_SECONDS)))


def _receive(partial: PartialFile, report: Callable[[int], None]) -> None:
    """Ask once for what is absent, and write what comes. Raises _BrokenError, DatasetError."""
    start, headers = partial.n_bytes, dict(HEADERS)
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator := partial.validator:
            headers["If-Range"] = validator  # a file that was changed comes whole
    try:
        # From the published address each time: where it leads to is often good for minutes only.
        answer = requests.get(
            partial.file.address, headers=headers, stream=True, timeout=TIMEOUT_SECONDS
        )
    except requests.RequestException as error:
        raise _BrokenError(f"the server cannot be reached ({_shorten(error)})") from error
    with answer:
        start = _begin(partial, answer, start)
        _write(partial, start, answer.raw.stream(CHUNK_BYTES, decode_content=False), report)


def _begin(partial: PartialFile, answer: requests.Response, start: int) -> int:
    """Return the byte of the file at which an answer begins: `start` or 0.

    Raises:
        _BrokenError: another attempt may help.
        DatasetError: it does not.
    """
    file, status, validator = partial.file, answer.status_code, _read_validator(answer)
    if file.address.startswith("https:") and not answer.url.startswith("https:"):
        raise _refuse(file, "it leads to an address without encryption")
    if status in BUSY:
        wait = answer.headers.get("Retry-After", "")
        raise _BrokenError(f"the server answers {status}", float(wait) if wait.isdecimal() else 0.0)
    if status == 416 and start:
        partial.forget()
        raise _BrokenError("the server has no more than had come")
    if status == 206 and start:
        match = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not match or int(match[1]) != start or partial.validator not in ("", validator):
            partial.forget()
            raise _BrokenError("the server sent the rest of another file")
        if match[2] not in ("*", str(file.n_bytes)):
            raise _refuse(file, f"it has {int(match[2]):,} bytes now, not {file.n_bytes:,}")
        return start
    if status != 200:
        raise _refuse(file, f"the server answers {status} {answer.reason}".strip())
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != file.n_bytes:
        raise _refuse(file, f"{int(length):,} bytes come, not {file.n_bytes:,}")
    partial.begin(validator)
    return 0


def _write(
    partial: PartialFile, start: int, pieces: Iterator[bytes], report: Callable[[int], None]
) -> None:
    """Write what comes at the end of what is there. Raises _BrokenError, DatasetError, OSError."""
    file = partial.file
    with partial.path.open("ab" if start else "wb") as target:
        while piece := _next_piece(pieces):
            if shutil.disk_usage(partial.path.parent).free < RESERVED_BYTES + len(piece):
                raise _full_disk(partial)
            start += len(piece)
            if start > file.n_bytes:
                break
            target.write(piece)
            target.flush()  # whoever is killed now leaves it
            report(start)
    if start > file.n_bytes:
        partial.forget()
        raise _refuse(file, f"more than {file.n_bytes:,} bytes come")
    if start < file.n_bytes:
        raise _BrokenError("the connection ended too early")


def _next_piece(pieces: Iterator[bytes]) -> bytes:
    """Return the next bytes; none at the end. Raises _BrokenError."""
    try:
        return next(pieces, b"")
    except (HTTPError, requests.RequestException) as error:
        raise _BrokenError(f"the connection broke ({_shorten(error)})") from error


def _read_validator(answer: requests.Response) -> str:
    """Return what tells whether the file is still the same; "" if the server does not say."""
    etag = answer.headers.get("ETag", "")
    # A weak one stands for files that differ in some bytes.
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _refuse(file: PublishedFile, reason: str) -> DatasetError:
    return DatasetError(
        f"{file.address} does not give {file.name} as its authors published it: {reason}. They may "
        "have changed or moved it: look at the dataset's own page."
    )


def _full_disk(partial: PartialFile) -> DatasetError:
    free = format_bytes(shutil.disk_usage(partial.path.parent).free)
    return DatasetError(
        f"{partial.path}: the disk is full: {free} are free, of which "
        f"{format_bytes(RESERVED_BYTES)} stay free. Free some space, or set XRAY_HOME to a folder "
        f"on a larger disk, and download again: it goes on with the "
        f"{format_bytes(partial.n_bytes)} that have come."
    )


def _shorten(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
