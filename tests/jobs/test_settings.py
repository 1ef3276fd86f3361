"""The queue's settings: kept in a file, checked whoever wrote it."""

from pathlib import Path
from typing import Any

import pytest

from xray_core.errors import JobError
from xray_core.jobs import QueueSettings, read_settings, write_settings
from xray_core.workspace import Workspace


def test_settings_come_back_as_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new")
    assert read_settings(workspace) == QueueSettings(slots=None, per_user=None, paused=False)

    write_settings(workspace, QueueSettings(3, 1, paused=True))

    assert read_settings(workspace) == QueueSettings(3, 1, paused=True)


@pytest.mark.parametrize(
    "values", [{"slots": 0}, {"slots": "2"}, {"per_user": -1}, {"paused": "yes"}]
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    [(name, value)] = values.items()

    with pytest.raises(JobError, match=f"{name} is {value!r}"):
        QueueSettings(**values)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"slots": 0}'])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "queue.json").write_text(text)

    with pytest.raises(JobError, match=r"queue\.json cannot be used .*Correct it, or delete it"):
        read_settings(Workspace(tmp_path))


def test_settings_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "queue.json").write_text('{"slots": 2, "from_the_future": 1}')

    assert read_settings(Workspace(tmp_path)).slots == 2


def test_a_disk_that_refuses_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(JobError, match="cannot be written"):
        write_settings(Workspace(tmp_path / "file"), QueueSettings())
