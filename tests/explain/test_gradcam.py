import keras
import numpy as np
import pytest
from keras import layers

from xray_core.explain.capture import Scores, find_last_map, list_layers, listening
from xray_core.explain.gradcam import WEIGHINGS, map_images
from xray_core.models import MODELS, build_model
from xray_core.models.foreign import adapt_network
from xray_core.training.combined_labels import merge_output

SIZE = 96
SMALL = ("demo_cnn", "pneumonia_cnn", "xnet_dual", "mobilenet_v2")


def draw(n: int = 4) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, SIZE, SIZE, 1)).astype("float32")


@pytest.mark.parametrize("method", WEIGHINGS)
@pytest.mark.parametrize("name", SMALL)
def test_a_map_of_each_image_lies_between_0_and_1(name: str, method: str) -> None:
    images, targets = draw(3), np.array([0, 1, 1])
    beside = {"n_tabular": 2} if MODELS[name].tabular else {}
    model = build_model(name, 2, SIZE, **beside)
    given = {"image": images, "tabular": np.ones((3, 2), "float32")} if beside else images
    maps = map_images(model, given, targets, method)
    assert maps.shape == (3, *find_last_map(model).output.shape[1:3])
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    assert set(maps.max(axis=(1, 2))) <= {0.0, 1.0}


def build_bright_corner() -> keras.Model:
    """Return a network whose second class is how bright the image is at its top left."""
    image = keras.Input((SIZE, SIZE, 1), name="image")
    x = layers.AveragePooling2D(8, name="features")(image)
    x = layers.Flatten()(x)
    return keras.Model(image, layers.Dense(2, "softmax", name="probabilities")(x))


def test_the_map_is_hot_where_the_score_comes_from() -> None:
    model = build_bright_corner()
    kernel = np.zeros((144, 2), "float32")
    kernel[0, 1] = 1.0
    model.layers[-1].set_weights([kernel, np.zeros(2, "float32")])
    images = np.zeros((2, SIZE, SIZE, 1), "float32")
    images[:, :8, :8] = 200.0
    images[:, -8:, -8:] = 100.0
    # By hand: one channel, whose weight is the mean of (1, 0, ..., 0); so the map is the image.
    [of_second, of_first] = map_images(model, images, np.array([1, 0]))
    assert of_second[0, 0] == 1.0
    assert of_second[-1, -1] == pytest.approx(0.5)
    assert np.count_nonzero(of_second) == 2
    assert not of_first.any()  # nothing speaks for the first class


def test_scores_become_the_probabilities_and_a_network_within_counts_as_its_layers() -> None:
    images = draw(3)
    for name, multilabel in (("demo_cnn", False), ("demo_cnn", True), ("pneumonia_cnn", False)):
        model = build_model(name, 2 + multilabel, SIZE, multilabel=multilabel)
        scores = Scores(model)
        with scores.listening():
            answer = model(images, training=False)
        values = keras.ops.convert_to_numpy(scores.of(answer)).astype("float64")
        odds = 1 / (1 + np.exp(-values))
        soft = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
        expected = odds if multilabel or name == "pneumonia_cnn" else soft
        np.testing.assert_allclose(keras.ops.convert_to_numpy(answer), expected, atol=1e-5)


def test_the_score_of_a_class_of_several_labels_is_that_of_their_sum() -> None:
    combined = build_model("demo_cnn", 3, SIZE)
    model = merge_output(combined, np.array([0, 1, 1]), 2)
    images = draw(2)
    scores = Scores(model)
    with scores.listening():
        answer = model(images, training=False)
    values = keras.ops.convert_to_numpy(scores.of(answer)).astype("float64")
    soft = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(answer), soft, atol=1e-5)


def test_a_network_within_a_network_has_the_maps_of_its_flat_twin() -> None:
    image = keras.Input((SIZE, SIZE, 1), name="image")
    conv = layers.Conv2D(4, 5, strides=4, activation="relu", name="conv")
    last = layers.Conv2D(6, 3, activation="relu", name="last")
    dense = layers.Dense(3, "softmax", name="probabilities")
    flat = keras.Model(image, dense(layers.Flatten()(last(conv(image)))))
    inner_image = keras.Input((SIZE, SIZE, 1))
    inner = keras.Model(inner_image, last(conv(inner_image)), name="base")
    nested = keras.Model(image, dense(layers.Flatten()(inner(image))))
    adapted = adapt_network(flat, SIZE, ["a", "b", "c"], ["c", "a", "b"]).model
    images, targets = draw(), np.array([0, 1, 2, 0])
    for method in WEIGHINGS:
        expected = map_images(flat, images, targets, method)
        assert expected.any(axis=(1, 2)).sum() >= 2
        np.testing.assert_allclose(map_images(nested, images, targets, method), expected, atol=1e-5)
    # Of a network from elsewhere, whose classes come in another order, the odds are taken; they
    # point where the score does.
    foreign = map_images(adapted, images, targets)
    assert foreign.shape == expected.shape
    assert {"conv", "last"} < {layer.name for layer in list_layers(nested)}


def test_a_layer_is_as_before_once_nobody_listens() -> None:
    model = build_model("demo_cnn", 2, SIZE)
    before = model.predict(draw(), verbose=0)
    layer = find_last_map(model)
    with listening(layer, lambda _, answer: answer * 0):
        assert not np.allclose(keras.ops.convert_to_numpy(model(draw())), before)
    assert "call" not in layer.__dict__
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(draw())), before, atol=1e-5)
