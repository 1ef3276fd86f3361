"""What was found out about folders, remembered in this process and in the workspace's cache.

    cache/choices/<key>.json     which reader a folder is for, while nothing in it changes

To tell which reader a folder is for, all its files are listed and perhaps a table is read. To tell
that nothing has changed since, a look at the times of its folders and tables is enough.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_core.datasets.choice import Choice
from xray_core.datasets.reader import READERS_VERSION
from xray_core.datasets.state import DatasetState
from xray_core.errors import DatasetError
from xray_core.files import read_json, write_json
from xray_core.paths import list_roots
from xray_core.workspace import find_workspace

_states: dict[tuple[Path, ...], DatasetState] = {}
_choices: dict[tuple[Path, str], "_Known"] = {}
_refusals: dict[Path, tuple[tuple[Path, ...], str, list[Path], DatasetError]] = {}
Mark = tuple[int, ...]


@dataclass(frozen=True)
class _Known:
    """A choice, the state in which it was made, and the marks of the folders on the way."""

    choice: Choice
    digest: str
    marks: dict[str, Mark]


def look_at(places: Iterable[Path], hurried: bool = False) -> DatasetState:
    """Return the state of some places, from memory while nothing changed; see `DatasetState`."""
    key = tuple(places)
    state = _states.get(key)
    if state is None or not state.is_current(hurried):
        state = _states[key] = DatasetState(key)
    return state


def recall_choice(folder: Path, reader: str, digest: str) -> Choice | None:
    """Return which reader a folder in a state was found to be for; None if nobody knows."""
    known = _recall(folder, reader)
    return known.choice if known is not None and known.digest == digest else None


def recall_roughly(folder: Path) -> Choice | None:
    """Return what was found for a folder, while neither it nor the folders on the way changed."""
    known = _recall(folder, "")
    if known is None or any(_mark(Path(place)) != mark for place, mark in known.marks.items()):
        return None
    return known.choice


def remember_choice(
    folder: Path, reader: str, digest: str, choice: Choice, cache: Path | None
) -> None:
    """Keep a choice for this process, and for others if there is a cache to write to."""
    way = [choice.place, *choice.place.parents]
    inside = [level for level in way if level == choice.place or level.is_relative_to(folder)]
    known = _Known(choice.bare, digest, {str(level): _mark(level) for level in inside})
    _choices[folder, reader] = known
    if cache is not None:
        content = {
            "name": choice.name,
            "root": str(choice.root),
            "place": str(choice.place),
            "notes": choice.notes,
            "digest": digest,
            "marks": known.marks,
        }
        with suppress(OSError):  # a disk that cannot be written to: the next process looks anew
            path = _path(cache, folder, reader)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, content)


def remember_refusal(
    folder: Path, places: Sequence[Path], state: DatasetState, error: DatasetError
) -> None:
    """Keep for this process why a folder was refused, while `places` stay in their state."""
    _refusals[folder] = tuple(places), state.digest, list_roots(), error


def recall_refusal(folder: Path) -> DatasetError | None:
    """Return why a folder was refused; None if it was not, or something changed since.

    A folder of a hundred thousand files that cannot be read would else be listed at every click.
    """
    if folder not in _refusals:
        return None
    places, digest, roots, error = _refusals[folder]
    is_same = roots == list_roots() and look_at(places, hurried=True).digest == digest
    return error if is_same else None


def _recall(folder: Path, reader: str) -> _Known | None:
    if (folder, reader) not in _choices:
        if not folder.is_dir():  # a run's data may be gone
            return None
        known = _read(_path(find_workspace().cache, folder, reader))
        if known is None:
            return None
        _choices[folder, reader] = known
    return _choices[folder, reader]


def _read(path: Path) -> _Known | None:
    """Return what is kept in a file; None if it is not there or damaged: it is found out anew."""
    try:
        content: Any = read_json(path)
        choice = Choice(
            str(content["name"]),
            Path(content["root"]),
            Path(content["place"]),
            tuple(map(str, content["notes"])),
        )
        marks = {str(place): tuple(mark) for place, mark in content["marks"].items()}
        return _Known(choice, str(content["digest"]), marks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _path(cache: Path, folder: Path, reader: str) -> Path:
    # What other readers would have said of the folder is nothing to go by.
    text = json.dumps([READERS_VERSION, str(folder), reader])
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return cache / "choices" / f"{key[:20]}.json"


def _mark(place: Path) -> Mark:
    """Return what changes when entries come or go, or when a link leads elsewhere."""
    try:
        stats = place.stat()
    except OSError:
        return ()
    return stats.st_dev, stats.st_ino, stats.st_mtime_ns
