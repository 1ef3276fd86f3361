"""The features of a finished run: of every image that may be seen, kept whole, computed once."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.errors import RunError
from xray_core.evaluation.nearest import find_nearest, read_features
from xray_core.explain.cut import build_with_features
from xray_core.explain.features import compute_features
from xray_core.explain.places import draw_groups, lay_out
from xray_core.preprocess.images import read_preprocessed
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.runs.explained import find_explained
from xray_core.runs.features import STEPS, read_map
from xray_core.runs.opening import OPENED
from xray_core.runs.origin import AVERAGE, Origin, write_origin
from xray_core.training.predict import load_network
from xray_core.workspace import Workspace


@pytest.fixture
def workspace(finished: Finished, tmp_path: Path) -> Workspace:
    """A workspace with a copy of the finished run, and the images that it has decoded."""
    workspace = Workspace(tmp_path / "home")
    shutil.copytree(finished.run.folder, workspace.runs / finished.run.name)
    shutil.copytree(finished.workspace.cache / "images", workspace.cache / "images")
    write_always_open(workspace, True)
    return workspace


def test_features_are_of_every_readable_image_and_computed_once(
    finished: Finished,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run(workspace.runs / finished.run.name)
    steps: list[float] = []

    features = compute_features(run, workspace, lambda done, total: steps.append(done / total))

    split = run.read_split()
    images = features.images.set_index("image_id")
    assert set(images.index) == set(split["image_id"]) - {finished.broken}
    assert features.about["unreadable"] == 1
    assert features.about["map"] is None
    assert steps == sorted(steps)
    assert set(np.arange(1, len(STEPS)) / len(STEPS)) <= set(steps)
    predicted = run.read_predictions().dropna(subset="predicted").set_index("image_id")
    assert images["predicted"].notna().all()
    assert (images.loc[predicted.index, "predicted"] == predicted["predicted"]).all()
    assert images.loc[images["subset"] == "training", "nearest"].isna().all()
    others = images[images["subset"] != "training"]
    assert (images.loc[others["nearest"], "subset"] == "training").all()
    assert others["distance"].notna().all()
    assert set(features.about["called_unlike"]) == {"validation", "test"}
    assert features.called_unlike == features.about["called_unlike"]["test"]

    # An image that is given anew is nearest to itself: the features of an upload are the same.
    place = int(features.training[3])
    row = split.set_index("image_id").loc[features.images["image_id"][place]]
    recipe = run.read_recipe()
    pixels = read_preprocessed(Path(recipe.data_folder) / row["path"], recipe.preprocess)
    model = build_with_features(load_network(run, recipe))
    seen = model.predict(pixels[None, ..., None].astype("float32"), verbose=0)["features"]
    places, distances = find_nearest(features, seen)
    assert places[0, 0] == place
    assert distances[0, 0] == pytest.approx(0, abs=2e-3)

    # Once they are there, the command only lays them out.
    written = find_explained(run, "features/features.npy").stat().st_mtime_ns
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    assert cli.main(["features", run.name, "--map", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert find_explained(run, "features/features.npy").stat().st_mtime_ns == written
    assert answer["map"]["n"] == answer["n"] == len(images)
    assert answer["counts"]["training"] == len(features.training)
    assert set(read_map(run)["image_id"]) == set(images.index)
    assert cli.main(["features", run.name]) == 0
    assert "nearest training image of the same label" in capsys.readouterr().out


def test_images_of_a_closed_test_set_are_left_out_until_it_is_opened(
    finished: Finished, workspace: Workspace
) -> None:
    run = Run(workspace.runs / finished.run.name)
    write_always_open(workspace, False)
    (run.folder / OPENED).unlink()  # as it was open while the run was trained

    closed = compute_features(run, workspace)

    assert closed.about["subsets"] == ["training", "validation"]
    assert set(closed.images["subset"]) == {"training", "validation"}
    assert set(closed.about["alike"]["label"]) == {"validation"}
    write_always_open(workspace, True)
    assert "test" in compute_features(run, workspace).about["subsets"]


def test_a_killed_computation_leaves_nothing_and_a_damaged_one_is_made_anew(
    finished: Finished, workspace: Workspace
) -> None:
    run = Run(workspace.runs / finished.run.name)

    def kill(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_features(run, workspace, kill)
    assert read_features(run) is None

    compute_features(run, workspace)
    find_explained(run, "features/images.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match="damaged"):
        read_features(run)
    assert len(compute_features(run, workspace).images)


def test_a_run_without_a_network_is_refused_in_words(
    finished: Finished, workspace: Workspace
) -> None:
    run = Run(workspace.runs / finished.run.name)
    shutil.rmtree(run.best_checkpoint.parent)
    write_origin(run, Origin(AVERAGE, "Average of two runs", members=("a", "b")))

    with pytest.raises(RunError, match="no network of its own"):
        compute_features(run, workspace)


def test_the_draw_takes_whole_patients() -> None:
    groups = np.array([f"patient {n // 3}" for n in range(60)], dtype=object)

    drawn = draw_groups(groups, 20, np.random.default_rng(0))

    assert len(drawn) == 18
    counts = pd.Series(groups[drawn]).value_counts()
    assert set(counts) == {3}
    assert draw_groups(groups, 60, np.random.default_rng(0)).tolist() == list(range(60))


def test_the_map_lays_those_beside_each_other_that_are_alike_and_is_the_same_again() -> None:
    rng = np.random.default_rng(0)
    kinds = np.arange(60) % 2
    vectors = (rng.normal(0, 0.1, (60, 8)) + np.eye(8)[kinds]).astype("float32")
    groups = np.arange(60).astype(object)

    laid_out = lay_out(vectors, groups)

    assert laid_out is not None
    drawn, points, notes = laid_out
    assert drawn.tolist() == list(range(60))
    assert (notes["n"], notes["n_all"]) == (60, 60)
    middles = [points[kinds == kind].mean(axis=0) for kind in (0, 1)]
    nearer = np.linalg.norm(points[:, None] - np.array(middles), axis=2).argmin(axis=1)
    assert np.mean(nearer == kinds) > 0.95
    again = lay_out(vectors, groups)
    assert again is not None
    assert np.array_equal(points, again[1])
    assert lay_out(vectors[:4], groups[:4]) is None
