"""What the runs of a sweep come to, on run folders made by hand."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_core.errors import RunError
from xray_core.evaluation.report import build_report, prediction_table
from xray_core.evaluation.sweeps import UNCHANGED, find_sweep, summarise_sweep
from xray_core.recipes import PUBLISHED
from xray_core.recipes.variants import vary_recipe
from xray_core.runs import Run, Status, Submission
from xray_core.runs.always_open import write_always_open
from xray_core.runs.opening import OPENED, open_test
from xray_core.workspace import Workspace

CLASSES = ["no", "yes"]
N_ROUNDS = 20


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_always_open(Workspace(tmp_path), True)
    return Workspace(tmp_path)


def finish(run: Run, images: Sequence[str], right: Sequence[bool]) -> None:
    """Write the predictions of a run that tested `images`; each is a patient of its own.

    On a validation set of as many it was as right.
    """
    actual = [CLASSES[number % 2] for number in range(len(images))]
    tested = pd.DataFrame({"image_id": images, "group": images, "class": actual, "subset": "test"})
    held = tested.assign(image_id=tested["image_id"] + " held", subset="validation")
    held["group"] = held["image_id"]
    split = pd.concat([tested, held], ignore_index=True)
    said = {
        name: np.array([0.9, 0.1] if (word == "no") == is_right else [0.1, 0.9])
        for name, word, is_right in zip(split["image_id"], actual * 2, [*right] * 2, strict=True)
    }
    table = prediction_table(split, CLASSES, said)
    run.write_table("predictions.parquet", table)
    run.write_json("report.json", build_report(table, "yes", N_ROUNDS))
    run.write_status(Status("done"))


def make_sweep(workspace: Workspace, grid: dict, folds: int = 0, name: str = "g") -> list[Run]:
    runs = []
    for number, recipe in enumerate(vary_recipe(PUBLISHED["demo_cnn"], grid, folds)):
        run = Run(workspace.runs / f"20260301-10{number:02d}00-demo_cnn")
        run.folder.mkdir(parents=True)
        (run.folder / "recipe.json").write_text(recipe.to_json())
        run.write_submission(Submission(sweep=name))
        run.write_status(Status("queued"))
        runs.append(run)
    return runs


def test_mean_and_spread_of_each_setting(workspace: Workspace) -> None:
    runs = make_sweep(workspace, {"seed": [0, 1]}, folds=2)
    for run, n_right in zip(runs, (10, 6, 8, 8), strict=True):
        finish(run, [f"{run.name}-{k}" for k in range(10)], [k < n_right for k in range(10)])

    summary = summarise_sweep(runs, N_ROUNDS)
    found = summary.settings.set_index("setting")

    # Seeds and folds are the same setting once more.
    assert found.index.tolist() == [UNCHANGED]
    assert found["accuracy"].tolist() == pytest.approx([0.8])
    assert found["accuracy_sd"].tolist() == pytest.approx([np.std([1, 0.6, 0.8, 0.8], ddof=1)])
    assert (found["accuracy_low"].iloc[0], found["accuracy_high"].iloc[0]) == (0.6, 1.0)
    assert (found["auc_low"].iloc[0], found["auc_high"].iloc[0]) == (0.6, 1.0)
    assert found[["runs", "done"]].to_numpy().tolist() == [[4, 4]]
    members = ["seed 0, fold 1", "seed 0, fold 2", "seed 1, fold 1", "seed 1, fold 2"]
    assert summary.runs["member"].tolist() == members
    assert [*summary.pooled] == [f"{UNCHANGED}, seed 0", f"{UNCHANGED}, seed 1"]


def test_the_folds_together_evaluate_every_image_once_without_heavy_imports(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = make_sweep(workspace, {}, folds=2)
    finish(runs[0], ["a", "b", "c", "d"], [True] * 4)
    finish(runs[1], ["e", "f"], [False, True])
    for name in ("sklearn", "sklearn.metrics"):  # a page asks for this: importing them fails
        monkeypatch.setitem(sys.modules, name, None)

    summary = summarise_sweep(runs, N_ROUNDS)

    [report] = summary.pooled.values()
    assert summary.runs["fold"].tolist() == [1, 2]
    assert report["n"] == 6
    assert report["metrics"]["accuracy"]["value"] == pytest.approx(5 / 6)
    assert np.sum(report["confusion"]) == 6


def test_while_a_fold_is_missing_nothing_is_pooled(workspace: Workspace) -> None:
    runs = make_sweep(workspace, {}, folds=3)
    for run, images in zip(runs[:2], ("ab", "cd"), strict=True):
        finish(run, list(images), [True, True])

    summary = summarise_sweep(runs, N_ROUNDS)

    assert summary.pooled == {}
    assert summary.settings[["runs", "done"]].to_numpy().tolist() == [[3, 2]]
    assert summary.runs["state"].tolist() == ["done", "done", "queued"]
    assert np.isnan(summary.runs["accuracy"].iloc[2])


def test_networks_that_evaluate_the_same_images_are_averaged(workspace: Workspace) -> None:
    runs = make_sweep(workspace, {"seed": [0, 1, 2, 3]})
    for run, right in zip(runs, ([1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 1]), strict=False):
        finish(run, ["a", "b", "c", "d"], [bool(one) for one in right])

    summary = summarise_sweep(runs, N_ROUNDS)

    assert summary.runs["accuracy"].tolist()[:3] == [0.75] * 3
    assert summary.runs["fold"].tolist() == [0] * 4
    assert summary.settings["done"].tolist() == [3]
    assert summary.n_networks == 3
    assert summary.pooled == {}, "nothing is divided into folds"
    assert summary.averaged
    assert summary.averaged["metrics"]["accuracy"]["value"] == 1.0, "each is outvoted where wrong"
    assert summary.averaged["n"] == 4
    finish(runs[3], ["a", "b", "c", "other"], [True] * 4)
    assert summarise_sweep(runs, N_ROUNDS).averaged is None, "it evaluated another image"
    assert summarise_sweep(runs[:1], N_ROUNDS).averaged is None


def test_while_one_test_set_is_closed_no_fold_of_its_setting_is_pooled(
    workspace: Workspace,
) -> None:
    write_always_open(workspace, False)
    runs = make_sweep(workspace, {"seed": [0, 1]}, folds=2)
    for run, images in zip(runs, ("abcd", "efg", "abcd", "efg"), strict=True):
        finish(run, list(images), [True] * (len(images) - 1) + [False])
    for run in runs[:3]:
        open_test(run, workspace)

    summary = summarise_sweep(runs, N_ROUNDS)

    assert summary.closed == (runs[3].name,)
    assert list(summary.pooled) == [f"{UNCHANGED}, seed 0"]
    assert summary.runs["accuracy"].tolist() == pytest.approx([3 / 4, 2 / 3] * 2)
    alike = summarise_sweep([runs[0], runs[2]], N_ROUNDS).averaged
    assert alike
    assert (alike["subset"], alike["n"]) == ("test", 4)
    (runs[2].folder / OPENED).unlink()
    workspace.openings.unlink()
    alike = summarise_sweep([runs[0], runs[2]], N_ROUNDS).averaged
    assert alike
    assert (alike["subset"], alike["n"]) == ("validation", 4)


def test_of_a_run_that_was_made_again_the_newest_counts(workspace: Workspace) -> None:
    first, again = make_sweep(workspace, {"seed": [0, 1]})
    (again.folder / "recipe.json").write_text((first.folder / "recipe.json").read_text())
    finish(first, ["a", "b"], [False, False])
    finish(again, ["a", "b"], [True, True])

    [row] = summarise_sweep([again, first], N_ROUNDS).settings.to_dict("records")

    assert (row["setting"], row["runs"], row["done"], row["accuracy"]) == (UNCHANGED, 1, 1, 1.0)


def test_a_sweep_is_found_by_its_name_in_the_order_of_its_making(workspace: Workspace) -> None:
    [run] = make_sweep(workspace, {})
    for number in (2, 10):
        other = Run(workspace.runs / f"{run.name}-{number}")
        other.folder.mkdir()
        for name in ("recipe.json", "submission.json", "status.json"):
            (other.folder / name).write_text((run.folder / name).read_text())

    assert [one.name for one in find_sweep(workspace, "g")] == [
        run.name,
        f"{run.name}-2",
        f"{run.name}-10",
    ]
    with pytest.raises(RunError, match="no sweep 'h' in this workspace. There is: g"):
        find_sweep(workspace, "h")
    with pytest.raises(RunError, match="no sweep ''"):
        find_sweep(workspace, "")


def test_trainings_with_other_numbers_of_folds_are_other_settings(workspace: Workspace) -> None:
    runs = make_sweep(workspace, {"split.folds": [2, 3]})

    settings = summarise_sweep(runs).settings.set_index("setting")

    assert settings.index.tolist() == ["Folds 2", "Folds 3"]
    assert settings["runs"].tolist() == [1, 1]
