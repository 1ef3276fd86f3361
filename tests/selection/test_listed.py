"""Lists of images that an address names."""

from pathlib import Path

import pytest

from xray_core.selection.listed import ListError, read_listed, write_listed
from xray_core.workspace import Workspace


def test_the_same_images_have_the_same_word_and_are_read_back(tmp_path: Path) -> None:
    workspace, folder = Workspace(tmp_path / "home"), tmp_path / "data"

    word = write_listed(workspace, folder, ["b", "a", "b"])

    assert write_listed(workspace, folder, ["a", "b"]) == word
    assert write_listed(workspace, folder, ["a"]) != word
    assert write_listed(workspace, tmp_path / "other", ["a", "b"]) != word
    assert read_listed(workspace, word, folder) == ["a", "b"]


def test_a_word_of_an_address_leads_nowhere_else(tmp_path: Path) -> None:
    workspace, folder = Workspace(tmp_path / "home"), tmp_path / "data"
    word = write_listed(workspace, folder, ["a"])
    (workspace.cache / "secret.json").write_text('{"folder": "", "image_ids": []}')
    (workspace.cache / "listed" / f"{'0' * 20}.json").write_text("[]")

    for given in ("", "../secret", "f" * 20, "0" * 20, "x" * 100_000):
        with pytest.raises(ListError, match="Choose the images again"):
            read_listed(workspace, given, folder)
    with pytest.raises(ListError, match="another dataset"):
        read_listed(workspace, word, tmp_path / "other")
