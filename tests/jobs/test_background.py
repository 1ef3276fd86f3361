"""In the background: started once, seen from outside, their failure said in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from xray_core.jobs import background
from xray_core.jobs.background import (
    forget_background,
    note_progress,
    read_background,
    start_background,
)
from xray_core.processes import own_handle
from xray_core.workspace import Workspace


class Processes:
    """Stands in for real processes: notes each command, and whether it still runs."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.alive = False

    def start(self, command: list[str], log: Path, environment: Any = None) -> str:
        self.commands.append(command)
        self.alive = True
        self.log = log
        return own_handle()

    @property
    def result(self) -> Path:
        return Path(self.commands[-1][-1])

    def stop(self, handle: str) -> None:
        self.alive = False


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    stand_in = Processes()
    monkeypatch.setattr(background, "start_detached", stand_in.start)
    monkeypatch.setattr(background, "is_alive", lambda handle: bool(handle) and stand_in.alive)
    monkeypatch.setattr(background, "terminate", stand_in.stop)
    return stand_in


def test_a_process_is_started_once_and_its_progress_seen(
    workspace: Workspace, processes: Processes
) -> None:
    assert read_background(workspace, "one").state == "missing"
    for _ in range(3):
        start_background(workspace, "one", ["audit", "folder"])

    [command] = processes.commands
    assert command[-5:] == ["audit", "folder", "--json", "--save", str(processes.result)]
    assert read_background(workspace, "one").state == "running"
    note_progress(processes.result)(30, 100)
    state = read_background(workspace, "one")
    assert (state.done, state.total) == (30, 100)


def test_progress_is_not_written_for_every_image(
    workspace: Workspace, processes: Processes
) -> None:
    start_background(workspace, "one", ["audit"])
    note = note_progress(processes.result)
    for done in range(1, 100):
        note(done, 100)

    assert read_background(workspace, "one").done == 1
    note(100, 100)
    assert read_background(workspace, "one").done == 100


def test_the_result_stays_and_is_not_made_again(workspace: Workspace, processes: Processes) -> None:
    start_background(workspace, "one", ["audit"])
    processes.result.write_text(json.dumps({"findings": 3}), encoding="utf-8")
    processes.alive = False

    assert read_background(workspace, "one").result == {"findings": 3}
    start_background(workspace, "one", ["audit"])
    assert len(processes.commands) == 1
    forget_background(workspace, "one")
    assert read_background(workspace, "one").state == "missing"


@pytest.mark.parametrize(
    ("log", "reason"),
    [("warming up\nerror: no such folder.\n", "no such folder."), ("", "without a word")],
)
def test_a_failure_is_told_and_can_be_tried_again(
    workspace: Workspace, processes: Processes, log: str, reason: str
) -> None:
    start_background(workspace, "one", ["audit"])
    processes.log.write_text(log, encoding="utf-8")
    processes.alive = False

    state = read_background(workspace, "one")
    assert state.state == "failed"
    assert reason in state.reason
    start_background(workspace, "one", ["audit"])
    assert len(processes.commands) == 2
    assert read_background(workspace, "one").state == "running"


def test_a_damaged_result_counts_as_none(workspace: Workspace, processes: Processes) -> None:
    start_background(workspace, "one", ["audit"])
    processes.result.write_text('{"findings": ', encoding="utf-8")
    processes.alive = False

    assert read_background(workspace, "one").state == "failed"
