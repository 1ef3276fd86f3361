"""What people add to a run: tags and a note."""

import json

import pytest

from tests.runs.made_runs import make_run
from xray_core.errors import RunError
from xray_core.runs.notes import LONGEST_NOTE, MOST_TAGS, Notes, read_notes, write_notes
from xray_core.workspace import Workspace


def test_notes_come_back_cleaned(workspace: Workspace) -> None:
    run = make_run(workspace)
    assert read_notes(run) == Notes()

    write_notes(run, Notes(("  big   one ", "", "x", "x"), " Text. \n"))

    assert read_notes(run) == Notes(("big one", "x"), "Text.")


@pytest.mark.parametrize(
    "notes",
    [
        Notes(("x" * 41,)),
        Notes(tuple(f"tag {number}" for number in range(MOST_TAGS + 1))),
        Notes((), "x" * (LONGEST_NOTE + 1)),
    ],
)
def test_notes_that_are_too_long_are_refused_and_the_old_ones_kept(
    workspace: Workspace, notes: Notes
) -> None:
    run = make_run(workspace)
    write_notes(run, Notes(("kept",)))

    with pytest.raises(RunError, match="longer|too many|keep to"):
        write_notes(run, notes)

    assert read_notes(run) == Notes(("kept",))


def test_damaged_notes_are_named_and_can_be_written_anew(workspace: Workspace) -> None:
    run = make_run(workspace)
    (run.folder / "notes.json").write_text("{", encoding="utf-8")

    with pytest.raises(RunError, match=r"notes\.json is damaged"):
        read_notes(run)
    write_notes(run, Notes(("again",)))

    assert read_notes(run).tags == ("again",)


def test_notes_file_is_plain_json(workspace: Workspace) -> None:
    run = make_run(workspace)
    write_notes(run, Notes(("a",), "b"))

    text = (run.folder / "notes.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"tags": ["a"], "note": "b"}
