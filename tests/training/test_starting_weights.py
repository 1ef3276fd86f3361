"""Starting weights that have seen what is tested: the training itself looks, and keeps a record."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.earlier import DEMO, finish_run, seen_by, with_split, write_films
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.home import Home
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes import Recipe, bind_recipe
from xray_core.runs import Run, create_run
from xray_core.runs.starting_weights import read_record
from xray_core.training.data import prepare_data
from xray_core.training.progress import Progress

SMALL = replace(DEMO, preprocess=PreprocessSpec(size=32))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_films(tmp_path_factory.mktemp("films") / "siim")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def prepare(recipe: Recipe, films: Path, home: Home) -> Run:
    """Prepare the data of a new run, as its training does first."""
    bound = bind_recipe(recipe, open_dataset(films, home.cache))
    run = create_run(bound, home.runs)
    prepare_data(bound, run, home, Progress(run), resumes=False)
    return run


def test_what_was_not_refused_before_is_refused_in_the_training(films: Path, home: Home) -> None:
    """As where the split could not be told while somebody waited, or the earlier run went on."""
    earlier = finish_run(with_split(SMALL, seed=1), films, home)

    with pytest.raises(RecipeError, match="test images were trained on by"):
        prepare(replace(SMALL, weights=str(earlier.best_checkpoint)), films, home)


def test_an_allowed_leak_stands_in_the_run_folder_with_its_counts(films: Path, home: Home) -> None:
    earlier = finish_run(with_split(SMALL, seed=1), films, home)
    leaky = with_split(replace(SMALL, weights=str(earlier.best_checkpoint)), allow_leaks=True)

    run = prepare(leaky, films, home)

    data = json.loads((run.folder / "data.json").read_text())
    record, test = data["starting_weights"], seen_by(run, "test")
    assert data["groups_in_several_parts"] == 0
    assert (record["runs"], record["judged"]) == ([earlier.name], "test")
    assert record["test"] == {
        "images": len(test),
        "trained": len(test & seen_by(earlier, "train")),
        "chosen": len(test & seen_by(earlier, "validation")),
        "patients": 0,
        "runs": [earlier.name],
    }
    assert record["test"]["trained"] > 0


def test_a_run_that_goes_on_needs_its_beginning_no_more(films: Path, home: Home) -> None:
    earlier = finish_run(SMALL, films, home)
    run = prepare(replace(SMALL, weights=str(earlier.best_checkpoint)), films, home)
    before = read_record(run)
    (earlier.folder / "split.parquet").unlink()

    prepare_data(run.read_recipe(), run, home, Progress(run), resumes=True)

    assert before
    assert read_record(run) == before

    (run.folder / "data.json").unlink()
    with pytest.raises(RecipeError, match="nobody can tell"):
        prepare_data(run.read_recipe(), run, home, Progress(run), resumes=True)


def test_of_random_weights_there_is_nothing_to_record(films: Path, home: Home) -> None:
    assert read_record(prepare(SMALL, films, home)) is None
