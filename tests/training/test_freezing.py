"""Which layers of the base learn."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.tiny import tiny_recipe
from xray_core.errors import RecipeError
from xray_core.recipes import PUBLISHED, Phase
from xray_core.training.freezing import check_layers, freeze_layers, inner_layers

WEIGHTED = ["conv1", "norm1", "conv2", "norm2", "probabilities"]


@pytest.fixture
def model() -> Any:
    """A model with a base of five layers, its input included, and a head."""
    inner = keras.Input((8, 8, 1), name="inner")
    y = keras.layers.Conv2D(2, 3, name="conv1")(inner)
    y = keras.layers.BatchNormalization(name="norm1")(y)
    y = keras.layers.Conv2D(2, 3, name="conv2")(y)
    base = keras.Model(inner, keras.layers.BatchNormalization(name="norm2")(y), name="base")
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.GlobalAveragePooling2D()(base(image))
    return keras.Model(image, keras.layers.Dense(2, "softmax", name="probabilities")(x))


@pytest.mark.parametrize(
    ("trainable", "batch_norm", "learning"),
    [
        ("all", "train", WEIGHTED),
        ("head", "train", WEIGHTED[4:]),
        ("top:0.2", "train", WEIGHTED[3:]),
        ("top:0.6", "train", WEIGHTED[1:]),
        ("top:0.01", "train", WEIGHTED[3:]),
        ("from:conv2", "train", WEIGHTED[2:]),
        ("from: conv2 ", "train", WEIGHTED[2:]),
        ("all", "frozen", ["conv1", "conv2", "probabilities"]),
        ("from:norm1", "frozen", ["conv2", "probabilities"]),
    ],
)
def test_a_phase_trains_the_layers_that_it_names(
    model: Any, trainable: str, batch_norm: str, learning: list[str]
) -> None:
    freeze_layers(model, Phase("first", 1, trainable="head"))  # what came before is undone

    freeze_layers(model, Phase("p", 1, trainable=trainable, batch_norm=batch_norm))

    layers = [layer for layer in inner_layers(model) if layer.weights]
    assert [layer.name for layer in layers if layer.trainable_variables] == learning


@pytest.mark.parametrize(("batch_norm", "kept"), [("train", False), ("frozen", True)])
def test_frozen_batch_normalisation_keeps_its_statistics(
    model: Any, batch_norm: str, kept: bool
) -> None:
    norm = model.get_layer("base").get_layer("norm1")
    before = norm.get_weights()
    freeze_layers(model, Phase("p", 1, batch_norm=batch_norm))
    model.compile("sgd", "categorical_crossentropy", jit_compile=False)

    images = np.random.default_rng(0).uniform(0, 9, (8, 8, 8, 1))
    model.train_on_batch(images, np.eye(2)[np.arange(8) % 2])

    same = [np.array_equal(was, now) for was, now in zip(before, norm.get_weights(), strict=True)]
    assert same == [kept] * 4


def test_a_wrong_layer_is_answered_with_its_neighbours(model: Any) -> None:
    recipe = replace(
        PUBLISHED["siim_mobilenet_opacity"],
        phases=(Phase("head", 1, trainable="head"), Phase("tune", 1, trainable="from:conv_2")),
    )

    with pytest.raises(
        RecipeError,
        match=r"phases.tune.trainable is 'from:conv_2', but the base of mobilenet_v2 has no layer "
        r"'conv_2'. Did you mean: conv2",
    ):
        check_layers(model, recipe)
    fitting = replace(recipe, phases=(Phase("tune", 1, trainable="from:conv2"),))
    check_layers(model, fitting)


def test_a_name_without_neighbours_is_answered_with_the_last_layers(model: Any) -> None:
    recipe = replace(
        PUBLISHED["siim_mobilenet_opacity"], phases=(Phase("tune", 1, trainable="from:xyz"),)
    )

    with pytest.raises(RecipeError, match="Did you mean: norm1, conv2, norm2"):
        check_layers(model, recipe)


def test_a_model_without_a_base_is_left_alone() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="dense")])

    freeze_layers(model, Phase("p", 1, trainable="head", batch_norm="frozen"))
    check_layers(model, tiny_recipe())

    assert len(model.trainable_variables) == 2
