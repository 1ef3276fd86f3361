"""Questions to another process: here one that counts, so that nothing waits for Keras."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_core.jobs import asking
from xray_core.jobs.asking import CANCELLED, DONE, FAILED, Question, ask, close_services
from xray_core.processes import PROJECT
from xray_core.workspace import Workspace

# Answers with twice the numbers given, one step for each; ends at once when told to.
COUNTING = """
import os, sys
from xray_core.explain import service
service.KINDS = {"double": "counting:double", "end": "counting:end", "wrong": "counting:wrong"}
sys.path.insert(0, sys.argv[1])
from xray_core.workspace import find_workspace
service.serve(find_workspace())
"""
KINDS = """
import os, time
from xray_core.errors import RunError

def double(workspace, arguments, progress):
    for step in range(arguments.get("steps", 1)):
        progress(step, arguments.get("steps", 1))
        time.sleep(arguments.get("pause", 0))
    print("a library talks")
    return {"values": 2 * arguments["values"], "home": str(workspace.folder)}

def end(workspace, arguments, progress):
    os._exit(3)

def wrong(workspace, arguments, progress):
    raise RunError("nothing here") if arguments["ours"] else KeyError("a fault")
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "counting.py").write_text(KINDS)
    command = [sys.executable, "-c", COUNTING, str(tmp_path)]
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setattr(asking, "xray_command", lambda *_: command)
    yield Workspace(tmp_path / "home")
    close_services()


def ended(workspace: Workspace, kind: str, arguments: dict[str, Any]) -> Question:
    question = ask(workspace, kind, arguments)
    assert question.wait(60)
    return question


def test_answers_come_back_with_their_arrays_and_failures_with_their_reason(
    workspace: Workspace,
) -> None:
    values = np.arange(6, dtype="float32").reshape(2, 3)
    answer = ended(workspace, "double", {"values": values, "steps": 3}).answer
    np.testing.assert_array_equal(answer["values"], 2 * values)
    assert answer["home"] == str(workspace.folder)
    assert ended(workspace, "wrong", {"ours": True}).reason == "nothing here"
    fault = ended(workspace, "wrong", {"ours": False})
    assert fault.state == FAILED
    assert "could not be computed (KeyError: 'a fault')" in fault.reason
    assert "KeyError" in (workspace.folder / "answers.log").read_text()


def test_a_question_can_be_cancelled_while_it_runs_or_waits(workspace: Workspace) -> None:
    values = np.zeros(1)
    running = ask(workspace, "double", {"values": values, "steps": 10_000, "pause": 0.01})
    waiting = ask(workspace, "double", {"values": values})
    while not running.total:
        time.sleep(0.01)
    waiting.cancel()
    assert waiting.state == CANCELLED
    running.cancel()
    assert running.wait(60)
    assert running.state == CANCELLED
    assert ended(workspace, "double", {"values": values}).answer["values"] == 0


def test_a_process_that_dies_fails_its_question_and_the_next_has_another(
    workspace: Workspace,
) -> None:
    values = np.ones(1)
    ended(workspace, "double", {"values": values})
    question = ended(workspace, "end", {})
    assert question.state == FAILED
    assert "ended before it had an answer" in question.reason
    assert ended(workspace, "double", {"values": values}).state == DONE
