"""What a run writes down of its data before it trains."""

import json
from dataclasses import replace
from pathlib import Path

from tests.datasets.fakes import fake_kermany
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import create_run
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
    [words] = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))["absent"]
    assert words.startswith("No image of normal is in the test set.")
