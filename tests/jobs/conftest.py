"""What the tests of jobs share: an empty workspace, and workers that are asked for in vain."""

from pathlib import Path

import pytest

from xray_core.jobs import control, submit
from xray_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Workspace]:
    """The workspaces that a worker was asked for; none is started."""
    asked: list[Workspace] = []
    for module in (submit, control):
        monkeypatch.setattr(module, "ensure_worker", asked.append)
    return asked
