"""The leaderboard: validation decides, intervals say ties, others have no place."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.run_files import CLASSES, RECIPE, prediction_rows, report_of
from xray_core.evaluation.board_entry import OUTSIDE
from xray_core.evaluation.board_published import list_published
from xray_core.evaluation.leaderboard import (
    EARLIER_VERSION,
    NO_VALIDATION,
    build_board,
    find_places,
    list_boards,
)
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run, Status, Submission
from xray_core.runs.evaluated import KEY, sign_images
from xray_core.runs.index import run_table
from xray_core.runs.opening import open_test
from xray_core.workspace import Workspace

MATRIX = [[3, 1], [1, 9]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def figure(ends: Sequence[float]) -> dict[str, float]:
    return dict(zip(("low", "value", "high"), ends, strict=True))


def write_run(
    workspace: Workspace,
    name: str,
    validation: Sequence[float],
    test: Sequence[float] = (0.1, 0.2, 0.3),
    recipe: Recipe = RECIPE,
    **more: Any,
) -> Run:
    """Write a finished run with the AUCs of its two sets: low, value, high."""
    run = Run(workspace.runs / name)
    run.write_json("recipe.json", json.loads(recipe.to_json()))
    run.write_status(Status("done", ended_at="2026-03-01T10:00:30+00:00"))
    run.write_submission(Submission("ann"))
    own, tested = report_of(MATRIX, CLASSES, "validation"), report_of(MATRIX, CLASSES)
    own["metrics"] = own["metrics"] | {"auc": figure(validation)}
    tested["metrics"] = tested["metrics"] | {"auc": figure(test)}
    run.write_json("report.json", tested | {"validation": own} | more)
    return run


def list_places(workspace: Workspace, **options: Any) -> list[tuple[str, str]]:
    runs = run_table(workspace)
    [(folder, _, task, _)] = list_boards(runs)
    board = build_board(runs, folder, task, **options)
    return [(entry.title, entry.place) for entry in board.entries]


def test_the_validation_set_decides_even_where_the_test_set_says_otherwise(
    workspace: Workspace,
) -> None:
    write_run(workspace, "a", (0.90, 0.92, 0.94), test=(0.50, 0.55, 0.60))
    better_on_test = write_run(workspace, "b", (0.60, 0.70, 0.80), test=(0.95, 0.97, 0.99))
    for run in (better_on_test, Run(workspace.runs / "a")):
        open_test(run, workspace)
    assert list_places(workspace) == [("a", "1"), ("b", "2")]


def test_intervals_say_what_is_tied(workspace: Workspace) -> None:
    write_run(workspace, "a", (0.80, 0.90, 0.95))
    write_run(workspace, "b", (0.75, 0.85, 0.92))
    write_run(workspace, "c", (0.70, 0.74, 0.79))
    assert list_places(workspace) == [("a", "1–2"), ("b", "1–3"), ("c", "2–3")]
    runs = run_table(workspace)
    board = build_board(runs, *list_boards(runs)[0][::2])
    assert board.words[0].startswith("1–2: the intervals overlap")
    assert find_places([]) == []


def test_a_closed_test_set_gives_no_figure_and_an_open_one_its_own(workspace: Workspace) -> None:
    write_run(workspace, "a", (0.8, 0.9, 0.95))
    open_test(write_run(workspace, "b", (0.7, 0.8, 0.85)), workspace)
    runs = run_table(workspace)
    first, second = build_board(runs, *list_boards(runs)[0][::2]).entries
    assert (first.test, first.test_set) == (None, "closed")
    assert second.test
    assert (second.test.value, second.test.n, second.by) == (0.2, 14, "ann")


def test_what_cannot_be_compared_has_no_place_and_says_why(workspace: Workspace) -> None:
    for number in range(2):
        write_run(workspace, f"{number}", (0.7, 0.8, 0.9))
    other = change_recipe(replace(RECIPE, data_folder=""), {"split.seed": 1})
    other = replace(other, data_folder=RECIPE.data_folder)
    write_run(workspace, "other split", (0.9, 0.95, 0.99), recipe=other)
    write_run(workspace, "watched", (0, 0, 0), test=(0.97, 0.98, 0.99), watched=True)
    write_run(workspace, "elsewhere", (0.6, 0.7, 0.8)).write_json(
        "origin.json", {"kind": "predictions", "words": "Predictions from elsewhere: x.csv"}
    )
    runs = run_table(workspace)
    board = build_board(runs, *list_boards(runs)[0][::2])
    marks = {entry.title: (entry.place, " ".join(entry.marks)) for entry in board.entries}
    assert marks["other split"] == (OUTSIDE, "validated on other images than most")
    assert "seed 1" in next(one.split for one in board.entries if one.title == "other split")
    assert marks["watched"][0] == OUTSIDE
    assert "too good" in marks["watched"][1]
    assert marks["elsewhere"] == ("1–3", "Predictions from elsewhere: x.csv")


def held_rows(names: str) -> pd.DataFrame:
    """Return predictions on a test set, and on validation images of these names."""
    tested = prediction_rows(CLASSES)
    held = tested.iloc[[0] * len(names)].assign(subset="validation", image_id=list(names))
    return pd.concat([tested, held], ignore_index=True)


def test_runs_are_compared_on_the_same_images_however_they_were_divided(
    workspace: Workspace,
) -> None:
    other = change_recipe(replace(RECIPE, data_folder=""), {"split.seed": 1})
    other = replace(other, data_folder=RECIPE.data_folder)
    recipes = {"one": RECIPE, "same": other, "else": RECIPE, "signed": other}
    for name, recipe in recipes.items():
        run = write_run(workspace, name, (0.7, 0.8, 0.9), recipe=recipe)
        run.write_table("predictions.parquet", held_rows("vwz" if name == "else" else "xwv"))
    report = run.read_report()
    report["validation"][KEY] = sign_images(held_rows("vwx"), "validation")
    run.write_json("report.json", report)
    (run.folder / "predictions.parquet").unlink()  # the report says it
    assert dict(list_places(workspace)) == {
        "one": "1–3",
        "same": "1–3",
        "signed": "1–3",
        "else": OUTSIDE,
    }


def test_a_run_without_a_validation_figure_stands_last_and_says_why(workspace: Workspace) -> None:
    write_run(workspace, "a", (0.5, 0.6, 0.7))
    for name, names in (("b", ""), ("c", "vw")):
        run = write_run(workspace, name, (0, 0, 0), test=(0.97, 0.98, 0.99))
        run.write_table("predictions.parquet", held_rows(names))
        report = run.read_report()
        del report["validation"]
        run.write_json("report.json", report)
        open_test(run, workspace)
    as_said = {"kind": "predictions", "words": "x.csv", "as_said": True}
    Run(workspace.runs / "b").write_json("origin.json", as_said)
    runs = run_table(workspace)
    first, *others = build_board(runs, *list_boards(runs)[0][::2], published=False).entries
    assert first.title == "a"
    assert {entry.title: entry.marks[-1] for entry in others} == {
        "b": NO_VALIDATION,
        "c": EARLIER_VERSION,
    }
    assert next(entry.split for entry in others if entry.title == "b") == "as the file says"


def test_tasks_and_datasets_have_boards_of_their_own(workspace: Workspace) -> None:
    write_run(workspace, "a", (0.7, 0.8, 0.9))
    write_run(workspace, "b", (0.7, 0.8, 0.9), recipe=replace(RECIPE, data_folder="/data/other"))
    folders = [board[0] for board in list_boards(run_table(workspace))]
    assert folders == ["/data/other", "/data/demo"]


@pytest.mark.parametrize("task", sorted({recipe.task for recipe in PUBLISHED.values()}))
def test_published_results_are_shares_with_their_images_and_no_interval(task: str) -> None:
    for by in ("auc", "balanced_accuracy", "accuracy"):
        for entry in list_published(task, by):
            assert 0 < entry.shown < 1
            assert (entry.place, entry.run, entry.marks[-1]) == (OUTSIDE, "", "no interval")


def test_published_results_of_the_thesis_stand_among_the_runs() -> None:
    [first, *_] = list_published("siim_opacity", "accuracy")
    assert first.validation
    assert (first.validation.value, first.validation.n) == (0.8017, 1266)
