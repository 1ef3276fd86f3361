"""What a person sees before a mapping is kept, what is still being changed, and who reads."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.fakes import FAKES, fake_kermany
from tests.datasets.kinds import KINDS, draw_kind
from xray_core import datasets
from xray_core.datasets import choose, recall_dataset
from xray_core.datasets.choice import Choice, choose_reader
from xray_core.datasets.chosen import (
    choose_automatically,
    choose_by_hand,
    list_fitting,
    read_chosen,
)
from xray_core.datasets.folder.draft import NAMING, UNUSED, start_draft, use_table
from xray_core.datasets.folder.mapping import (
    FolderMapping,
    MappedTable,
    find_mapping,
    format_mapping,
    place_in_workspace,
    read_mapping,
    write_mapping,
)
from xray_core.datasets.folder.preview import preview_reading
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.suggest import list_tables
from xray_core.datasets.folder.titles import describe_mapping
from xray_core.datasets.guess import guess_reading
from xray_core.errors import DatasetError


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("comma", "Image file ← filename · Label ← label · Patient ← patient"),
        ("columns of 0 and 1", "Findings ← covid, viral, mass"),
        ("tables joined by ids", "joined on subject_id · Findings ← Mass, No Finding"),
        ("fractions", "in fractions of the image"),
        ("a box in one cell", "Box in one cell ←"),
        ("labels with commas", "divided by a comma ,"),
        ("folder and file name", "Folder of the file ← folder"),
    ],
)
def test_a_guess_is_said_in_words_and_gives_what_is_expected(
    name: str, said: str, tmp_path: Path
) -> None:
    kind = KINDS[name]
    files, guess = guess_reading(draw_kind(tmp_path / "set", kind))
    assert guess is not None
    tables = FolderTables(files.root, files.images)

    assert any(said in words for _, words in describe_mapping(guess))
    assert start_draft(guess, list_tables(files)).build() == guess
    preview, samples = preview_reading(files, tables, guess)
    assert kind.classes is not None
    assert kind.classes.items() <= preview.labels.items()
    assert (preview.boxes, preview.patients) == (kind.boxes, kind.patients)
    assert len(samples) == 3
    sides = [side for sample in samples for box in sample.boxes for side in box]
    assert all(0 <= side <= 1 for side in sides)
    assert bool(sides) == bool(kind.boxes)


def test_a_draft_is_no_mapping_until_all_is_chosen(tmp_path: Path) -> None:
    files, guess = guess_reading(draw_kind(tmp_path / "set", KINDS["comma"]))
    tables = FolderTables(files.root, files.images)
    draft = start_draft(guess, list_tables(files))
    built = draft.build()

    use_table(draft, tables, "labels.csv", UNUSED)
    with pytest.raises(DatasetError, match="Choose a table"):
        draft.build()
    draft.tables["labels.csv"].columns.clear()
    use_table(draft, tables, "labels.csv", NAMING)  # is guessed anew
    assert draft.build() == built == guess
    draft.tables["labels.csv"].columns.pop("path")
    with pytest.raises(DatasetError, match="names the image file"):
        draft.build()
    assert built == guess  # what was built does not change with the draft


def test_names_of_folders_that_say_nothing_are_refused_in_a_sentence(tmp_path: Path) -> None:
    kind = KINDS["levels that nobody can tell apart"]
    files, _ = guess_reading(draw_kind(tmp_path / "set", kind))
    tables = FolderTables(files.root, files.images)

    with pytest.raises(DatasetError, match="^Classes repeat a subfolder.*Say what each level"):
        preview_reading(files, tables, FolderMapping())
    preview, _ = preview_reading(files, tables, FolderMapping(folders=("site", "class")))
    assert len(preview.labels) == 2


@pytest.fixture
def kermany(tmp_path: Path) -> Path:
    """Kermany's layout with one class more, so that its reader does not explain all."""
    fake_kermany(tmp_path / "set")
    shutil.copytree(tmp_path / "set/train/NORMAL", tmp_path / "set/train/COVID19")
    return tmp_path / "set"


@pytest.mark.parametrize("writable", [True, False])
def test_a_reader_is_chosen_by_hand_and_the_way_back(writable: bool, kermany: Path) -> None:
    assert (choose(kermany).name, list_fitting(kermany)) == ("folder", ["kermany"])
    if not writable:
        kermany.chmod(0o555)

    assert choose_by_hand(kermany, "kermany") == kermany
    assert choose(kermany).name == "kermany"
    assert read_chosen(kermany) == FolderMapping(reader="kermany")
    choose_automatically(kermany)

    assert (choose(kermany).name, find_mapping(kermany)) == ("folder", None)
    kermany.chmod(0o755)


def test_one_of_several_datasets_is_chosen_without_a_file_where_it_needs_none(
    tmp_path: Path,
) -> None:
    FAKES["kermany"](tmp_path / "both" / "chest_xray")
    FAKES["nih_chestxray14"](tmp_path / "both" / "nih")
    with pytest.raises(DatasetError, match="several datasets"):
        choose(tmp_path / "both")

    root = choose_by_hand(tmp_path / "both", "nih_chestxray14")

    assert root == tmp_path / "both" / "nih"
    assert choose(root).name == "nih_chestxray14"
    assert find_mapping(root) is None


def test_a_reader_that_does_not_fit_leaves_all_as_it_was(kermany: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read as NIH"):
        choose_by_hand(kermany, "nih_chestxray14")
    assert find_mapping(kermany) is None

    mapping = FolderMapping(tables=(MappedTable("a.csv", {"path": "x", "label": "y"}),))
    write_mapping(kermany, mapping)
    with pytest.raises(DatasetError, match="Change it, or delete it"):
        choose_by_hand(kermany, "kermany")
    choose_automatically(kermany)
    assert read_mapping(kermany) == mapping


def test_a_choice_without_which_the_folder_is_refused_stays(tmp_path: Path) -> None:
    kind = KINDS["classes"]
    folder = draw_kind(tmp_path / "set", kind)
    rows = "".join(f"{name},{number % 2}\n" for number, name in enumerate(kind.images))
    (folder / "labels.csv").write_text(f"file,label\n{rows}", "utf-8")
    write_mapping(folder, FolderMapping())
    assert choose(folder).name == "folder"

    with pytest.raises(DatasetError, match="waits to be mapped"):
        choose_automatically(folder)

    assert read_chosen(folder) == FolderMapping()


def test_names_of_files_are_said_and_read(tmp_path: Path) -> None:
    files, guess = guess_reading(draw_kind(tmp_path / "set", KINDS["labels at the end of names"]))
    assert guess is not None

    assert describe_mapping(guess)[0][1].startswith("the label stands at the end")
    preview, _ = preview_reading(files, FolderTables(files.root, files.images), guess)
    assert preview.labels == {"0": 3, "1": 3}


def test_why_a_folder_is_refused_is_looked_up_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []

    def count(folder: Path, *arguments: Any) -> Choice:
        looks.append(folder)
        return choose_reader(folder, *arguments)

    monkeypatch.setattr(datasets, "choose_reader", count)
    monkeypatch.setattr("xray_core.datasets.state.REST_SECONDS", 0)  # between two looks
    folder = draw_kind(tmp_path / "set", KINDS["comma"])
    for _ in range(3):
        with pytest.raises(DatasetError, match="waits to be mapped"):
            recall_dataset(folder)
    n_looks = len(looks)
    assert n_looks == 1

    (folder / "images" / "new.png").write_bytes((folder / "images" / "0.png").read_bytes())
    os.utime(folder / "images", (1, 1))  # the file system's clock may not have ticked since
    with pytest.raises(DatasetError, match="waits to be mapped"):
        recall_dataset(folder)
    assert len(looks) > n_looks
    _, guess = guess_reading(folder)
    assert guess is not None
    place = place_in_workspace(folder)
    place.parent.mkdir(parents=True)
    place.write_text(format_mapping(guess), "utf-8")
    assert recall_dataset(folder)[0] == "folder"
