"""Whether all test sets of a workspace lie open, as somebody who works alone may let them.

<XRAY_HOME>/test_set.json     whether they do, since when, and who said so
"""

from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from xray_core.errors import RunError
from xray_core.files import read_json, stamp_file, utc_now, write_json
from xray_core.records import build_record
from xray_core.workspace import Workspace


@dataclass(frozen=True)
class AlwaysOpen:
    """test_set.json: whether every test set of the workspace lies open, since when and by whom."""

    always_open: bool = False
    by: str = ""
    time: str = ""


def read_always_open(workspace: Workspace) -> bool:
    """Whether the test set is always open here; what is damaged opens none, see `read_always`."""
    with suppress(RunError):  # whoever is asked to open one is told
        return read_always(workspace).always_open
    return False


def read_always(workspace: Workspace) -> AlwaysOpen:
    """Return whether the test set is always open here, and who said so; not so if nobody did.

    Raises:
        RunError: the file is damaged.
    """
    path = _always_path(workspace)
    return _read_always(str(path), stamp_file(str(path)))


def write_always_open(workspace: Workspace, always_open: bool, by: str = "") -> None:
    """Let the test set of every run of the workspace lie open from now on, or no more.

    Raises:
        RunError: the disk refuses.
    """
    values = AlwaysOpen(always_open, by, utc_now())
    try:
        write_json(_always_path(workspace), asdict(values))
    except OSError as error:
        path = _always_path(workspace)
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error


@lru_cache(maxsize=16)
def _read_always(path: str, stamp: object) -> AlwaysOpen:
    if stamp is None:
        return AlwaysOpen()
    try:
        return build_record(AlwaysOpen, read_json(Path(path)), "test_set")
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be used ({error}). Correct it, or delete it.") from error


def _always_path(workspace: Workspace) -> Path:
    return workspace.folder / "test_set.json"
