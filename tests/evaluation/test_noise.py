"""The noise floor: which runs are one recipe with several seeds, and what their spread comes to."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.compared_runs import recipe_of, write_finished
from xray_core import cli
from xray_core.errors import JobError, RunError
from xray_core.evaluation.compare import compare_runs
from xray_core.evaluation.noise import (
    Seeds,
    choose_seeds,
    find_noise,
    find_seeds,
    measure_spread,
)
from xray_core.evaluation.paired import Difference
from xray_core.evaluation.verdict import describe_gain, format_verdict
from xray_core.jobs import seeds as jobs
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status
from xray_core.workspace import Workspace

ADJUSTED = {"accuracy": 0.001}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def write_seeds(workspace: Workspace, n_right: list[int], **changes: object) -> list[Run]:
    """Write a run for each seed, with so many of ten validation images right."""
    runs = []
    for seed, n in enumerate(n_right):
        answers = [(0.1, 0.9)[k % 2] if k < n else (0.9, 0.1)[k % 2] for k in range(10)]
        recipe = recipe_of(seed=seed, **changes)
        name = f"2026030{1 + len(changes)}-10000{seed}-r"
        runs.append(write_finished(workspace, name, {"validation": answers}, recipe))
    return runs


def test_two_runs_differ_by_students_t_times_the_spread() -> None:
    spread = measure_spread([0.8, 0.9, 0.7, 0.8, 0.8])
    assert spread.deviation == pytest.approx(np.sqrt(0.02 / 4))
    assert spread.floor == pytest.approx(2.776 * np.sqrt(2) * spread.deviation, rel=1e-3)


def test_runs_of_one_recipe_are_known_by_their_settings_not_by_their_names(
    workspace: Workspace,
) -> None:
    runs = write_seeds(workspace, [8, 9, 7])
    other = write_seeds(workspace, [5, 5], preprocess__size=96)

    noise = find_noise(runs[2], workspace)
    nearest = find_noise(other[0], workspace)

    assert noise is not None
    assert (noise.seeds, noise.other_settings) == ((0, 1, 2), ())
    assert noise.spreads["accuracy"].values == pytest.approx((0.8, 0.9, 0.7))
    assert nearest is not None
    assert (nearest.runs, nearest.other_settings) == (noise.runs, ("Image size, px",))


def test_the_verdict_holds_what_the_seed_alone_may_make(workspace: Workspace) -> None:
    runs = write_seeds(workspace, [5, 6, 3])
    noise = find_noise(runs[0], workspace)
    best = write_seeds(workspace, [9], preprocess__size=96)[0]
    elsewhere = write_seeds(workspace, [10], preprocess__size=80, preprocess__resize="pad")[0]
    elsewhere.write_json("origin.json", {"kind": "average", "words": "Average of two"})

    def say(first: Run, second: Run) -> tuple[str, str]:
        found = replace(compare_runs([first, second], workspace, n_rounds=50), whole=True)
        [pair] = found.pairs
        sure = Difference(pair.differences["accuracy"].value, 0.01, 0.9, 0.001)
        sure = replace(pair, differences=pair.differences | {"accuracy": sure}, adjusted=ADJUSTED)
        found = replace(found, pairs=[sure])
        fewer = replace(found, whole=False)
        assert "noise floor" not in format_verdict(fewer, "accuracy", "AB".__getitem__, noise)
        assert "lies" not in describe_gain(fewer, "accuracy", "AB".__getitem__, noise)
        return tuple(
            tell(found, "accuracy", call="AB".__getitem__, noise=noise)
            for tell in (format_verdict, describe_gain)
        )

    assert find_noise(elsewhere, workspace) is None
    headline, words = say(best, runs[1])
    assert headline.endswith("than B, but by no more than another seed may move it.")
    assert "gain of A over B, 30.0 points, lies inside the noise floor" in words
    headline, words = say(runs[1], runs[2])
    assert headline.endswith("than B, but by the seed alone: it is no better recipe.")
    assert "none of them is a better recipe" in words
    headline, words = say(elsewhere, runs[1])
    assert headline == "A is right more often than B."
    assert "No noise floor is known for A" in words


def test_two_seeds_or_another_dataset_tell_nothing(workspace: Workspace) -> None:
    [first, _] = write_seeds(workspace, [8, 9])
    assert find_noise(first, workspace) is None
    elsewhere = write_seeds(workspace, [8, 9, 7], preprocess__size=96)
    for run in elsewhere:
        recipe = json.loads(run.read_recipe().to_json())
        run.write_json("recipe.json", recipe | {"data_folder": "/data/other"})
    assert find_noise(first, workspace) is None


def test_only_the_seeds_that_are_missing_are_trained(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = write_seeds(workspace, [8, 9])
    second.write_status(Status("running"))
    submitted: list[Recipe] = []

    def submit(recipes: list[Recipe], folder: Path, *_: object) -> list[Run]:
        assert folder == Path("/data/demo")
        submitted.extend(recipes)
        return []

    monkeypatch.setattr(jobs, "submit_sweep", submit)
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))

    assert cli.main(["noise", first.name, "--train"]) == 0

    # The second has no process: it is lost, and its seed is trained again.
    assert [recipe.seed for recipe in submitted] == [1, 2, 3, 4]
    assert {recipe.split.seed for recipe in submitted} == {0}
    assert "not known" in capsys.readouterr().out
    assert choose_seeds(Seeds({7: "a"}, frozenset({8})), 7) == [9, 10, 11]
    assert find_seeds(first, workspace).done == {0: first.name}
    with pytest.raises(JobError, match="at least 2"):
        jobs.train_seeds(first, workspace, n_seeds=1)
    first.write_json("origin.json", {"kind": "predictions", "words": "mine.csv"})
    with pytest.raises(RunError, match="was not trained here"):
        jobs.train_seeds(first, workspace)


def test_five_seeds_of_a_recipe_are_submitted_as_a_sweep(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted: list[Recipe] = []

    def submit(recipes: list[Recipe], *_: object) -> list[Run]:
        submitted.extend(recipes)
        return write_seeds(workspace, [8])

    monkeypatch.setattr("xray_core.jobs.submit_sweep", submit)
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    arguments = ["submit", "demo_cnn", "--data", str(workspace.folder), "--seeds", "5"]
    assert cli.main([*arguments, "--set", "seed=3"]) == 0
    assert [recipe.seed for recipe in submitted] == [3, 4, 5, 6, 7]
