"""Next runs to try: each changes one thing, is a valid recipe, and fits what the checks say."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.run_files import write_whole_run
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.next_runs import ANSWERS, suggest_runs
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.recipes import PUBLISHED, Recipe, change_recipe, changeable_fields
from xray_core.runs import Run
from xray_core.runs.origin import AVERAGE, Origin, write_origin

TOGETHER = {"model", "weights"}  # a model is chosen for its weights


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return write_whole_run(tmp_path / "run")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of which a test replaces the recipe, and nothing else."""
    return write_whole_run(tmp_path_factory.mktemp("trained") / "run")


def check(kind: str) -> CheckResult:
    return CheckResult(kind, "warning", "", "", "")


@pytest.mark.parametrize("kind", ["", *ANSWERS])
@pytest.mark.parametrize("name", ["demo_cnn", "siim_efficientnet", "pneumonia", "nih_densenet"])
def test_each_changes_one_thing_and_is_a_recipe(trained: Run, kind: str, name: str) -> None:
    fits = [recipe for own, recipe in PUBLISHED.items() if own.startswith(name)]
    recipe = replace(fits[0], data_folder="/data/demo")
    _write_recipe(trained, recipe)
    suggested = suggest_runs(trained, [check(kind)] if kind else [])
    assert 2 <= len(suggested) <= 3
    present, told = changeable_fields(recipe), set[str]()
    for other in suggested:
        assert len(other.changes) == 1 or set(other.changes) == TOGETHER
        assert any(present[field] != value for field, value in other.changes.items())
        assert not told & set(other.changes)
        told |= set(other.changes)
        assert other.why.endswith(".")
        changed = change_recipe(recipe, other.changes)
        # As the command line and the address of Train pass it on: as text.
        texts = {field: str(value) for field, value in other.changes.items()}
        assert change_recipe(recipe, texts) == changed


def _write_recipe(run: Run, recipe: Recipe) -> None:
    (run.folder / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")


def test_what_the_checks_say_goes_first(run: Run) -> None:
    def first(kind: str, recipe: Recipe = PUBLISHED["demo_cnn"]) -> dict[str, object]:
        _write_recipe(run, recipe)
        return dict(suggest_runs(run, [check(kind)])[0].changes)

    plain = change_recipe(
        PUBLISHED["demo_cnn"], {"class_weights": "none", "phases.train.schedule": "constant"}
    )
    assert first("diverging") == {"phases.train.learning_rate": 0.0002}
    assert first("never_predicted", plain) == {"class_weights": "balanced"}
    assert first("unstable_validation", plain) == {"phases.train.schedule": "cosine"}
    leaky = change_recipe(plain, {"split.method": "image", "split.allow_leaks": True})
    assert first("split_by_image", leaky) == {"split.method": "clean"}
    _write_recipe(run, plain)
    [wish, *_] = suggest_runs(run, [check("leaky_split")])
    assert "look the same" in wish.why
    assert "believed" not in wish.why
    assert set(first("overfitting", PUBLISHED["siim_efficientnet_opacity"])) == {
        "model_options.dropout"
    }


def test_a_best_last_epoch_and_a_rare_class_are_told(run: Run) -> None:
    recipe = change_recipe(PUBLISHED["demo_cnn"], {"class_weights": "none"})
    _write_recipe(run, recipe)
    data = run.read_data()
    run.write_json("data.json", data | {"subsets": {"training": {"opacity": 1, "no opacity": 9}}})
    changes = [dict(other.changes) for other in suggest_runs(run, [])]
    assert {"phases.train.epochs": 2 * recipe.n_epochs} in changes  # its last epoch was its best
    assert {"class_weights": "balanced"} in changes


def test_nothing_is_suggested_of_what_was_not_trained_here(run: Run) -> None:
    assert suggest_runs(run, diagnose_run(run))
    write_origin(run, Origin(AVERAGE, "Average of 2 runs: a, b", members=("a", "b")))
    assert suggest_runs(run) == []
