"""What the last layer before the classes sees, of flat and nested networks alike."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from xray_core.errors import RunError
from xray_core.explain import cut
from xray_core.explain.cut import build_with_features
from xray_core.models import build_model
from xray_core.models.foreign import adapt_network
from xray_core.training.combined_labels import merge_output

SIZE = 64
DRAWN = np.random.default_rng(0).uniform(0, 255, (3, SIZE, SIZE, 1)).astype("float32")


def answer(model: Any, images: Any = DRAWN) -> dict[str, np.ndarray]:
    """Return what the cut model gives; its probabilities are those of `model`."""
    before = {layer.name: len(layer._inbound_nodes) for layer in model._flatten_layers()}
    answers = {name: np.asarray(x) for name, x in build_with_features(model)(images).items()}
    assert answers["probabilities"] == pytest.approx(np.asarray(model(images)), abs=1e-6)
    after = {layer.name: len(layer._inbound_nodes) for layer in model._flatten_layers()}
    assert after == before, "the network's own graph stays as it is"
    return answers


@pytest.mark.parametrize(
    ("name", "last", "multilabel", "width"),
    [
        ("demo_cnn", "probabilities", False, 4096),
        ("demo_cnn", "probabilities", True, 4096),
        ("pneumonia_cnn", "score", False, 128),
        ("mobilenet_v2", "probabilities", False, 1280),
    ],
)
def test_the_last_layer_makes_the_answer_of_the_features(
    name: str, last: str, multilabel: bool, width: int
) -> None:
    model = build_model(name, 2, SIZE, multilabel=multilabel)

    answers = answer(model)

    assert answers["features"].shape == (3, width)
    dense = model.get_layer(last)
    made = np.asarray(dense(answers["features"]))
    assert made == pytest.approx(answers["probabilities"][:, -made.shape[1] :], abs=1e-5)


def test_a_layer_that_only_sums_or_sorts_answers_is_passed_over() -> None:
    plain = build_model("demo_cnn", 4, SIZE)
    wanted = answer(plain)["features"]

    combined = merge_output(plain, np.array([0, 1, 1, 0]), 2)

    assert answer(combined)["features"] == pytest.approx(wanted)


def test_networks_within_networks_are_looked_into() -> None:
    within = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Conv2D(5, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    whole = adapt_network(within, SIZE, ["a", "b"], ["b", "a"], "0..1").model

    seen = answer(whole)["features"]

    colors = np.repeat(DRAWN, 3, axis=-1) / 255
    assert seen == pytest.approx(np.asarray(keras.Sequential(within.layers[:2])(colors)), abs=1e-5)


def test_a_network_of_convolutions_alone_has_the_means_of_its_last_map() -> None:
    image = keras.Input((SIZE, SIZE, 1))
    x = layers.Conv2D(5, 3)(image)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1)(x))

    assert answer(keras.Model(image, layers.Softmax()(x)))["features"].shape == (3, 5)


def test_a_flattened_map_of_too_many_numbers_is_averaged_over_its_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cut, "MOST_FEATURES", 100)
    flat = build_model("demo_cnn", 2, SIZE)
    joined = build_model("xnet_dual", 2, SIZE, n_tabular=3)

    assert answer(flat)["features"].shape == (3, 64)
    given = {"image": DRAWN, "tabular": np.ones((3, 3), "float32")}
    assert answer(joined, given)["features"].shape == (3, 128 + 16)


def test_a_network_that_learns_nothing_is_refused() -> None:
    image = keras.Input((SIZE, SIZE, 1))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(image))

    with pytest.raises(RunError, match="no layer that learns"):
        build_with_features(model)
