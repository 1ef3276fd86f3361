"""What bytes a table is made of: the text of a file that a spreadsheet or a script has saved."""

import codecs
import gzip
import io
import os
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import open_file
from xray_core.tables.limits import check_lines

MAX_TABLE_BYTES = 500_000_000
MAX_UNPACKED_BYTES = 300_000_000  # of a table that is packed, of which a small file may be much
HEAD = 32_768  # characters from which a separator is guessed
# The longer mark first: that of UTF-32 begins as that of UTF-16 does.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 4096  # looked at for NUL bytes, every other of which tells UTF-16
# Of a text in UTF-8 with a few damaged bytes, this many good characters go with each of them; in
# Windows-1252 nearly none is good by chance.
GOOD_PER_DAMAGED = 4
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")
# Western words seldom have so many letters beyond ASCII in a row; Chinese and Russian ones do.
RUN, LONG_RUN = re.compile(rb"[\x80-\xff]+"), 3
# Bytes that Windows-1252 lacks; more of them than a few, and than this share, are none of it.
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
FEW_UNDEFINED, MAX_UNDEFINED = 2, 0.1
# As Polish and Czech words of Windows-1250 look in it.
SIGN_IN_WORD = re.compile(
    r"[a-z\xdf-\xff][\xa2-\xa7\xa9\xac\xae\xaf\xb1-\xb3\xb6\xb9\xbc-\xbf][a-z\xdf-\xff]"
)
END_OF_FILE = b"\x1a"  # of DOS, which some programs still write
CHECKED = 100_000  # bytes from the beginning in which they are counted
MAX_CONTROLS = 0.01  # of them; beyond it, it is no text
# What is no table, whatever the file is called: how it begins, and what a person is to do.
KINDS = (
    (b"PK\x03\x04", "a workbook or zip archive: give it the ending .xlsx, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an Excel file of the old kind: save it as .xlsx or CSV"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document: save its table as CSV"),
    (b"<!doctype html", "a web page: download the table itself"),
    (b"<html", "a web page: download the table itself"),
    (b"version https://git-lfs", "a pointer of Git LFS: download the table itself"),
)


@dataclass(frozen=True)
class Decoded:
    """The text of a file.

    Attributes:
        content: in UTF-8, whatever the file had, without a byte order mark.
        encoding: of the file: "utf-8", "utf-16", "utf-32", "windows-1252" or "latin-1".
        notes: sentences on what was damaged.
    """

    content: bytes
    encoding: str
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it."""
        return self.content.decode("utf-8")

    @property
    def head(self) -> str:
        """The first `HEAD` characters and some more, or all."""
        return self.content[: 4 * HEAD].decode("utf-8", "ignore")

    def without_start(self, start: str) -> "Decoded":
        """Return it without the characters at its beginning."""
        return replace(self, content=self.content.removeprefix(start.encode()))


def read_text(path: Path, at_most: int | None = None) -> Decoded:
    """Return the text of a table, whatever program saved it; packed by gzip if it is called so.

    Args:
        path: the file.
        at_most: bytes to read, up to the last whole line among them; None for all.

    Raises:
        DatasetError: the file is missing or too large, may not be read, or holds no text.
    """
    try:
        with open_file(path) as file:
            content = _read_bytes(path, file, at_most)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DatasetError(f"{path} cannot be read: {why}.") from error
    content = content.removesuffix(END_OF_FILE)
    refuse_other_kinds(path, content)
    try:
        decoded = decode(content)
    except ValueError as error:
        raise DatasetError(
            f"{path} is no text: {error}. Save the table as CSV (UTF-8) and try again."
        ) from error
    return decoded


def _read_bytes(path: Path, file: BinaryIO, at_most: int | None) -> bytes:
    """Return what a file holds, unpacked; raise a DatasetError if it is too much for a table."""
    is_packed = path.suffix.lower() == ".gz"
    largest = MAX_UNPACKED_BYTES if is_packed else MAX_TABLE_BYTES
    limit = largest if at_most is None else at_most
    content = b""
    is_larger = False
    if is_packed:
        with gzip.open(file) as unpacked:
            content = unpacked.read(limit + 1)
        if at_most is None and len(content) <= limit:
            check_lines(path, io.BytesIO(content))
    elif at_most is None and os.fstat(file.fileno()).st_size > limit:
        is_larger = True  # and not even read
    else:
        if at_most is None:
            check_lines(path, file)
        content = file.read(limit + 1)
    if is_larger or (len(content) > limit and at_most is None):
        raise DatasetError(
            f"{path} is larger than {format_bytes(largest)}{', unpacked' * is_packed}. Leave "
            "columns out that say nothing of the images, or divide it into several tables."
        )
    return content if len(content) <= limit else _cut_lines(content[:limit])


def _cut_lines(content: bytes) -> bytes:
    """Return the whole lines at the beginning of a file's first bytes."""
    return content[: content.rfind(b"\n") + 1] or content


def refuse_other_kinds(path: Path, content: bytes) -> None:
    """Raise a DatasetError if a file begins as an image, an archive or a web page does."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for beginning, kind in KINDS:
        if start.startswith(beginning.lower()):
            raise DatasetError(f"{path} is no table, but {kind}.")


def decode(content: bytes) -> Decoded:
    r"""Return the text of `content`: UTF-8 where it fits, else UTF-16, Windows-1252 or Latin-1.

    >>> decode(b"a,\x96").text, decode("a,é".encode("utf-16-le")).encoding
    ('a,–', 'utf-16')

    Raises:
        ValueError: it is no text; the message says why.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            if encoding == "utf-8":
                return _check(_decode_single(content.removeprefix(mark), marked=True))
            return _check(_recode(content, encoding))
    if b"\0" not in content:
        return _check(_decode_single(content))
    sample = content[: min(SAMPLE_BYTES, len(content) // 2 * 2)]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    for few, many, encoding in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if few == 0 and many > len(sample) / 4:
            return _check(replace(_recode(content, encoding), encoding="utf-16"))
    raise ValueError(f"it holds {content.count(0):,} NUL bytes, so it is an image or the like")


def _recode(content: bytes, encoding: str) -> Decoded:
    return Decoded(content.decode(encoding).encode(), encoding)


def _decode_single(content: bytes, marked: bool = False) -> Decoded:
    """Return text of which most characters are one byte."""
    if content.isascii():  # a large table is not copied to find that out
        return Decoded(content, "utf-8")
    text = content.decode("utf-8", "replace")
    n_damaged = text.count("\ufffd")
    if not n_damaged or "\ufffd".encode() in content and text.encode() == content:
        return Decoded(content, "utf-8")
    n_good = sum(not sign.isascii() for sign in text) - n_damaged
    if marked or n_good >= GOOD_PER_DAMAGED * n_damaged:
        note = f"Damaged characters, which stand as \ufffd in the cells: {n_damaged:,}."
        return Decoded(text.encode(), "utf-8", (note,))
    if not _is_western(content[:CHECKED]):
        raise ValueError(
            "its letters are of an alphabet that nothing names, as in GB18030 or Windows-1251"
        )
    try:
        return _recode(content, "windows-1252")
    except UnicodeDecodeError:
        return _recode(content, "latin-1")


def _is_western(content: bytes) -> bool:
    """Whether bytes that are no UTF-8 may be Windows-1252: no long runs, no signs in words."""
    runs = RUN.findall(content)
    n_undefined = len(UNDEFINED.findall(content))
    if n_undefined > MAX_UNDEFINED * sum(map(len, runs)) and n_undefined > FEW_UNDEFINED:
        return False
    if sum(len(run) >= LONG_RUN for run in runs) > len(runs) / 2:
        return False
    return not SIGN_IN_WORD.search(content.decode("latin-1"))


def _check(decoded: Decoded) -> Decoded:
    if b"\0" in decoded.content:
        raise ValueError(f"it holds {decoded.content.count(0):,} NUL characters")
    start = decoded.content[:CHECKED]
    n_controls = len(CONTROLS.findall(start))
    if n_controls > MAX_CONTROLS * len(start):
        raise ValueError(f"it holds {n_controls:,} control characters")
    return decoded
