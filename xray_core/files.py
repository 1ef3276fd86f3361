"""Files that survive whatever is killed: replaced as a whole, or appended line by line.

Our own JSON is read here as well, and nowhere else: whatever a damaged file holds, reading it
ends in plain data that can be shown and stored, or in a ValueError in words.
"""

import errno
import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

MAX_JSON_BYTES = (
    32 * 2**20
)  # of a JSON file; the largest of ours, a report of 15 classes, has 10 MB
BYTE_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
PLAIN = frozenset((int, float, bool, type(None)))  # what of parsed JSON is always in bounds
MAX_LEVELS = 50  # objects and lists within each other; ours have six
MAX_CONTAINERS = 3_000_000  # objects and lists in all; a file of 700,000 boxes has as many
# Without effect on a plain file; a pipe without a writer would else be waited for. The second
# exists on Windows alone, where a file is text without it.
OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NotPlainError(OSError):
    """What was to be read is no plain file, but a folder, pipe, socket or device."""


class replaced_file:  # noqa: N801 - reads as a verb phrase in a with statement
    """Context that gives a temporary path beside `path` and renames it over `path` at the end.

    After an error the temporary file is removed and `path` stays as it was.

    Args:
        path: the file; its folder is made if need be.
        lasting: whether its content is on the disk before it takes the old one's place, so that a
            power failure leaves the old or the new file, whole. It costs 5 to 10 ms; what can be
            made again at once, such as a thumbnail, does without.
    """

    def __init__(self, path: Path, *, lasting: bool = True) -> None:
        self._path, self._lasting = path, lasting
        # The suffix stays last: Keras and Parquet go by it.
        self._partial = path.with_name(f".{uuid4().hex}.partial{path.suffix}")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                if self._lasting:
                    # The name itself may reach the disk later: until then the old file is there.
                    with self._partial.open("rb+") as written:
                        os.fsync(written.fileno())
                self._partial.replace(self._path)
        finally:
            self._partial.unlink(missing_ok=True)


def write_json(path: Path, values: Any, *, lasting: bool = True) -> None:
    """Write plain data as a JSON file that `read_json` reads, replacing it as a whole.

    Text that is no Unicode (of a file's name, say) and NUL are written as "�", and a number that is
    not finite as null. Raises OSError.
    """
    text = format_json(values)
    with replaced_file(path, lasting=lasting) as partial:
        partial.write_text(text, encoding="utf-8")


def format_json(values: Any) -> str:
    """Return plain data as the JSON text that `write_json` writes: any program can read it."""
    return _to_json(values, finite=True, indent=2)


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file for reading, links followed; nothing is waited for.

    Raises:
        NotPlainError: it is a folder, a pipe, a socket or a device.
        OSError: there is no such file, or it may not be read.
    """
    # Before it is opened, which some devices take for an order.
    _check_plain(path, path.stat().st_mode)
    descriptor = os.open(path, OPENING)
    try:
        _check_plain(path, os.fstat(descriptor).st_mode)  # it may have been replaced
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check_plain(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "it is no plain file, but a folder, pipe, socket or device"
        raise NotPlainError(errno.EINVAL, what, str(path))


def read_json(path: Path) -> Any:
    """Return what a JSON file of ours holds; see `parse_json`.

    Raises:
        OSError: there is no such file, or it may not be read.
        ValueError: it is damaged; the message says how.
    """
    with open_plain(path) as file:
        return parse_json(read_at_most(file, MAX_JSON_BYTES))


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """Return the rest of an open file. Raises ValueError if that is more than `most` bytes."""
    content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {format_bytes(most)}")
    return content


def parse_json(content: bytes | str, *, finite: bool = True) -> Any:
    """Return plain data that can be shown and stored: no text, number or depth is out of bounds.

    Args:
        content: UTF-8.
        finite: whether NaN and Infinity, which Python writes, are read as None; otherwise they
            stay as they are, for a loss may be no number.

    Raises:
        ValueError: it is no JSON text, or holds text that is no Unicode, a NUL, a number beyond
            64 bits, or too many levels.
    """
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        if not text.strip():
            raise ValueError("it is empty")
        # Each takes thirty times as much memory as it has characters.
        if text.count("[") + text.count("{") > MAX_CONTAINERS:
            raise ValueError(f"it has more than {MAX_CONTAINERS:,} lists and objects")
        values = json.loads(
            text,
            parse_int=_read_whole,
            parse_float=_read_finite if finite else None,
            parse_constant=(lambda name: None) if finite else None,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise ValueError(f"it has more than {MAX_LEVELS} levels") from error
    _check(values, 1)
    return values


def read_jsonl(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines of a log from byte `offset` on.

    Returns:
        The parsed lines, and the offset to go on from. A half-written last line, possible
        while its writer is at work or was killed, is left for the next time. What is no object,
        or nothing that `parse_json` takes, is left out.
    """
    try:
        with open_plain(path) as log:
            log.seek(offset)
            text = log.read()
    except FileNotFoundError:
        return [], offset
    whole = text[: text.rfind(b"\n") + 1]
    return _parse_lines(whole)[0], offset + len(whole)


def read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read a log of which each line counts; return its objects, and how many lines are none.

    Raises:
        OSError: there is no such file, or it may not be read.
    """
    with open_plain(path) as log:
        return _parse_lines(log.read())


def _parse_lines(text: bytes) -> tuple[list[dict[str, Any]], int]:
    lines, n_others = [], 0
    for line in filter(None, text.split(b"\n")):
        try:
            values = parse_json(line, finite=False)
        except ValueError:
            values = None  # the torn line of a killed writer, with a resumed one's line behind it
        if isinstance(values, dict):
            lines.append(values)
        else:
            n_others += 1
    return lines, n_others


def append_jsonl(path: Path, values: Mapping[str, Any]) -> None:
    """Append one line of JSON to a log that one process writes."""
    with path.open("a", encoding="utf-8") as log:
        log.write(format_line(values))


def append_line(path: Path, values: Mapping[str, Any], *, lasting: bool = False) -> None:
    """Append one line of JSON to a log; see `append_lines`."""
    append_lines(path, [values], lasting=lasting)


def append_lines(path: Path, lines: Sequence[Mapping[str, Any]], *, lasting: bool = False) -> None:
    """Append lines of JSON to a log that several processes write, at once and as a whole.

    Args:
        path: the log; its folder is there.
        lines: the values of each.
        lasting: whether they are on the disk before this returns; see `replaced_file`.
    """
    text = "".join(map(format_line, lines))
    with path.open("ab+", buffering=0) as log:
        if log.seek(0, os.SEEK_END):
            log.seek(-1, os.SEEK_END)
            # A writer that was killed in mid-line must not take these lines with it.
            text = text if log.read(1) == b"\n" else "\n" + text
        log.write(text.encode())
        if lasting:
            os.fsync(log.fileno())


def stamp_file(path: str) -> tuple[int, int, int] | None:
    """Return what changes with a file: time, size and number; None where there is none."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - thousands of them: twice as fast as a Path
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def format_line(values: Mapping[str, Any]) -> str:
    """Return a line of a log that `read_jsonl` reads; text is made good as by `write_json`."""
    return _to_json(dict(values), finite=False) + "\n"


def format_bytes(n_bytes: float) -> str:
    """Return a size for a person, in the units that disks are sold by.

    >>> [format_bytes(n_bytes) for n_bytes in (820_000, 3.4e6, 120e6, 7.25e9, 1.2e12)]
    ['820 kB', '3.4 MB', '120 MB', '7.2 GB', '1,200 GB']
    """
    fitting = ((unit, length) for unit, length in BYTE_UNITS if n_bytes >= length)
    unit, length = next(fitting, BYTE_UNITS[-1])
    decimals = 1 if unit != "kB" and n_bytes < 10 * length else 0
    return f"{n_bytes / length:,.{decimals}f} {unit}"


def utc_now() -> str:
    """Return the present time, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def parse_time(text: str) -> datetime | None:
    """Return a stored time, in UTC where it names no zone; None if it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _read_whole(digits: str) -> int:
    # Counted first: Python takes long to read a number of thousands of digits.
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise ValueError(f"it holds the number {digits[:20]}…, which is beyond 64 bits")
    return int(digits)


def _read_finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds the number {digits[:20]}, which is too large")
    return number


def _check(value: Any, level: int) -> None:
    """Raise ValueError if parsed data holds text that cannot be written, or is too deep."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if level > MAX_LEVELS:
            raise ValueError(f"it has more than {MAX_LEVELS} levels")
        if isinstance(value, dict):
            for name in value:
                _check_text(name)
        # Hundreds of reports are read for one list of runs: no call for what needs none.
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) is str:
                _check_text(item)
            elif type(item) not in PLAIN:
                _check(item, level + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("it holds text with a NUL in it")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError("it holds text that is no Unicode: half a sign") from error


def _to_json(values: Any, *, finite: bool, indent: int | None = None) -> str:
    try:
        text = json.dumps(values, indent=indent, allow_nan=not finite)
    except ValueError:  # a number that is not finite
        return json.dumps(_cleaned(values, finite), indent=indent)
    if "\\u0000" in text or "\\ud" in text:  # maybe: one character may be written as two
        return json.dumps(_cleaned(values, finite), indent=indent)
    return text


def _cleaned(value: Any, finite: bool) -> Any:
    """Return plain data as `write_json` writes it."""
    if isinstance(value, str):
        text = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text.replace("\0", "�")
    if isinstance(value, float):
        return value if math.isfinite(value) or not finite else None
    if isinstance(value, Mapping):
        return {_cleaned(name, finite): _cleaned(item, finite) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, finite) for item in value]
    return value
