"""Where an image file is: on the disk, or in memory alone, as one that is dropped onto a page.

The readers of this room take either; a name is what they call a file in their messages.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from xray_core.paths import open_file, read_bytes


@dataclass(frozen=True, eq=False)
class Content:
    """A file that lies in memory; nothing of it is ever written.

    Attributes:
        name: for messages; its suffix counts as that of a file's name does.
        data: its bytes.
    """

    name: str
    data: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def suffix(self) -> str:
        """The end of its name from the last point on, as `Path.suffix`."""
        return PurePosixPath(self.name).suffix


Source = Path | Content


def open_source(source: Source) -> BinaryIO:
    """Open a file for reading; on the disk by the gate, see `paths.open_file`."""
    return BytesIO(source.data) if isinstance(source, Content) else open_file(source)


def read_source(source: Source) -> bytes:
    """Return what a file holds; see `open_source`."""
    return source.data if isinstance(source, Content) else read_bytes(source)


def count_bytes(source: Source) -> int:
    """Return the length of a file.

    Raises:
        OSError: it is missing.
    """
    return len(source.data) if isinstance(source, Content) else source.stat().st_size
