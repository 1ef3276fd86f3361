"""The workspace: where it is, and what lies where in it."""

from pathlib import Path

import pytest

from xray_core.workspace import Workspace, find_workspace


def test_the_environment_names_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "mine"))

    assert find_workspace() == Workspace(tmp_path / "mine")
    assert not (tmp_path / "mine").exists(), "finding a workspace must not create it"


@pytest.mark.parametrize("value", [None, ""])
def test_without_one_it_is_the_folder_workspace_here(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if value is None:
        monkeypatch.delenv("XRAY_HOME", raising=False)
    else:
        monkeypatch.setenv("XRAY_HOME", value)

    assert find_workspace().folder == tmp_path / "workspace"


def test_a_relative_workspace_is_made_absolute_and_a_tilde_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    monkeypatch.setenv("XRAY_HOME", "~/lab")
    assert find_workspace().folder == tmp_path / "lab"
    monkeypatch.setenv("XRAY_HOME", "lab")
    assert find_workspace().folder == tmp_path / "lab"


def test_every_place_is_inside_the_workspace_and_none_is_another(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    places = [workspace.data, workspace.runs, workspace.cache, workspace.queue, workspace.demo_data]

    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert workspace.demo_data.parent == workspace.data
