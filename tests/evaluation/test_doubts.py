"""Label doubt: out-of-fold predictions, which labels they speak against, and what is kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn_folds import (
    N_IMAGES,
    SWEEP,
    copy_folds,
    draw_data,
    list_images,
    write_folds,
    write_run,
)
from xray_core import cli
from xray_core.errors import RunError
from xray_core.evaluation.doubts.compute import find_doubts
from xray_core.evaluation.doubts.folds import (
    find_cross_validation,
    list_closed,
    list_fold_recipes,
    read_cross_validation,
)
from xray_core.evaluation.doubts.gather import OutOfFold, gather_out_of_fold
from xray_core.evaluation.doubts.kept import hide_closed, read_doubts
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, Status
from xray_core.runs.always_open import write_always_open
from xray_core.runs.opening import open_test
from xray_core.splits import SplitSpec
from xray_core.workspace import Workspace

N_ROUNDS = 20
DEMO = PUBLISHED["demo_cnn"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a finished cross-validation; four labels are predicted otherwise."""
    workspace = Workspace(tmp_path_factory.mktemp("doubts"))
    draw_data(workspace)
    write_folds(workspace, wrong=list_images(workspace)[::15])
    return workspace


@pytest.fixture
def workspace(drawn: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    home = Workspace(tmp_path / "home")
    shutil.copytree(drawn.data, home.data)
    shutil.copytree(drawn.cache, home.cache)
    copy_folds(drawn, home)
    monkeypatch.setenv("XRAY_HOME", str(home.folder))
    return home


def out_of_fold(table: pd.DataFrame, classes: list[str], *, multilabel: bool) -> OutOfFold:
    return OutOfFold(table, tuple(classes), multilabel, unread=0, untested=0, seen=0)


def test_each_image_is_predicted_once_and_by_a_network_that_never_saw_its_patient(
    workspace: Workspace,
) -> None:
    validation = read_cross_validation(SWEEP, workspace)

    answers = gather_out_of_fold(validation)

    assert sorted(answers.table["image_id"]) == sorted(list_images(workspace))
    assert (answers.unread, answers.untested, answers.seen) == (0, 0, 0)
    assert answers.list_remarks() == []
    for name, rows in answers.table.groupby("run"):
        split = Run(workspace.runs / str(name)).read_split()
        others = split.loc[split["subset"] != "test", "group"]
        assert not set(rows["group"]) & set(others)


def test_what_is_missing_or_was_seen_is_counted(workspace: Workspace) -> None:
    validation = read_cross_validation(SWEEP, workspace)
    run = validation.runs[2]
    table, split = run.read_predictions(), run.read_split()
    at = table.index[table["subset"] == "test"]
    table.loc[at[0], ["p_no opacity", "p_opacity"]] = np.nan
    run.write_table("predictions.parquet", table.drop(at[1]))
    other = table.loc[at[2], "group"]
    row = split["subset"].eq("training").idxmax()
    split.loc[row, "group"] = other
    run.write_table("split.parquet", split)

    answers = gather_out_of_fold(validation)

    n_seen = int((table.loc[at, "group"].drop([at[1]]) == other).sum())
    assert (answers.unread, answers.untested, answers.seen) == (1, 1, n_seen)
    assert len(answers.table) == N_IMAGES - 2
    assert len(answers.list_remarks()) == 3


def test_a_fold_that_is_not_done_or_tested_again_is_refused(workspace: Workspace) -> None:
    validation = read_cross_validation(SWEEP, workspace)
    tables = [run.read_predictions() for run in validation.runs.values()]
    again = pd.concat([tables[1], tables[0][tables[0]["subset"] == "test"].head(1)])
    validation.runs[2].write_table("predictions.parquet", again)
    with pytest.raises(RunError, match="1 image of .* tested in two folds"):
        gather_out_of_fold(validation)

    validation.runs[3].write_status(Status("failed"))
    with pytest.raises(RunError, match="fold 3 is failed"):
        gather_out_of_fold(validation)


def test_the_labels_that_are_predicted_otherwise_are_the_doubtful_ones(
    workspace: Workspace,
) -> None:
    answers = gather_out_of_fold(read_cross_validation(SWEEP, workspace))
    calls: list[tuple[int, int]] = []

    doubts = find_doubts(answers, lambda *done: calls.append(done), N_ROUNDS)

    table = doubts.table
    assert set(table.loc[table["is_doubtful"], "image_id"]) == set(list_images(workspace)[::15])
    assert table["rank"].tolist() == list(range(1, N_IMAGES + 1))
    assert table["is_doubtful"].tolist() == [True] * 4 + [False] * (N_IMAGES - 4)
    assert table["quality"].head(4).is_monotonic_increasing
    assert (table["label"] != table["suggested"]).all()
    worst = table.iloc[0]
    assert worst["p_suggested"] > 0.8 > 0.2 > worst["p_label"]
    assert doubts.expected["value"] == 4
    assert doubts.expected["low"] < 4 < doubts.expected["high"]
    assert calls[-1] == (N_ROUNDS, N_ROUNDS)


def test_findings_are_asked_one_by_one_as_cleanlab_does_where_all_are_known() -> None:
    from cleanlab.multilabel_classification.filter import find_label_issues

    rng, names = np.random.default_rng(0), ["effusion", "mass", "nodule"]
    states = rng.integers(0, 2, (200, 3))
    values = np.clip(0.8 * states + 0.1 + rng.normal(0, 0.05, (200, 3)), 0.01, 0.99)
    values[:5] = 1 - values[:5]
    table = pd.DataFrame({"image_id": [f"i{n:03}" for n in range(200)], "run": "r"})
    table["group"] = table["image_id"]
    for k, name in enumerate(names):
        table[f"y_{name}"] = pd.array(states[:, k], dtype="Int8")
        table[f"p_{name}"] = values[:, k]
    theirs = find_label_issues([list(np.flatnonzero(row)) for row in states], values, n_jobs=1)

    ours = find_doubts(out_of_fold(table, names, multilabel=True), n_rounds=2).table

    doubtful = ours[ours["is_doubtful"]]
    assert set(doubtful["image_id"]) == set(table["image_id"][theirs])
    assert len(ours) == 600
    assert set(ours["label"]) == {"present", "absent"}

    # What is unknown is no label, and what is always present cannot be compared.
    table.loc[:99, "y_mass"] = pd.NA
    table["y_nodule"] = pd.array([1] * 200, dtype="Int8")
    doubts = find_doubts(out_of_fold(table, names, multilabel=True), n_rounds=2)
    assert doubts.table["finding"].value_counts().to_dict() == {"effusion": 200, "mass": 100}
    assert doubts.skipped == ("nodule",)


def test_a_class_that_no_image_has_is_no_error() -> None:
    table = pd.DataFrame({"image_id": list("abcdef"), "run": "r", "actual": ["x", "y"] * 3})
    table["group"] = table["image_id"]
    for name, of in (("x", 0), ("y", 1), ("z", 2)):
        table[f"p_{name}"] = [0.9 if n % 2 == of else 0.05 for n in range(6)]

    doubts = find_doubts(out_of_fold(table, ["x", "y", "z"], multilabel=False), n_rounds=3)

    assert not doubts.table["is_doubtful"].any()
    assert doubts.expected["value"] == 0


def test_the_cross_validation_of_a_run_is_that_of_its_recipe(workspace: Workspace) -> None:
    run = write_run(workspace, DEMO, "20260303-100000-demo_cnn")
    other = write_run(workspace, change_recipe(DEMO, {"batch_size": 8}), "20260303-110000-demo_cnn")

    found = find_cross_validation(run, workspace)

    assert found
    assert (found.sweep, found.is_done, [*found.runs]) == (SWEEP, True, [1, 2, 3])
    assert find_cross_validation(found.runs[2], workspace) == found
    assert read_cross_validation(run.name, workspace) == found
    assert find_cross_validation(other, workspace) is None
    with pytest.raises(RunError, match="has not been cross-validated"):
        read_cross_validation(other.name, workspace)


def test_folds_keep_patients_together_whatever_the_recipe_does() -> None:
    split = SplitSpec("image", validation=0.2, test=0.2, validate_on_test=True)

    recipes = list_fold_recipes(replace(DEMO, split=split), 4)

    assert [recipe.split.fold for recipe in recipes] == [1, 2, 3, 4]
    assert {recipe.split.method for recipe in recipes} == {"patient"}
    assert not any(recipe.split.validate_on_test for recipe in recipes)


def test_the_command_asks_for_open_test_sets_then_keeps_what_it_computed(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "list.csv"
    assert cli.main(["doubts", SWEEP]) == 2
    assert "3 folds" in capsys.readouterr().err
    assert len(list_closed(read_cross_validation(SWEEP, workspace), workspace)) == 3

    assert cli.main(["doubts", SWEEP, "--open-test", "--json", "--csv", str(out)]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert (answer["n_labels"], answer["n_doubtful"], answer["n_folds"]) == (N_IMAGES, 4, 3)
    wrong = set(list_images(workspace)[::15])
    assert {row["image_id"] for row in answer["doubts"]} == wrong
    assert set(pd.read_csv(out)["image_id"]) == wrong
    assert cli.main(["doubts", SWEEP]) == 0
    assert "ask a radiologist" in capsys.readouterr().out

    validation = read_cross_validation(SWEEP, workspace)
    kept = read_doubts(validation)
    assert kept
    assert kept.about.n_doubtful == 4
    again = validation.runs[3].read_predictions()
    validation.runs[3].write_table("predictions.parquet", again.assign(p_opacity=0.5))
    assert read_doubts(validation) is None, "a fold was trained again"


def test_damaged_doubts_say_so(workspace: Workspace) -> None:
    write_always_open(workspace, True)
    assert cli.main(["doubts", SWEEP]) == 0
    validation = read_cross_validation(SWEEP, workspace)
    folder = validation.runs[1].folder / "explained/doubts"
    (folder / "doubts.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(RunError, match=r"doubts\.parquet is damaged.*computed anew"):
        read_doubts(validation)
    (folder / "about.json").write_text("{}")
    with pytest.raises(RunError, match="incomplete"):
        read_doubts(validation)


def test_doubts_on_a_closed_test_set_are_held_back_and_counted(workspace: Workspace) -> None:
    run = write_run(workspace, DEMO, "20260303-100000-demo_cnn")
    split = run.read_split()
    tested = set(split.loc[split["subset"] == "test", "image_id"])
    table = pd.DataFrame({"image_id": list_images(workspace)})

    shown, n_hidden = hide_closed(table, run, workspace)
    assert n_hidden == len(tested) > 0
    assert not tested & set(shown["image_id"])

    open_test(run, workspace)
    assert hide_closed(table, run, workspace) == (table, 0)
