"""The catalog that all pages share: it follows its folder, whatever way leads to it."""

import os
from pathlib import Path

import pytest

from pages.components.dataset import open_folder
from tests.datasets.fakes import FAKES, fake_kermany, write_image
from xray_core.workspace import Workspace


def test_images_added_to_a_class_folder_are_seen_at_the_next_click(workspace: Workspace) -> None:
    folder = workspace.data / "chest"
    n_images = fake_kermany(folder)
    assert len(open_folder(folder).images) == n_images
    folder_time = folder.stat().st_mtime_ns

    for number in range(5):
        write_image(folder / f"train/NORMAL/IM-0200-000{number}.jpeg", seed=number)

    assert folder.stat().st_mtime_ns == folder_time
    assert len(open_folder(folder).images) == n_images + 5


def test_images_added_to_a_member_of_a_union_are_seen_at_the_next_click(
    workspace: Workspace,
) -> None:
    union = workspace.data / "both"
    n_images = FAKES["siim_radiography"](union)
    assert len(open_folder(union).images) == n_images

    write_image(workspace.data / "both-radiography/COVID/images/COVID-8.png")

    assert len(open_folder(union).images) == n_images + 1


def test_nothing_is_listed_again_while_nothing_changes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_folder(workspace.demo_data)
    listed: list[str] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: (listed.append(str(place)), scan(place))[1])

    assert open_folder(workspace.demo_data) is first
    assert [one for one in listed if one.startswith(str(workspace.data))] == []


def test_a_dataset_is_one_whatever_way_leads_to_it(workspace: Workspace, tmp_path: Path) -> None:
    fake_kermany(workspace.data / "archive" / "chest_xray")
    (tmp_path / "link").symlink_to(workspace.data / "archive")

    catalog = open_folder(workspace.data / "archive")

    assert catalog.root == workspace.data / "archive" / "chest_xray"
    assert open_folder(catalog.root) is open_folder(tmp_path / "link") is catalog
