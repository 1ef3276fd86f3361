"""Looking into a zip without unpacking it: its files are read one at a time, and never written.

What `members.py` believes of an archive this believes, too: nothing.
"""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from xray_core.archives.foreign import SPLIT_ZIP, describe_foreign
from xray_core.archives.members import ALWAYS_ALLOWED_BYTES, BROKEN, MAX_UNPACKED_RATIO, ZIP
from xray_core.archives.names import Names, Skipped, to_slashes
from xray_core.errors import DatasetError
from xray_core.files import format_bytes

# Other ways of packing may take gigabytes of memory to unpack; hardly any program uses them.
READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LEAST_OF_FILE = 46  # bytes that the zip's list of its files takes for each
MOST_OF_FILE = 400  # that it takes for one on average, where names are long


def is_zip(start: bytes) -> bool:
    """Whether a file's first bytes are those of a zip."""
    return start.startswith(ZIP)


class ZipView:
    """An open zip.

    Attributes:
        paths: of its files, in their order, with forward slashes; those that `Names` accepts.
        skipped: the others.
    """

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self._name, self._archive, self.skipped = name, archive, Skipped()
        names = Names(self.skipped)
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where Unix did not write it
            path = to_slashes(info.filename)
            if path.endswith("/") or kind == stat.S_IFDIR:
                continue
            accepted = names.accept(path, info.file_size, kind in (0, stat.S_IFREG))
            if accepted is not None:
                self._infos[accepted] = info

    @property
    def paths(self) -> list[str]:
        return list(self._infos)

    def count_bytes(self, path: str) -> int:
        """Return how long a file says to be; it is no longer when it is read."""
        return self._infos[path].file_size

    def read(self, path: str) -> bytes:
        """Return what a file holds.

        Raises:
            DatasetError: it is damaged, or packed in a way that is not read.
        """
        info = self._infos[path]
        if info.compress_type not in READ:
            raise DatasetError(
                f"{self._name}/{path} is packed in a way that is not read. Unpack the zip by hand."
            )
        try:
            return self._archive.read(info)
        except (*BROKEN, OSError, NotImplementedError) as error:
            reason = str(error) or type(error).__name__
            raise DatasetError(
                f"{self._name}/{path} is damaged within its zip: {reason}. Make the zip again."
            ) from error


@contextmanager
def open_zip(name: str, file: BinaryIO, most_files: int) -> Iterator[ZipView]:
    """Open a zip for looking into it.

    Args:
        name: for messages.
        file: the zip; has to stay open.
        most_files: that it may hold.

    Raises:
        DatasetError: it is damaged, encrypted, split, holds more files, or would unpack to far
            more than its size lets expect.
    """
    with ExitStack() as stack:
        try:
            _check_list(name, file, most_files)
            archive = stack.enter_context(zipfile.ZipFile(file))
        except (*BROKEN, OSError, NotImplementedError) as error:
            if "multiple disks" in str(error):
                raise DatasetError(describe_foreign(SPLIT_ZIP, [name])) from error
            reason = str(error) or type(error).__name__
            raise DatasetError(
                f"{name} is damaged, not whole, or no zip: {reason}. Make it again."
            ) from error
        infos = archive.infolist()
        if len(infos) > most_files:
            raise _too_many(name, len(infos), most_files)
        if any(info.flag_bits & 1 for info in infos):
            raise DatasetError(
                f"{name} is encrypted. Unpack it with its password by hand, and give its images."
            )
        if any(info.volume for info in infos):
            raise DatasetError(describe_foreign(SPLIT_ZIP, [name]))
        packed = file.seek(0, 2)
        most = max(ALWAYS_ALLOWED_BYTES, MAX_UNPACKED_RATIO * packed)
        if sum(info.file_size for info in infos) > most:
            raise DatasetError(
                f"{name} has {format_bytes(packed)} and would unpack to more than "
                f"{format_bytes(most)}, as an archive does that is made to fill memory. Give its "
                "images by themselves."
            )
        yield ZipView(name, archive)


def _check_list(name: str, file: BinaryIO, most_files: int) -> None:
    """Refuse a zip whose list of files is too long, before it is read into memory as a whole."""
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if end is None:
        raise zipfile.BadZipFile("it has no list of its files at its end")
    n_bytes, n_files = int(end[zipfile._ECD_SIZE]), int(end[zipfile._ECD_ENTRIES_TOTAL])  # type: ignore[attr-defined]
    if n_bytes > most_files * MOST_OF_FILE + 65_536:
        raise _too_many(name, max(n_files, most_files + 1), most_files)


def _too_many(name: str, n_files: int, most_files: int) -> DatasetError:
    return DatasetError(
        f"{name} holds {n_files:,} files; at most {most_files:,} are read at once. Make smaller "
        "zips."
    )
