"""Networks together and from elsewhere: what predicts is what was evaluated."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.errors import JobError, RecipeError, RunError
from xray_core.evaluation.averaging import check_new, create_average
from xray_core.explain.predict_files import predict_images
from xray_core.jobs import restart_run
from xray_core.models import build_model
from xray_core.models.foreign import adapt_network, read_input_size
from xray_core.recipes import change_recipe
from xray_core.runs import Run
from xray_core.runs.origin import AVERAGE, MODEL, read_origin
from xray_core.runs.trash import trash_run
from xray_core.workspace import Workspace

CLASSES = ["no opacity", "opacity"]
COLUMNS = [f"p_{name}" for name in CLASSES]
SIZE = 40


@pytest.fixture(scope="module")
def finished(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The training of all tests in a workspace of these alone, and another network beside it."""
    workspace = Workspace(tmp_path_factory.mktemp("own") / "workspace")
    shutil.copytree(finished.workspace.folder, workspace.folder)
    run = Run(workspace.runs / finished.run.name)
    shutil.copytree(run.folder, workspace.runs / "other")
    other = Run(workspace.runs / "other")
    recipe = change_recipe(run.read_recipe(), {"preprocess.size": SIZE})
    other.write_json("recipe.json", asdict(recipe))
    keras.utils.set_random_seed(1)
    build_model(recipe.model, 2, SIZE, "random").save(other.best_checkpoint)
    table = other.read_predictions()
    table[COLUMNS] = table[COLUMNS].to_numpy()[:, ::-1]  # another opinion than its copy's
    other.write_table("predictions.parquet", table)
    return replace(finished, run=run, workspace=workspace)


@pytest.fixture(scope="module")
def members(finished: Finished) -> list[Run]:
    return [finished.run, Run(finished.workspace.runs / "other")]


def images_of(finished: Finished) -> list[Path]:
    whole = sorted(
        path for path in finished.data.rglob("*.jpg") if finished.broken not in path.name
    )
    return [whole[0], finished.data / "nothing.jpg", whole[1]]


def test_an_average_predicts_the_mean_of_its_members(
    finished: Finished, members: list[Run]
) -> None:
    run = create_average(members, finished.workspace, by="ann")
    origin = read_origin(run)
    assert origin is not None
    assert (origin.kind, origin.members) == (AVERAGE, tuple(m.name for m in members))
    # Each image gets p from one and 1 - p from the other.
    given = run.read_predictions()[COLUMNS].dropna().to_numpy()
    assert given == pytest.approx(np.full_like(given, 0.5))

    paths = images_of(finished)
    one, other = (predict_images(member, paths)[COLUMNS].to_numpy() for member in members)
    table = predict_images(run, paths)
    assert table[COLUMNS].to_numpy() == pytest.approx((one + other) / 2, nan_ok=True)
    assert abs(one - other)[0].max() > 0
    assert table["error"].notna().tolist() == [False, True, False]

    with pytest.raises(RunError, match=f"already: .*{run.name}"):
        create_average(members[::-1], finished.workspace)
    check_new(members, finished.workspace, "another")
    check_new(members[:1], finished.workspace)

    with pytest.raises(JobError, match="no training here has made it"):
        restart_run(run, finished.workspace)
    place = trash_run(members[1], finished.workspace)
    with pytest.raises(RunError, match="'other' lies in the trash"):
        predict_images(run, paths)
    assert run.read_report()["n"] > 0  # its figures stay
    shutil.move(finished.workspace.trash / place, members[1].folder)


def sequential(shape: tuple[int, ...], outputs: int, *more: Any) -> Any:
    keras.utils.set_random_seed(2)
    activation = "sigmoid" if outputs == 1 else "softmax"
    return keras.Sequential(
        [keras.Input(shape), *more, layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(),
         layers.Dense(outputs, activation=activation)]
    )  # fmt: skip


def say(model: Any, images: Any) -> Any:
    return np.asarray(model.predict(images, verbose=0))


@pytest.mark.parametrize(
    ("pixels", "factor", "shift"), [("", 1, 0), ("0..1", 1 / 255, 0), ("-1..1", 1 / 127.5, -1)]
)
def test_a_network_of_three_channels_and_one_output_is_made_to_fit(
    pixels: str, factor: float, shift: float
) -> None:
    network = sequential((SIZE, SIZE, 3), 1)
    adapted = adapt_network(network, SIZE, CLASSES, pixels=pixels)
    images = np.random.default_rng(0).uniform(0, 255, (3, SIZE, SIZE, 1)).astype("float32")
    alone = say(network, np.repeat(images * factor + shift, 3, axis=3))
    assert say(adapted.model, images) == pytest.approx(np.hstack([1 - alone, alone]), abs=1e-5)
    assert any("taken for the probability of opacity" in words for words in adapted.remarks)


def test_outputs_in_another_order_are_put_right() -> None:
    network = sequential((None, None, 1), 2, layers.Rescaling(1 / 255))
    assert read_input_size(network) is None
    images = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 1)).astype("float32")
    adapted = adapt_network(network, 32, CLASSES, order=CLASSES[::-1])
    assert say(adapted.model, images) == pytest.approx(say(network, images)[:, ::-1], abs=1e-6)
    assert "has a layer that scales them" in adapted.remarks[0]


@pytest.mark.parametrize(
    ("network", "order", "reason"),
    [
        (((SIZE, SIZE, 1), 3), (), "but the task has 2 classes"),
        (((SIZE, SIZE, 1), 2), ("a", "opacity"), "are said to be a, opacity"),
        (((SIZE, SIZE, 2), 2), (), "1 or 3 channels"),
        (((SIZE, 32, 1), 2), (), "only square ones"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(
    network: tuple[tuple[int, ...], int], order: Sequence[str], reason: str
) -> None:
    model = sequential(*network)

    def fit() -> None:
        read_input_size(model)
        adapt_network(model, SIZE, CLASSES, order)

    with pytest.raises(RecipeError, match=reason):
        fit()


def test_the_network_of_a_run_gives_the_same_figures_from_elsewhere(
    finished: Finished,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(finished.workspace.folder))
    file = tmp_path / "mine.keras"
    shutil.copyfile(finished.run.best_checkpoint, file)
    arguments = ["add-model", str(file), "--data", str(finished.data), "--task", "siim_opacity"]
    assert cli.main([*arguments, "--like", finished.run.name, "--json"]) == 0
    run = Run(Path(json.loads(capsys.readouterr().out)["folder"]))
    origin, recipe = read_origin(run), finished.run.read_recipe()
    assert origin is not None
    assert (origin.kind, origin.file, origin.unchecked) == (MODEL, "mine.keras", True)
    own, there = (each.read_predictions().set_index("image_id") for each in (finished.run, run))
    assert there[COLUMNS].to_numpy() == pytest.approx(
        own.loc[there.index, COLUMNS].to_numpy(), abs=1e-6, nan_ok=True
    )
    assert run.read_recipe().preprocess == recipe.preprocess
    # Predict takes it as it takes any run.
    paths = images_of(finished)[:1]
    assert predict_images(run, paths)[COLUMNS].to_numpy() == pytest.approx(
        predict_images(finished.run, paths)[COLUMNS].to_numpy(), abs=1e-6
    )
    assert cli.main([*arguments, "--set", "preprocess.size=64"]) == 2
    assert "takes images of 32 px" in capsys.readouterr().err
