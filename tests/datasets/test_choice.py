"""Which reader a folder is for: what is weighed, what is said, and what is remembered."""

from pathlib import Path

import pytest

from tests.datasets.fakes import SIIM_FILES, fake_kermany, write_image
from xray_core import datasets
from xray_core.datasets import choose, memory
from xray_core.datasets.folder.mapping import FolderMapping, write_mapping
from xray_core.errors import DatasetError


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_was_seen_and_why_a_reader_was_chosen_is_said(tmp_path: Path) -> None:
    n_images = fake_kermany(tmp_path / "data" / "archive" / "xrays")

    choice = choose(tmp_path / "data")

    assert (choice.name, choice.root) == ("kermany", tmp_path / "data/archive/xrays")
    assert choice.notes[0].startswith(f"Seen: {n_images} image files in ")
    assert choice.notes[1] == "Folders around the dataset: archive/xrays."
    assert f"explains all {n_images} image files" in choice.notes[2]


def test_a_published_reader_that_would_leave_out_a_folder_is_named_but_not_chosen(
    tmp_path: Path,
) -> None:
    fake_kermany(tmp_path / "data")
    for subset in ("train", "test"):
        write_image(tmp_path / "data" / subset / "COVID19" / f"{subset}.png")

    choice = choose(tmp_path / "data")

    assert choice.name == "folder"
    [note] = [note for note in choice.notes if "looks like" in note]
    assert "Kermany" in note
    assert "train/COVID19 (1 images)" in note
    assert choose(tmp_path / "data", "kermany").name == "kermany"


def test_two_published_datasets_in_a_folder_are_not_guessed_between(tmp_path: Path) -> None:
    fake_kermany(tmp_path / "data")
    for name, content in SIIM_FILES.items():
        (tmp_path / "data" / name).write_bytes(content)

    with pytest.raises(DatasetError, match=r"several datasets: Kermany .*, SIIM.*--reader"):
        choose(tmp_path / "data")

    assert choose(tmp_path / "data", "siim_covid19").name == "siim_covid19"
    write_mapping(tmp_path / "data", FolderMapping(reader="kermany"))
    assert choose(tmp_path / "data").name == "kermany"


def test_another_process_recalls_a_choice_until_the_folder_changes(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kermany(tmp_path / "data")
    first = choose(tmp_path / "data", cache=workspace / "cache")

    def refuse(*_: object) -> None:
        raise AssertionError("the folder is weighed anew")

    monkeypatch.setattr(datasets, "choose_reader", refuse)
    monkeypatch.setattr(memory, "_choices", {})
    again = choose(tmp_path / "data")
    assert (again, again.notes) == (first, first.notes)
    monkeypatch.setattr(memory, "_choices", {})
    assert datasets.recall_dataset(tmp_path / "data") == (first.name, first.root)

    write_image(tmp_path / "data" / "new" / "a.png")
    with pytest.raises(AssertionError, match="weighed anew"):
        choose(tmp_path / "data")


def test_a_damaged_memory_is_no_memory(tmp_path: Path, workspace: Path) -> None:
    fake_kermany(tmp_path / "data")
    choose(tmp_path / "data", cache=workspace / "cache")
    [kept] = (workspace / "cache" / "choices").iterdir()
    for content in (b"", b"[]", b'{"name": 3}', b"\xff"):
        kept.write_bytes(content)
        memory._choices.clear()
        assert choose(tmp_path / "data").name == "kermany"
