"""The run index: one table of all runs."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.datasets.fakes import FAKES
from tests.runs.made_runs import NAME, make_run
from xray_core import files
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, list_runs
from xray_core.runs.always_open import write_always_open
from xray_core.runs.index import list_running, run_table
from xray_core.runs.notes import Notes, write_notes
from xray_core.workspace import Workspace


def write_report(
    run: Run, accuracy: float | None, auc: float | None, validation: float = 0.625, **more: Any
) -> None:
    """Write the figures of a report, and open its test set."""
    figures = {"accuracy": {"value": accuracy}, "auc": {"value": auc}}
    own = {"n": 40, "metrics": {"accuracy": {"value": validation, "low": 0.5, "high": 0.75}}}
    report = {"subset": "test", "n": 60, "metrics": figures, "validation": own}
    run.write_json("report.json", report | more)
    write_always_open(Workspace(run.folder.parents[1]), True)


def test_the_table_holds_what_the_small_files_say_newest_first(workspace: Workspace) -> None:
    run = make_run(
        workspace, val_accuracy=0.8, message="Well.", ended_at="2026-03-01T10:05:00+00:00"
    )
    run.write_json("submission.json", {"user": "Ana"})
    write_report(run, accuracy=0.75, auc=None)
    write_notes(run, Notes(("baseline", "week 2"), "Looks fine."))
    make_run(workspace, "20260302-100000-demo_cnn", "failed")

    table = run_table(workspace)

    assert table["name"].tolist() == ["20260302-100000-demo_cnn", NAME]
    row = table.iloc[1].to_dict()
    assert row["state"] == "done"
    assert row["message"] == "Well."
    assert (row["recipe"], row["title"]) == ("demo_cnn", PUBLISHED["demo_cnn"].title)
    assert (row["data"], row["user"]) == ("demo", "Ana")
    assert (row["tags"], row["note"]) == (("baseline", "week 2"), "Looks fine.")
    assert row["created_at"] == pd.Timestamp("2026-03-01T10:00:00.250Z")
    assert row["ended_at"] - row["created_at"] == pd.Timedelta("299.75s")
    assert (row["epoch"], row["n_epochs"]) == (5, 8)
    assert (row["val_accuracy"], row["val_accuracy_high"], row["val_n"]) == (0.625, 0.75, 40)
    assert (row["accuracy"], row["n"], row["test_set"]) == (0.75, 60, "open")
    assert pd.isna(row["auc"])
    assert table["ended_at"].isna().tolist() == [True, False]


def test_the_figures_of_a_closed_test_set_are_in_no_row(workspace: Workspace) -> None:
    run = make_run(workspace)
    write_report(run, accuracy=0.75, auc=0.875)
    write_always_open(workspace, False)
    [row] = run_table(workspace).to_dict("records")
    assert (row["test_set"], row["val_accuracy"]) == ("closed", 0.625)
    assert all(pd.isna(row[name]) for name in ("accuracy", "auc", "n"))
    (workspace.folder / "test_set.json").write_text("{")  # damaged: nothing is opened by it
    assert run_table(workspace)["test_set"].tolist() == ["closed"]
    write_report(run, 0.75, 0.875, watched=True)
    [row] = run_table(workspace).to_dict("records")
    assert (row["test_set"], row["val_accuracy"], row["val_n"]) == ("watched", 0.75, 60)
    write_report(run, 0.75, 0.875, subset="validation")
    [row] = run_table(workspace).to_dict("records")
    assert (row["test_set"], row["val_accuracy"]) == ("none", 0.75)
    assert pd.isna(row["accuracy"])


def test_a_run_names_its_dataset_as_the_choice_of_datasets_does(workspace: Workspace) -> None:
    root = workspace.data / "kermany-224" / "chest_xray"
    FAKES["kermany"](root)
    for number, folder in enumerate((str(root), "", "/data/gone")):
        run = make_run(workspace, f"2026030{number}-100000-demo_cnn")
        recipe = replace(PUBLISHED["demo_cnn"], data_folder=folder)
        run.write_json("recipe.json", asdict(recipe))

    assert run_table(workspace)["data"].tolist() == ["gone", "", "kermany-224"]

    (workspace.folder / "datasets.json").write_text("{")  # damaged: the runs are there all the same
    assert run_table(workspace)["data"].tolist() == ["gone", "", "chest_xray"]


def test_what_is_trained_now_is_listed_whatever_else_is_damaged(workspace: Workspace) -> None:
    for number, state in enumerate(("running", "done", "queued", "running")):
        make_run(workspace, f"2026030{number}-100000-demo_cnn", state, handle=own_handle())
    (make_run(workspace).folder / "status.json").write_text("{", encoding="utf-8")

    running = list_running(list_runs(workspace.runs))

    assert running == ["20260303-100000-demo_cnn", "20260300-100000-demo_cnn"]


def test_the_table_tells_in_a_few_words_what_a_recipe_has_otherwise(workspace: Workspace) -> None:
    run = make_run(workspace)
    kept = workspace.runs / "20260201-090000-demo_cnn" / "checkpoints" / "best.keras"
    recipe = change_recipe(run.read_recipe(), {"preprocess.size": 96, "phases.train.epochs": 2})
    changes = {**recipe.changes, "weights": str(kept), "phases.train.learning_rate": 1e-4}
    run.write_json("recipe.json", asdict(replace(recipe, changes=changes)))
    as_it_was = make_run(workspace, "20260302-100000-demo_cnn")
    damaged = make_run(workspace, "20260303-100000-demo_cnn")
    damaged.write_json("recipe.json", {"changes": ["?"]})

    words = run_table(workspace).set_index("name")["changes"]

    assert words[run.name] == (
        "Image size, px 96, Epochs 2, Starting weights 20260201-090000-demo_cnn, "
        "Learning rate 0.0001"
    )
    assert words[as_it_was.name] == words[damaged.name] == ""


def test_an_empty_workspace_gives_an_empty_table_of_the_same_columns(workspace: Workspace) -> None:
    empty = run_table(workspace)
    make_run(workspace)

    assert len(empty) == 0
    assert empty.dtypes.equals(run_table(workspace).dtypes)


def test_the_table_follows_every_change(workspace: Workspace) -> None:
    run = make_run(workspace, state="running", handle=own_handle())
    assert run_table(workspace)["state"].tolist() == ["running"]

    run.write_status(replace(run.read_status(), state="done"))
    write_report(run, 0.5, 0.5)
    write_notes(run, Notes(("late",)))
    run.write_json("submission.json", {"user": "Ben"})

    [row] = run_table(workspace).to_dict("records")
    assert (row["state"], row["accuracy"], row["user"]) == ("done", 0.5, "Ben")
    assert row["tags"] == ("late",)


def test_a_run_whose_process_dies_is_lost_though_no_file_changes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(workspace, state="running", handle="7:1.00")
    monkeypatch.setattr("xray_core.runs.folder.is_alive", lambda handle: True)
    assert run_table(workspace)["state"].tolist() == ["running"]
    monkeypatch.setattr("xray_core.runs.folder.is_alive", lambda handle: False)

    [row] = run_table(workspace).to_dict("records")

    assert row["state"] == "lost"
    assert "process is gone" in row["message"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("status.json", "{"),
        ("status.json", "[]"),
        ("status.json", '{"state": "dreaming"}'),
        ("status.json", '{"format": 2, "state": "done", "epoch": "many"}'),
        ("status.json", '{"format": 2, "state": "done", "val_accuracy": {}}'),
        ("status.json", "\udc80"),
    ],
)
def test_a_damaged_status_is_a_row_that_says_so(
    workspace: Workspace, file: str, content: str
) -> None:
    make_run(workspace)
    damaged = make_run(workspace, "20260302-100000-demo_cnn")
    (damaged.folder / file).write_bytes(content.encode("utf-8", "surrogateescape"))

    first, second = run_table(workspace).to_dict("records")

    assert (first["state"], second["state"]) == ("damaged", "done")
    assert first["message"]


def test_a_run_of_an_earlier_version_stays_listed(workspace: Workspace) -> None:
    run = make_run(workspace)
    text = json.loads(run.status_path.read_bytes())
    del text["format"]
    run.write_json("status.json", text | {"best": 3})

    [row] = run_table(workspace).to_dict("records")

    assert row["state"] == "other version"
    assert "made by an earlier version" in row["message"]
    assert row["title"] == PUBLISHED["demo_cnn"].title
    assert row["created_at"] == pd.Timestamp(text["created_at"])


@pytest.mark.parametrize("name", ["recipe.json", "submission.json", "report.json", "notes.json"])
@pytest.mark.parametrize("content", ["{", "[1]", '{"metrics": 3, "tags": 3}', None])
def test_other_damaged_files_only_empty_their_cells(
    workspace: Workspace, name: str, content: str | None
) -> None:
    run = make_run(workspace)
    write_report(run, 0.5, 0.5)
    write_notes(run, Notes(("kept",)))
    (run.folder / name).unlink(missing_ok=True)
    if content is not None:
        (run.folder / name).write_text(content, encoding="utf-8")

    [row] = run_table(workspace).to_dict("records")

    assert row["state"] == "done"
    assert (row["recipe"] == "") == (name == "recipe.json")
    assert pd.isna(row["accuracy"]) == (name == "report.json")
    assert (row["tags"] == ()) == (name == "notes.json")


def test_times_that_are_none_are_no_time(workspace: Workspace) -> None:
    make_run(workspace, created_at="yesterday")

    assert run_table(workspace)["created_at"].isna().all()


def test_the_table_reads_no_metric_log_and_no_unchanged_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        make_run(workspace, f"20260301-10000{number}-demo_cnn").metrics_path.mkdir()
    run_table(workspace)
    read: list[Path] = []
    opened = files.open_plain
    monkeypatch.setattr(files, "open_plain", lambda path: (read.append(path), opened(path))[1])
    write_notes(Run(workspace.runs / NAME), Notes(("new",)))
    read.clear()

    run_table(workspace)

    assert {path.parent.name for path in read} == {NAME}


def test_five_hundred_runs_are_listed_quickly(workspace: Workspace) -> None:
    make_run(workspace, "20260301-000000-demo_cnn")
    source = {path.name: path.read_text() for path in (workspace.runs).glob("*/*.json")}
    for number in range(1, 500):
        folder = workspace.runs / f"20260302-{number:06d}-demo_cnn"
        folder.mkdir()
        for name, text in source.items():
            (folder / name).write_text(text)

    began = time.process_time()
    first = run_table(workspace)
    cold = time.process_time() - began
    again = run_table(workspace)
    warm = time.process_time() - began - cold

    assert len(first) == len(again) == 500
    assert cold < 1.0  # measured: 0.15 s
    assert warm < 0.3  # measured: 0.02 s
