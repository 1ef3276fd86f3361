"""Change detection: whether files came or went in a folder, or a table changed.

A folder's time of change moves when an entry comes, goes or gets another name, so the times of
all folders stand for the files in them, and a hundred thousand images cost nothing. Of tables,
which are edited where they lie, size and time count as well.

Not noticed: another file than a table that is overwritten in place, its name and its folder
staying as they are; what happens within one tick of the file system's clock (milliseconds, on
USB sticks two seconds) after a look. Links are followed as far as `xray_core.paths` allows.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from xray_core.errors import DatasetError
from xray_core.paths import lies_in, list_folder

TABLE_SUFFIXES = (
    *(
        ".csv",
        ".tsv",
        ".txt",
        ".xlsx",
        ".xlsm",
        ".json",
        ".xml",
        ".yaml",
        ".yml",
        ".names",
        ".csv.gz",
    ),
)
MAX_FILES = 2_000_000  # a whole disk was chosen, rather than a dataset
# A look at each place takes some microseconds, so looking once in this time is always cheap.
REST_SECONDS = 1e-4  # for each place looked at

Stamp = tuple[int, int]  # bytes (0: a folder, -1: nothing is there) and time of change in ns


class DatasetState:
    """How some places were when they were looked at.

    Attributes:
        digest: 64 hexadecimal digits, equal where all places are as they were.
    """

    def __init__(self, places: Iterable[Path]) -> None:
        """Look at `places`: folders with all below them, or files; they need not exist."""
        self._stamps: dict[str, Stamp] = {}
        self._refused: list[str] = []
        for place in places:
            self._look(str(place))
        # A link that may be followed from now on changes no folder.
        text = json.dumps([sorted(self._stamps.items()), sorted(self._refused)])
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self._looked = time.monotonic()

    def is_current(self, hurried: bool = False) -> bool:
        """Return whether all is as it was; no folder is listed.

        Args:
            hurried: whether the last look will do if it was a moment ago: 0.1 ms for each
                folder and table, so a second for a dataset of ten thousand folders.
        """
        now = time.monotonic()
        if hurried and now - self._looked < REST_SECONDS * len(self._stamps):
            return True
        if any(_stamp(place) != stamp for place, stamp in self._stamps.items()):
            return False
        self._looked = now
        return True

    def _look(self, top: str) -> None:
        own, followed, waiting, n_files = os.path.realpath(top), set[str](), [top], 0
        while waiting:
            place = waiting.pop()
            # Before it is listed: what comes in between is then seen at the next look.
            self._stamps[place] = _stamp(place)
            try:
                listing = list_folder(Path(place))
            except DatasetError:  # a file, nothing, or not for us; whoever reads it says so
                continue
            n_files += len(listing.files)
            if n_files > MAX_FILES:
                raise DatasetError(
                    f"{top} holds more than {MAX_FILES:,} files. Choose the folder of one dataset."
                )
            self._refused += [f"{place}/{name}" for name in listing.refused]
            for name in listing.folders:
                path = f"{place}/{name}"
                if name in listing.linked:
                    target = os.path.realpath(path)
                    # Looked at already, or about to be; or around what we look at.
                    if target in followed or lies_in(target, own) or lies_in(own, target):
                        continue
                    followed.add(target)
                waiting.append(path)
            for name in listing.files:
                if name.lower().endswith(TABLE_SUFFIXES):
                    self._stamps[f"{place}/{name}"] = _stamp(f"{place}/{name}")


def _stamp(place: str) -> Stamp:
    try:
        stats = os.stat(place)  # noqa: PTH116 - thousands of them: twice as fast as a Path
    except (OSError, ValueError):
        return -1, 0
    return 0 if stat.S_ISDIR(stats.st_mode) else stats.st_size, stats.st_mtime_ns
