"""What a network is explained on is what it was trained on, also where lungs are hidden."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lab_files import write_lab_run
from xray_core.datasets import open_dataset
from xray_core.explain.images import prepare_images
from xray_core.explain.loaded import LoadedRun
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace


@pytest.mark.parametrize("region", ["border", "without_lungs", "lungs_only"])
def test_maps_are_of_the_pixels_that_training_saw(region: str, tmp_path: Path) -> None:
    write_synthetic_dataset(tmp_path / "demo", n_images=30, size=64)
    workspace = Workspace(tmp_path / "home")
    catalog = open_dataset(tmp_path / "demo", workspace.cache)
    recipe = change_recipe(PUBLISHED["demo_cnn"], {"preprocess.region": region})
    run = write_lab_run(workspace, catalog, recipe, "20260301-100000-a")
    rows = run.read_split().head(4)
    names = rows["image_id"].tolist()
    spec = recipe.preprocess
    lungs = find_lung_places(spec, catalog, names, workspace.cache)
    trained = open_image_cache(
        catalog.root, rows["path"].tolist(), spec, workspace.cache / "images", lungs=lungs
    )
    loaded = LoadedRun(run, replace(recipe, data_folder=str(catalog.root)), None)

    prepared = prepare_images(loaded, names, workspace)

    assert prepared.unread == {}
    np.testing.assert_array_equal(prepared.images[..., 0], trained.pixels)
