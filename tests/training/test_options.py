"""Every training option: it does something, its rate is logged, and a killed training goes on."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from tests.training.test_resume import check_same_log
from xray_core.preprocess.cache import ImageCache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, Status
from xray_core.training import recorder
from xray_core.training.checkpoint import TrainingState, read_training_state
from xray_core.training.combined_labels import find_combinations, merge_output
from xray_core.training.data import Prepared, training_batches
from xray_core.training.inputs import PredictionBatches
from xray_core.training.phases import fit_phases
from xray_core.training.progress import Progress
from xray_core.training.recorder import Recorder

SIZE, BATCH, EPOCHS, RATE = 32, 8, 3, 0.02
N_TRAIN, N_VALIDATION, N_RARE = 22, 8, 6
LINES_PER_EPOCH = 4  # three batches and the epoch
CLASSES = ["no opacity", "opacity"]

# Name -> what the phase says, what the recipe says, and the rate at the end of each epoch. The
# validation loss never falls after the first epoch here.
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], list[float]]] = {
    "momentum and the thesis' decay": (
        {"optimizer": "sgd", "momentum": 0.9, "schedule": "inverse_time", "decay": 0.1},
        {},
        [RATE / 1.3, RATE / 1.6, RATE / 1.9],
    ),
    "weight decay and steps": (
        {
            "optimizer": "adamw",
            "weight_decay": 0.3,
            "schedule": "step",
            "decay": 0.5,
            "decay_epochs": 2,
        },
        {},
        [RATE, RATE, RATE / 2],
    ),
    "plateau, balanced and mixed": (
        {"schedule": "plateau", "decay": 0.5, "decay_epochs": 1},
        {"sampling": "balanced", "mixup": 0.4, "augment": AugmentSpec(shift=0.1)},
        [RATE, RATE, RATE / 2],
    ),
    "warm-up and plateau, from a layer on, normalisation frozen": (
        {
            "schedule": "plateau",
            "decay": 0.5,
            "decay_epochs": 1,
            "warm_up": 1,
            "epochs": 4,
            "trainable": "from:conv2",
            "batch_norm": "frozen",
        },
        {},
        [RATE, RATE, RATE, RATE / 2],
    ),
    "warm-up and cosine, the base's top, focal and smoothed": (
        {"schedule": "cosine", "warm_up": 2, "trainable": "top:0.4", "epochs": 4},
        {"loss": "focal", "focal_gamma": 1.5, "label_smoothing": 0.1},
        [RATE / 2, RATE, RATE / 2, 0.0],
    ),
    "combined, focal, mixed and weighed": (
        {},
        {
            "combined_labels": True,
            "loss": "focal",
            "label_smoothing": 0.1,
            "mixup": 0.4,
            "class_weights": "balanced",
        },
        [RATE] * 3,
    ),
}


def recipe_with(phase: dict[str, Any], recipe: dict[str, Any]) -> Recipe:
    settings = {"epochs": EPOCHS, "learning_rate": RATE, **phase}
    plain = {"combined_labels": False, "augment": AugmentSpec(), "batch_size": BATCH}
    return replace(
        PUBLISHED["siim_mobilenet_opacity"],
        phases=(Phase("train", **settings),),
        **{**plain, **recipe},
    )


def build(n_classes: int) -> Any:
    """Build a model with a base of two blocks, batch normalisation and dropout."""
    image = keras.Input((SIZE, SIZE, 1), name="image")
    inner = keras.Input((SIZE, SIZE, 1), name="inner")
    y = keras.layers.Conv2D(3, 3, strides=4, name="conv1")(inner)
    y = keras.layers.BatchNormalization(name="norm1")(y)
    y = keras.layers.Conv2D(4, 3, strides=2, name="conv2")(y)
    base = keras.Model(inner, keras.layers.BatchNormalization(name="norm2")(y), name="base")
    x = keras.layers.Identity(name="features")(base(keras.layers.Rescaling(1 / 255)(image)))
    x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
    x = keras.layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(image, x)


@cache
def draw_data() -> Prepared:
    """Draw images whose upper half tells the class; the second one is rare."""
    rng = np.random.default_rng(0)
    n = N_TRAIN + N_VALIDATION
    pixels = rng.integers(0, 128, (n, SIZE, SIZE)).astype(np.uint8)
    codes = (np.arange(n) % (N_TRAIN // N_RARE + 1) == 0).astype(int)
    pixels[codes == 1, : SIZE // 2] += 100
    subsets = ["training"] * N_TRAIN + ["validation"] * N_VALIDATION
    split = pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in range(n)],
            "class": pd.Categorical.from_codes(codes, CLASSES),
            "subset": pd.Categorical(subsets, categories=["training", "validation", "test"]),
        }
    )
    images = ImageCache(pixels, np.ones(n, bool), pd.DataFrame(), Path())
    return Prepared(catalog=None, split=split, cache=images, classes=CLASSES)  # type: ignore[arg-type]


def fit(folder: Path, recipe: Recipe) -> Run:
    """Train `recipe` from where the run in `folder` stands, as the runner does."""
    run, data = Run(folder), draw_data()
    run.write_status(Status("queued", n_epochs=recipe.n_epochs))
    rows = data.rows("validation")
    combined = None
    if recipe.combined_labels:
        train = data.rows("training")
        labels = pd.Series([f"kind {row % 3}" for row in train])
        combined = find_combinations(labels, data.actual(train))
    keras.utils.set_random_seed(recipe.seed)
    training = training_batches(recipe, data, combined)
    begin = read_training_state(run.last_checkpoint)
    run.cut_metrics(begin.log_bytes if begin else 0)
    recorder = Recorder(
        run,
        Progress(run),
        training,
        PredictionBatches(data.cache, rows, BATCH),
        data.actual(rows),
        data.split["image_id"].iloc[rows].tolist(),
        data.classes,
        begin or TrainingState(),
    )
    model = build(len(combined.names) if combined else len(CLASSES))
    if combined:
        model = merge_output(model, combined.classes, len(CLASSES))
    fit_phases(model, recipe, run, training, recorder, on_gpu=False, resumes=begin is not None)
    return run


def weights_of(run: Run) -> dict[str, np.ndarray]:
    """Return all variables of model and optimizer, as the last checkpoint holds them."""
    with np.load(run.last_checkpoint) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "position"}


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint after each batch, and let no epoch be better than the first."""
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)
    monkeypatch.setattr(recorder, "measure_loss", lambda *_: 1.0)


@pytest.fixture
def copy_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Path], None]:
    """Let a run be copied when so many lines are in its log: what a kill would leave of it."""

    def copy_at(n_lines: int, place: Path) -> None:
        record = Recorder.on_train_batch_end

        def copy_and_record(self: Recorder, batch: int, logs: Any = None) -> None:
            if len(self._run.read_metrics()) == n_lines and not place.exists():
                shutil.copytree(self._run.folder, place)
            record(self, batch, logs)

        monkeypatch.setattr(Recorder, "on_train_batch_end", copy_and_record)

    return copy_at


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The weights of a training without any option."""
    return weights_of(fit(tmp_path_factory.mktemp("plain") / "run", recipe_with({}, {})))


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_changes_the_training_and_a_killed_one_ends_with_the_same_weights(
    name: str,
    tmp_path: Path,
    plain: dict[str, np.ndarray],
    copy_at: Callable[[int, Path], None],
) -> None:
    phase, of_recipe, rates = OPTIONS[name]
    recipe = recipe_with(phase, of_recipe)
    # Killed after the first batch of the last epoch but one: the next rate is yet to be decided.
    epoch = recipe.n_epochs - 2
    copy_at(epoch * LINES_PER_EPOCH + 1, tmp_path / "killed")

    whole = fit(tmp_path / "whole", recipe)

    stood = read_training_state(Run(tmp_path / "killed").last_checkpoint)
    assert stood
    assert (stood.epoch, stood.batch) == (epoch, 1)
    killed = fit(tmp_path / "killed", recipe)
    check_same_log(killed, whole)
    had, has = weights_of(whole), weights_of(killed)
    assert list(had) == list(has)
    for variable in had:
        np.testing.assert_array_equal(has[variable], had[variable], variable)
    logged = whole.read_epochs()["learning_rate"].tolist()
    assert logged == pytest.approx(rates, rel=1e-5, abs=1e-9)
    assert any(
        not np.array_equal(had[key], value) for key, value in plain.items() if "model" in key
    ), "it does nothing"
