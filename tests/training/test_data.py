"""What a run writes down of its data before it trains."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.datasets.fakes import fake_kermany
from xray_core.datasets import open_dataset
from xray_core.errors import XrayError
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import create_run
from xray_core.runs.marked import read_used_marks
from xray_core.selection.marks import LEAVE_OUT, write_marks
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.training.data import prepare_data
from xray_core.training.progress import Progress
from xray_core.workspace import Workspace


def test_a_class_that_the_given_test_subset_lacks_is_recorded(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    fake_kermany(tmp_path / "chest_xray")  # no normal image is in its test set
    changes = {"split.method": "published", "preprocess.size": 32, "split.allow_leaks": True}
    recipe = change_recipe(PUBLISHED["pneumonia_cnn"], changes)
    run = create_run(replace(recipe, data_folder=str(tmp_path / "chest_xray")), workspace.runs)

    data = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=False)

    assert data.split["subset"].eq("test").sum() == 1
    notes = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))
    [words] = notes["absent"]
    assert words.startswith("No image of normal is in the test set.")
    assert notes["left_out"] == []


def test_a_selection_is_all_that_a_run_has(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    write_synthetic_dataset(tmp_path / "data", n_images=60, size=64)
    changes = {"preprocess.size": 32, "selection": "patient_id~1"}
    recipe = change_recipe(PUBLISHED["demo_cnn"], changes)
    run = create_run(replace(recipe, data_folder=str(tmp_path / "data")), workspace.runs)

    data = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=False)

    assert 0 < len(data.split) < 60
    assert data.catalog.images["patient_id"].str.contains("1").all()
    assert set(data.split["image_id"]) == set(data.catalog.images["image_id"])
    n_left_out = 60 - len(data.catalog.images)
    said = f"Images left out by the selection (Patient contains “1”): {n_left_out} of 60."
    assert said in run.read_data()["remarks"]
    again = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=True)
    assert again.split.equals(data.split)
    empty = replace(run.read_recipe(), selection="class=opacity")
    with pytest.raises(XrayError, match="none of them of no opacity"):
        prepare_data(empty, run, workspace, Progress(run), resumes=False)


def test_a_run_goes_on_with_the_marks_of_its_beginning(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    write_synthetic_dataset(tmp_path / "data", n_images=40, size=64)
    recipe = change_recipe(
        PUBLISHED["demo_cnn"], {"preprocess.size": 32, "selection": "doubtful?no"}
    )
    run = create_run(replace(recipe, data_folder=str(tmp_path / "data")), workspace.runs)
    first, second, *_ = open_dataset(tmp_path / "data", workspace.cache).images["image_id"]
    write_marks(workspace, tmp_path / "data", recipe.task, {first: "opacity"}, LEAVE_OUT)

    data = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=False)

    assert first not in set(data.split["image_id"])
    assert len(data.split) == 39
    said = "Images left out by the selection (label not marked as doubtful): 1 of 40."
    assert said in run.read_data()["remarks"]
    assert read_used_marks(run) == (first,)
    for mark in (LEAVE_OUT, ""):  # of another image, and then of neither
        write_marks(workspace, tmp_path / "data", recipe.task, {first: "", second: ""}, mark)
        again = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=True)
        assert again.split.equals(data.split)
        assert len(again.catalog.images) == 39
        assert said in run.read_data()["remarks"]


@pytest.mark.parametrize("method", ["clean", "patient", "image"])
def test_a_run_says_what_was_joined_and_what_of_each_kind_leaks(
    method: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "home")
    write_synthetic_dataset(tmp_path / "data", n_images=60, size=64)
    images = open_dataset(tmp_path / "data", workspace.cache).images
    one_each = images.drop_duplicates("patient_id")["path"].tolist()
    # Of every second patient, the first image is filed as the next one's, too, saved anew.
    for first, second in zip(one_each[:30:2], one_each[1:30:2], strict=True):
        image = cv2.imread(str(tmp_path / "data" / first))
        brighter = np.clip(image * 1.1 + 8, 0, 255).astype("uint8")
        cv2.imwrite(str(tmp_path / "data" / second), brighter)
    changes = {"preprocess.size": 32, "split.method": method, "split.allow_leaks": True}
    recipe = change_recipe(PUBLISHED["demo_cnn"], changes)
    run = create_run(replace(recipe, data_folder=str(tmp_path / "data")), workspace.runs)

    data = prepare_data(run.read_recipe(), run, workspace, Progress(run), resumes=False)

    notes, subset = run.read_data(), data.split.set_index("path")["subset"]
    apart = sum(
        subset[a] != subset[b] for a, b in zip(one_each[:30:2], one_each[1:30:2], strict=True)
    )
    leaks = notes["leaks"]
    assert leaks["near_identical"] >= apart
    assert (apart == 0) == (method == "clean")
    assert (leaks["patients"] > 0) == (method == "image")
    assert (notes["groups_in_several_subsets"] == 0) == (method == "clean")
    said = [one.evidence for one in diagnose_run(run) if one.kind == "leaky_split"]
    if method == "clean":
        assert notes["joined"]["near_identical"] >= 15
        assert notes["joined"]["left_apart"] == 0
        assert not said
    else:
        assert notes["joined"] is None
        assert "pairs of images that look the same" in said[0]
