"""The members of a zip or tar archive that are safe to write, one after the other.

An archive may come from anywhere, so nothing in it is believed: not a name (it may lead out
of the folder), not a size (kilobytes may unpack to terabytes), not that the file is whole.
"""

import bz2
import gzip
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, cast

from xray_core.catalog import Remark
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import can_name_file, is_hidden, open_file

MAX_UNPACKED_RATIO = 100  # times its packed size that an archive may unpack to; images reach 10
ALWAYS_ALLOWED_BYTES = 256 * 2**20  # bytes that any archive may unpack to, however small it is
MAX_FILE_BYTES = 8 * 2**30  # bytes
MAX_READ_BYTES = 16 * 2**20  # bytes; tarfile takes some headers into memory as a whole
LONGEST_PART, LONGEST_PATH = 255, 1000  # bytes; what the common systems can write
KINDS = {
    "unsafe_name": "Members with a name that leads elsewhere or cannot be written, left out",
    "link": "Links and devices, left out",
    "repeated_name": "Members whose name came before, left out: the first is kept",
    "too_large": f"Members of more than {format_bytes(MAX_FILE_BYTES)}, left out",
}
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, ValueError, RecursionError),
)
GZIP = b"\x1f\x8b"
OPENERS: dict[bytes, Any] = {GZIP: gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Member:
    """One file in an archive; `content` can be read until the next member is asked for.

    Attributes:
        path: below the target folder, with forward slashes; safe to write.
        size: bytes, as the archive says.
        content: its bytes; raises one of `BROKEN` where the archive is damaged.
    """

    path: str
    size: int
    content: IO[bytes]


@dataclass
class Skipped:
    """What was left out: kind -> how many, and the first few names."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Count one member; `kind` is one of `KINDS`."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self.examples.setdefault(kind, [])
        if len(names) < N_EXAMPLES:
            # A name may be of any length and hold what no terminal or JSON file takes.
            names.append(ascii(name[:100])[1:-1])

    def remarks(self) -> list[Remark]:
        """Return one remark for each kind that occurred."""
        return [
            Remark(kind, n, f"{KINDS[kind]}: {n:,}.", tuple(self.examples.get(kind, ())))
            for kind, n in self.counts.items()
        ]


class Archive(Protocol):
    """An open archive.

    Attributes:
        declared: bytes that it unpacks to, as far as it says so; it may lie.
        position: bytes of the archive file that are behind us.
    """

    declared: int

    @property
    def position(self) -> int: ...

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        """Yield the files to be written below `folder`; count the others in `skipped`."""
        ...


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip or tar archive; its kind is told by its first bytes, not by its name.

    Raises:
        DatasetError: in here or while members are read: the archive is damaged, encrypted,
            of an unknown kind, or unpacks to far more than its size lets expect.
        OSError: the disk refuses.
    """
    with ExitStack() as stack:
        file = stack.enter_context(open_file(path))
        stack.enter_context(_reading(path))
        start = file.read(8)
        file.seek(0)
        if start.startswith(ZIP):
            yield _Zip(path, stack.enter_context(zipfile.ZipFile(file)))
        else:
            yield _Tar(path, file, start)


def most_unpacked(path: Path) -> int:
    """Return how many bytes an archive may unpack to before it counts as a bomb."""
    return max(ALWAYS_ALLOWED_BYTES, MAX_UNPACKED_RATIO * path.stat().st_size)


def describe_bomb(path: Path) -> DatasetError:
    """Return the error of an archive that unpacks to more than `most_unpacked`."""
    return DatasetError(
        f"{path.name} unpacks to more than {format_bytes(most_unpacked(path))}, far more than "
        "its size lets expect: so does an archive made to fill disks. If you trust it, unpack "
        "it by hand and put the folder in its place."
    )


def safe_path(name: str) -> str | None:
    r"""Return a member's name as a path below the target folder; None if it is not safe.

    >>> safe_path("./images//1.png"), safe_path("../1.png"), safe_path("C:\\1.png")
    ('images/1.png', None, None)
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts or name.startswith("/") or len(path.encode("utf-8", "replace")) > LONGEST_PATH:
        return None
    return path if all(map(_is_safe, parts)) else None


def _is_safe(part: str) -> bool:
    try:
        size = len(part.encode("utf-8"))
    except UnicodeEncodeError:
        return False  # bytes of an unknown encoding: no table could hold the name
    # Windows drops blanks and dots at the end, so that ".. " is "..", too.
    if size > LONGEST_PART or not part.strip(" .") or re.search(r"[\\:\x00-\x1f\x7f]", part):
        return False
    return can_name_file(part)


class _Names:
    """Sorts out the names of one archive; remembers those that came before."""

    def __init__(self, skipped: Skipped) -> None:
        self._skipped, self._seen = skipped, set[str]()

    def accept(self, name: str, size: int, is_file: bool) -> str | None:
        """Return the safe path of a member to be written, else None, after counting it."""
        # "." and what begins with ".." is a way, and for `safe_path` to tell.
        parts = (part for part in name.split("/") if part != "." and not part.startswith(".."))
        if any(map(is_hidden, parts)):
            return None
        path = safe_path(name)
        if path is None:
            self._skipped.add("unsafe_name", name)
        elif not is_file:
            self._skipped.add("link", name)
        elif size > MAX_FILE_BYTES:
            self._skipped.add("too_large", name)
        elif (key := os.path.normcase(path)) in self._seen:
            self._skipped.add("repeated_name", name)
        else:
            self._seen.add(key)
            return path
        return None


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive, self.position = path, archive, 0
        infos = archive.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise DatasetError(
                f"{path.name} is encrypted. Unpack it with its password by hand and put the "
                "folder in its place."
            )
        self.declared = sum(info.file_size for info in infos)
        if self.declared > most_unpacked(path):
            raise describe_bomb(path)

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        names = _Names(skipped)
        for info in self._archive.infolist():
            self.position += info.compress_size
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where Unix did not write it
            if info.filename.endswith("/") or kind == stat.S_IFDIR:
                continue
            is_file = kind in (0, stat.S_IFREG)
            if (name := names.accept(info.filename, info.file_size, is_file)) is None:
                continue
            with self._archive.open(info) as content:
                yield Member(name, info.file_size, content)


class _Tar:
    def __init__(self, path: Path, file: BinaryIO, start: bytes) -> None:
        opener = next((OPENERS[magic] for magic in OPENERS if start.startswith(magic)), None)
        self._path, self._file = path, file
        self._packed = opener is not None
        self._stream = _Checked(path, opener(file) if opener else file)
        self.declared = _declared_size(file, start)

    @property
    def position(self) -> int:
        return self._file.tell()

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        names = _Names(skipped)
        with tarfile.open(fileobj=cast(IO[bytes], self._stream), mode="r:") as archive:
            while info := archive.next():
                cast(Any, archive).members.clear()  # or it remembers every one of them
                if info.isdir():
                    continue
                is_file = info.isreg() and not info.issparse()
                if (name := names.accept(info.name, info.size, is_file)) is None:
                    continue
                if not _passes_filter(info, folder):
                    skipped.add("unsafe_name", info.name)
                    continue
                content = archive.extractfile(info)
                assert content is not None  # it is a regular file
                yield Member(name, info.size, content)
            # tarfile takes a header that it cannot read, or none, for the archive's end.
            if self._stream.last != bytes(tarfile.BLOCKSIZE):
                raise EOFError("it ends too soon")
            while self._packed and self._stream.read(2**20):
                pass  # up to the checksum behind all


class _Checked:
    """An unpacked stream that does not run on for ever, nor fill the memory."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path, self._stream, self.last = path, stream, b""
        self._most = most_unpacked(path)

    def read(self, n_bytes: int = -1) -> bytes:
        if not 0 <= n_bytes <= MAX_READ_BYTES:
            raise EOFError(f"a header of {n_bytes:,} bytes")
        if self._stream.tell() > self._most:
            raise describe_bomb(self._path)
        self.last = self._stream.read(n_bytes)
        return self.last

    def seek(self, position: int) -> int:
        if position > self._most:
            raise describe_bomb(self._path)
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _declared_size(file: BinaryIO, start: bytes) -> int:
    """Return what a tar archive says to unpack to, in bytes; what cannot be told is its size.

    Only reading all of a packed tar would tell. A gzip file ends with its size modulo 4 GiB;
    images hardly shrink, so the smallest that fits is a good guess.
    """
    packed = file.seek(0, os.SEEK_END)
    size = packed
    if start.startswith(GZIP) and packed > 18:
        file.seek(-4, os.SEEK_END)
        size = int.from_bytes(file.read(4), "little")
        while size < 0.99 * packed:
            size += 2**32
    file.seek(0)
    return size


def _passes_filter(info: tarfile.TarInfo, folder: Path) -> bool:
    """Whether Python's own filter lets a member through: a second look, by other eyes."""
    if not hasattr(tarfile, "data_filter"):  # before Python 3.11.4
        return True
    try:
        tarfile.data_filter(info, str(folder))
    except tarfile.FilterError:
        return False
    return True


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise DatasetError(
            f"{path.name} is packed in a way that Python cannot read ({error}). Unpack it with "
            "7-Zip or the like and put the folder in its place."
        ) from error
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the archive
        reason = str(error) or type(error).__name__
        raise DatasetError(
            f"{path.name} is damaged, not whole yet, or no archive: {reason}. Download it again; "
            "what is unpacked so far is kept."
        ) from error
