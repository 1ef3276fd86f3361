"""Starting weights that have seen what is tested: the training itself looks, and keeps a record."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.earlier import DEMO, finish_run, seen_by, with_split, write_images
from xray_core.datasets import open_dataset
from xray_core.errors import RecipeError
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes import Recipe, bind_recipe
from xray_core.runs import Run, create_run
from xray_core.runs.starting_weights import read_record
from xray_core.training.data import prepare_data
from xray_core.training.progress import Progress
from xray_core.workspace import Workspace

SMALL = replace(DEMO, preprocess=PreprocessSpec(size=32))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images") / "siim")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def prepare(recipe: Recipe, images: Path, workspace: Workspace) -> Run:
    """Prepare the data of a new run, as its training does first."""
    bound = bind_recipe(recipe, open_dataset(images, workspace.cache))
    run = create_run(bound, workspace.runs)
    prepare_data(bound, run, workspace, Progress(run), resumes=False)
    return run


def test_what_was_not_refused_before_is_refused_in_the_training(
    images: Path, workspace: Workspace
) -> None:
    """As where the split could not be told while somebody waited, or the earlier run went on."""
    earlier = finish_run(with_split(SMALL, seed=1), images, workspace)

    with pytest.raises(RecipeError, match="test images were trained on by"):
        prepare(replace(SMALL, weights=str(earlier.best_checkpoint)), images, workspace)


def test_an_allowed_leak_stands_in_the_run_folder_with_its_counts(
    images: Path, workspace: Workspace
) -> None:
    earlier = finish_run(with_split(SMALL, seed=1), images, workspace)
    leaky = with_split(replace(SMALL, weights=str(earlier.best_checkpoint)), allow_leaks=True)

    run = prepare(leaky, images, workspace)

    data = json.loads((run.folder / "data.json").read_text())
    record, test = data["starting_weights"], seen_by(run, "test")
    assert data["groups_in_several_subsets"] == 0
    assert (record["runs"], record["evaluated"]) == ([earlier.name], "test")
    assert record["test"] == {
        "images": len(test),
        "trained": len(test & seen_by(earlier, "training")),
        "chosen": len(test & seen_by(earlier, "validation")),
        "patients": 0,
        "runs": [earlier.name],
    }
    assert record["test"]["trained"] > 0


def test_a_run_that_goes_on_needs_its_beginning_no_more(images: Path, workspace: Workspace) -> None:
    earlier = finish_run(SMALL, images, workspace)
    run = prepare(replace(SMALL, weights=str(earlier.best_checkpoint)), images, workspace)
    before = read_record(run)
    (earlier.folder / "split.parquet").unlink()

    prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=True)

    assert before
    assert read_record(run) == before

    (run.folder / "data.json").unlink()
    with pytest.raises(RecipeError, match="nobody can tell"):
        prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=True)


def test_of_random_weights_there_is_nothing_to_record(images: Path, workspace: Workspace) -> None:
    assert read_record(prepare(SMALL, images, workspace)) is None
