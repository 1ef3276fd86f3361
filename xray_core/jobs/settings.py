"""What a workspace allows its queue: how many trainings at once, in all and for each user.

Kept in <workspace>/queue.json and read again by the worker each time it looks for work, so that a
change counts at once.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from xray_core.errors import JobError
from xray_core.files import read_json, write_json
from xray_core.records import build_record
from xray_core.workspace import Workspace


@dataclass(frozen=True)
class QueueSettings:
    """Limits of the queue.

    Attributes:
        slots: trainings at once; None for as many as GPUs are found, or one without a GPU.
        per_user: trainings of one user at once; None for no limit of its own.
        paused: whether nothing new is started. What runs goes on.
        standby: whether a standby process waits with TensorFlow imported, so that a training
            begins at once; it costs the memory of that. XRAY_STANDBY=0 in the worker's environment
            forbids it.
    """

    slots: int | None = None
    per_user: int | None = None
    paused: bool = False
    standby: bool = True

    def __post_init__(self) -> None:
        for name in ("slots", "per_user"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise JobError(f"{name} is {value!r}; give a whole number above 0, or none.")
        for name in ("paused", "standby"):
            if not isinstance(getattr(self, name), bool):
                raise JobError(f"{name} is {getattr(self, name)!r}; it is true or false.")


def read_settings(workspace: Workspace) -> QueueSettings:
    """Return the settings of a workspace; the default where nobody set any.

    Raises:
        JobError: the file is damaged.
    """
    path = _path(workspace)
    try:
        return build_record(QueueSettings, read_json(path), "queue")
    except FileNotFoundError:
        return QueueSettings()
    except (JobError, OSError, ValueError) as error:
        raise JobError(f"{path} cannot be used ({error}). Correct it, or delete it.") from error


def write_settings(workspace: Workspace, settings: QueueSettings) -> None:
    """Replace the settings; a worker that serves this workspace heeds them from now on.

    Raises:
        JobError: the disk refuses.
    """
    try:
        write_json(_path(workspace), asdict(settings))
    except OSError as error:
        raise JobError(f"{_path(workspace)} cannot be written: {error.strerror}.") from error


def _path(workspace: Workspace) -> Path:
    return workspace.folder / "queue.json"
