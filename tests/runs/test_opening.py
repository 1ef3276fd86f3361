"""Openings of test sets: each counted once, for its data and task, whatever is damaged."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.run_files import RECIPE, report_of
from xray_core.errors import RunError
from xray_core.evaluation.shown import describe_openings
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.always_open import read_always, read_always_open, write_always_open
from xray_core.runs.index import run_table
from xray_core.runs.opening import (
    OPENED,
    adopt_openings,
    count_damaged,
    find_opening,
    is_open,
    list_openings,
    note_external,
    open_test,
    openings_of,
)
from xray_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def write_run(
    workspace: Workspace, name: str, recipe: Recipe = RECIPE, subset: str = "test"
) -> Run:
    run = Run(workspace.runs / name)
    run.write_json("recipe.json", json.loads(recipe.to_json()))
    run.write_json("report.json", report_of([[3, 1], [1, 9]], ["no opacity", "opacity"], subset))
    return run


def test_a_run_is_opened_once_however_many_click(workspace: Workspace) -> None:
    run = write_run(workspace, "a")
    assert not is_open(run, workspace)
    with ThreadPoolExecutor(4) as clicks:
        counted = list(clicks.map(lambda who: open_test(run, workspace, who), "abcd"))
    assert sorted(counted) == [False, False, False, True]
    (opening,) = openings_of(run, workspace)
    assert opening == find_opening(run, workspace)
    assert (opening.run, opening.how) == ("a", "click")
    assert is_open(run, workspace)


def test_openings_count_for_their_data_and_task_alone(workspace: Workspace) -> None:
    first, second = write_run(workspace, "a"), write_run(workspace, "b")
    elsewhere = write_run(workspace, "c", replace(RECIPE, data_folder="/data/other"))
    for number, run in enumerate((first, second, elsewhere)):
        open_test(run, workspace, f"user {number}", "command")
    assert [opening.by for opening in openings_of(first, workspace)] == ["user 0", "user 1"]
    assert [opening.by for opening in openings_of(elsewhere, workspace)] == ["user 2"]
    # Another data's run that is evaluated on these images looks at them, too.
    assert note_external(elsewhere, Path(RECIPE.data_folder), RECIPE.task, workspace, "eva")
    assert not note_external(elsewhere, Path(RECIPE.data_folder), RECIPE.task, workspace, "eva")
    assert [opening.by for opening in openings_of(first, workspace)][2:] == ["eva"]


def test_a_look_at_other_data_is_no_opening_of_its_own(workspace: Workspace) -> None:
    elsewhere = write_run(workspace, "c", replace(RECIPE, data_folder="/data/other"))
    assert note_external(elsewhere, Path(RECIPE.data_folder), RECIPE.task, workspace, "eva")
    moved = write_run(workspace, "c")  # its data is registered there from now on
    (look,) = openings_of(moved, workspace)
    assert look.external
    assert not is_open(moved, workspace)
    assert not any("Its test set" in words for words in describe_openings(moved, [look]))


def test_where_nothing_is_closed_nothing_is_opened(workspace: Workspace) -> None:
    run = write_run(workspace, "a", subset="validation")
    assert not open_test(run, workspace)
    watched = write_run(workspace, "b")
    watched.write_json("report.json", watched.read_report() | {"watched": True})
    assert not open_test(watched, workspace)
    assert openings_of(run, workspace) == []
    with pytest.raises(RunError, match=r"has no report\.json"):
        open_test(Run(workspace.runs / "none"), workspace)


def test_damaged_lines_are_passed_over_and_counted(workspace: Workspace) -> None:
    run, other = write_run(workspace, "a"), write_run(workspace, "b")
    open_test(run, workspace)
    with workspace.openings.open("ab") as log:
        log.write(b'{"time": 3}\nnot JSON\n{"time": "torn')
    open_test(other, workspace)
    assert [opening.run for opening in openings_of(run, workspace)] == ["a", "b"]
    assert count_damaged(workspace) == 3
    workspace.openings.unlink()
    workspace.openings.mkdir()
    assert is_open(run, workspace), "its own folder says so"
    with pytest.raises(RunError, match="cannot be read"):
        openings_of(run, workspace)


def test_a_look_that_was_counted_stays_open_though_its_run_was_not_written(
    workspace: Workspace,
) -> None:
    run = write_run(workspace, "a")
    open_test(run, workspace)
    (run.folder / OPENED).unlink()  # killed before it was there
    assert is_open(run, workspace)
    assert not open_test(run, workspace)
    assert (run.folder / OPENED).exists()
    assert len(openings_of(run, workspace)) == 1


def test_an_opening_moves_with_its_run(workspace: Workspace, tmp_path: Path) -> None:
    run = write_run(workspace, "a")
    open_test(run, workspace, "ann")
    other = Workspace(tmp_path / "other")
    moved = write_run(other, "a", replace(RECIPE, data_folder="/home/ben/demo"))
    (moved.folder / OPENED).write_bytes((run.folder / OPENED).read_bytes())
    assert is_open(moved, other)
    assert [opening.by for opening in openings_of(moved, other)] == ["ann"]
    assert [adopt_openings(moved, other) for _ in range(2)] == [1, 0]
    again = write_run(other, "a-2", replace(RECIPE, data_folder="/home/ben/demo"))
    (again.folder / OPENED).write_bytes((run.folder / OPENED).read_bytes())
    assert adopt_openings(again, other) == 0
    assert [opening.run for opening in openings_of(again, other)] == ["a-2"]
    assert is_open(again, other)
    beside = write_run(other, "b", replace(RECIPE, data_folder="/home/ben/demo"))
    assert [opening.by for opening in openings_of(beside, other)] == ["ann"]


def test_always_open_opens_all_and_is_damaged_with_words(workspace: Workspace) -> None:
    run = write_run(workspace, "a")
    assert not read_always_open(workspace)
    write_always_open(workspace, True, "ann")
    assert is_open(run, workspace)
    assert read_always(workspace).by == "ann"
    write_always_open(workspace, False)
    later = write_run(workspace, "b")
    assert not is_open(later, workspace)
    (workspace.folder / "test_set.json").write_text("[]")
    assert not is_open(later, workspace)
    with pytest.raises(RunError, match="Correct it, or delete it"):
        read_always(workspace)


def test_whatever_is_shown_because_all_are_open_was_looked_at(workspace: Workspace) -> None:
    looked, shown = write_run(workspace, "a"), write_run(workspace, "b")
    watched = write_run(workspace, "c")
    watched.write_json("report.json", watched.read_report() | {"watched": True})
    for run in (looked, shown, watched):
        run.write_json("status.json", {})
    write_always_open(workspace, True, "ann")
    open_test(looked, workspace, "ben", "always")
    for _ in range(2):
        table = run_table(workspace).set_index("name")
        assert dict(table["test_set"]) == {"a": "open", "b": "open", "c": "watched"}
    write_always_open(workspace, False)
    openings = [(line.run, line.by, line.how) for line in list_openings(workspace)]
    assert openings == [("a", "ben", "always"), ("b", "ann", "always")]
    assert is_open(shown, workspace)
    assert dict(run_table(workspace).set_index("name")["test_set"])["b"] == "open"
