"""The members of a zip or tar archive that are safe to write, one after the other.

An archive may come from anywhere, so nothing in it is believed: not a name (it may lead out
of the folder), not a size (kilobytes may unpack to terabytes), not that the file is whole.
"""

import bz2
import gzip
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, cast

from xray_core.archives.foreign import SPLIT_ZIP, describe_foreign, describe_start
from xray_core.archives.groups import is_packed_file, stem_of
from xray_core.archives.names import Names, Skipped, to_slashes
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import open_file

MAX_UNPACKED_RATIO = 100  # times its packed size that an archive may unpack to; images reach 10
ALWAYS_ALLOWED_BYTES = 256 * 2**20  # bytes that any archive may unpack to, however small it is
MAX_READ_BYTES = 16 * 2**20  # bytes; tarfile takes some headers into memory as a whole
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
        size: bytes, as the archive says; None where it does not.
        content: its bytes; raises one of `BROKEN` where the archive is damaged.
    """

    path: str
    size: int | None
    content: IO[bytes]


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
def open_archive(path: Path, most: int | None = None) -> Iterator[Archive]:
    """Open a zip or tar archive, or a packed file; its kind is told by its first bytes.

    Args:
        path: the archive; its name tells only whether a packed file may be something else
            than a tar archive.
        most: bytes that it may unpack to; None for `most_unpacked`.

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
        if foreign := describe_start(path.name, start):
            raise DatasetError(foreign)
        most = most_unpacked(path) if most is None else most
        if start.startswith(ZIP):
            yield _Zip(path, stack.enter_context(zipfile.ZipFile(file)), most)
            return
        declared = _declared_size(file, start)
        opener = next((OPENERS[magic] for magic in OPENERS if start.startswith(magic)), None)
        stream = _Checked(path, opener(file) if opener else file, most)
        if opener and is_packed_file(path) and not _is_tar(stream):
            yield _PackedFile(path, file, stream, declared)
        else:
            yield _Tar(file, stream, declared, packed=opener is not None)


def most_unpacked(path: Path) -> int:
    """Return how many bytes an archive may unpack to before it counts as a bomb."""
    return max(ALWAYS_ALLOWED_BYTES, MAX_UNPACKED_RATIO * path.stat().st_size)


def _describe_bomb(path: Path, most: int) -> DatasetError:
    return DatasetError(
        f"{path.name} unpacks to more than {format_bytes(most)}, far more than "
        "its size lets expect: so does an archive made to fill disks. If you trust it, unpack "
        "it by hand and put the folder in its place."
    )


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile, most: int) -> None:
        self._archive, self.position = archive, 0
        infos = archive.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise DatasetError(
                f"{path.name} is encrypted. Unpack it with its password by hand and put the "
                "folder in its place."
            )
        if any(info.volume for info in infos):
            raise DatasetError(describe_foreign(SPLIT_ZIP, [path.name]))
        self.declared = sum(info.file_size for info in infos)
        if self.declared > most:
            raise _describe_bomb(path, most)

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        names = Names(skipped)
        for info in self._archive.infolist():
            self.position += info.compress_size
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where Unix did not write it
            path = to_slashes(info.filename)
            if path.endswith("/") or kind == stat.S_IFDIR:
                continue
            is_file = kind in (0, stat.S_IFREG)
            if (name := names.accept(path, info.file_size, is_file)) is None:
                continue
            with self._archive.open(info) as content:
                yield Member(name, info.file_size, content)


class _Tar:
    def __init__(self, file: BinaryIO, stream: "_Checked", declared: int, packed: bool) -> None:
        self._file, self._stream, self._packed, self.declared = file, stream, packed, declared

    @property
    def position(self) -> int:
        return self._file.tell()

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        names = Names(skipped)
        with tarfile.open(fileobj=cast(IO[bytes], self._stream), mode="r:") as archive:
            while info := archive.next():
                cast(Any, archive).members.clear()  # or it remembers every one of them
                if info.isdir():
                    continue
                info.name = to_slashes(info.name)
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


class _PackedFile:
    """A single file that is packed by itself, such as `table.csv.gz`."""

    def __init__(self, path: Path, file: BinaryIO, stream: "_Checked", declared: int) -> None:
        self._path, self._file, self._stream, self.declared = path, file, stream, declared

    @property
    def position(self) -> int:
        return self._file.tell()

    def members(self, folder: Path, skipped: Skipped) -> Iterator[Member]:
        if name := Names(skipped).accept(stem_of(self._path), 0, is_file=True):
            yield Member(name, None, cast(IO[bytes], self._stream))


class _Checked:
    """An unpacked stream that does not run on for ever, nor fill the memory."""

    def __init__(self, path: Path, stream: IO[bytes], most: int) -> None:
        self._path, self._stream, self._most, self.last = path, stream, most, b""

    def read(self, n_bytes: int = -1) -> bytes:
        if not 0 <= n_bytes <= MAX_READ_BYTES:
            raise EOFError(f"a header of {n_bytes:,} bytes")
        if self._stream.tell() > self._most:
            raise _describe_bomb(self._path, self._most)
        self.last = self._stream.read(n_bytes)
        return self.last

    def seek(self, position: int) -> int:
        if position > self._most:
            raise _describe_bomb(self._path, self._most)
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _is_tar(stream: _Checked) -> bool:
    """Whether an unpacked stream begins with a header of tar; goes back to its beginning."""
    start = stream.read(tarfile.BLOCKSIZE)
    stream.seek(0)
    try:
        tarfile.TarInfo.frombuf(start, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


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
        if "multiple disks" in reason:
            raise DatasetError(describe_foreign(SPLIT_ZIP, [path.name])) from error
        raise DatasetError(
            f"{path.name} is damaged, not whole yet, or no archive: {reason}. Download it again; "
            "what is unpacked so far is kept."
        ) from error
