"""What has come of a published file so far, and which file it is the beginning of.

<folder>/images_001.tar.gz           its first bytes
<folder>/images_001.tar.gz.json      the checksum it is to have, and the server's mark of it
"""

import hashlib
from pathlib import Path

from xray_core.datasets.published import PublishedFile
from xray_core.files import read_json, write_json


class PartialFile:
    """The beginning of a published file; all methods raise OSError where the disk refuses."""

    def __init__(self, file: PublishedFile, folder: Path) -> None:
        self.file, self.path = file, folder / file.name
        self._note = folder / f"{file.name}.json"

    @property
    def n_bytes(self) -> int:
        """How many bytes have come."""
        return size_of(self.path)

    @property
    def validator(self) -> str:
        """The server's mark of the file that was begun (ETag or Last-Modified); "" if none."""
        return self._read_note().get("validator", "")

    def is_begun(self) -> bool:
        """Whether what has come is of this very file, as far as its publisher is to be believed."""
        return self._read_note().get("checksum") == self.file.checksum

    def begin(self, validator: str) -> None:
        """Note that what comes from now on is this file; see `validator`."""
        self.path.unlink(missing_ok=True)
        write_json(self._note, {"checksum": self.file.checksum, "validator": validator})

    def forget(self) -> None:
        """Delete what has come."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def move(self, target: Path) -> None:
        """Put the file, now that it is whole and checked, in its place."""
        self.path.replace(target)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> dict[str, str]:
        try:
            note = read_json(self._note)
        except (OSError, ValueError):  # none, or damaged: then nobody knows what was begun
            return {}
        return {name: str(value) for name, value in note.items()} if isinstance(note, dict) else {}


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file has a checksum; see `PublishedFile`. Raises OSError."""
    algorithm, _, expected = checksum.partition(":")
    with path.open("rb") as content:
        # MD5 is what authors publish: it tells damage, not malice; some systems ask for that word.
        digest = hashlib.file_digest(
            content, lambda: hashlib.new(algorithm, usedforsecurity=algorithm != "md5")
        )
    return digest.hexdigest() == expected


def size_of(path: Path) -> int:
    """Return the bytes of a file; 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
