"""What classes mean: each entry is of a finding that its dataset has, and names its source."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.fakes import FAKES
from xray_core.datasets import READERS, open_dataset
from xray_core.tasks import (
    MEANINGS,
    NOTES,
    READING,
    TASKS,
    explain_classes,
    find_task,
    list_notes,
)


def list_named(dataset: str) -> Iterator[str]:
    """Yield every finding that a task of the dataset names."""
    for task in TASKS.values():
        if task.dataset == dataset:
            yield from (finding for group in task.classes.values() for finding in group)
            yield from task.negatives


@pytest.mark.parametrize("dataset", MEANINGS)
def test_each_entry_is_of_a_finding_that_the_tasks_name_and_has_a_source(dataset: str) -> None:
    assert set(MEANINGS[dataset]) <= set(list_named(dataset))
    for meaning in MEANINGS[dataset].values():
        assert meaning.source
        assert all(text.endswith(".") for text in (meaning.definition, meaning.caveat) if text)


def test_notes_are_of_known_datasets() -> None:
    assert NOTES.keys() <= READERS.keys()
    assert all(note.source and note.text for notes in NOTES.values() for note in notes)


def test_a_class_of_several_findings_has_the_meaning_of_each(siim_folder: Path) -> None:
    catalog = open_dataset(siim_folder, siim_folder.parent / "cache")
    task = find_task("siim_opacity")

    no_opacity, opacity = explain_classes(catalog, task, list(task.classes))

    assert list(no_opacity.meanings) == ["Negative for Pneumonia"]
    assert opacity.findings == task.classes["opacity"]
    assert list(opacity.meanings) == list(task.classes["opacity"])
    assert list_notes(catalog, READING)


def test_a_union_has_the_meanings_of_its_members_and_a_plain_folder_none(tmp_path: Path) -> None:
    FAKES["siim_radiography"](tmp_path / "union")
    FAKES["folder"](tmp_path / "plain")
    union = open_dataset(tmp_path / "union", tmp_path / "cache")
    plain = open_dataset(tmp_path / "plain", tmp_path / "cache")
    task = find_task("union_opacity")

    of_union = explain_classes(union, task, list(task.classes))
    [of_plain] = explain_classes(plain, find_task("folder_class"), ["thing"])

    assert {"Normal", "Negative for Pneumonia"} <= set(of_union[0].meanings)
    assert (of_plain.findings, of_plain.meanings) == ((), {})
    assert not list_notes(plain, READING)
