"""What the tests of jobs share: an empty workspace, and workers that are asked for in vain."""

from pathlib import Path

import pytest

from xray_core.home import Home
from xray_core.jobs import control, submit


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Home]:
    """The workspaces that a worker was asked for; none is started."""
    asked: list[Home] = []
    for module in (submit, control):
        monkeypatch.setattr(module, "ensure_worker", asked.append)
    return asked
