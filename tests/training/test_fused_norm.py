from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from xray_core.training.fused_norm import fuse_batch_norm

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fused kernel is TensorFlow's"
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def small_network() -> keras.Model:
    keras.utils.set_random_seed(0)
    inner_image = keras.Input((16, 16, 4))
    x = layers.Conv2D(8, 3, padding="same")(inner_image)
    inner = keras.Model(inner_image, layers.BatchNormalization(momentum=0.9)(x), name="base")
    image = keras.Input((16, 16, 1))
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = inner(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.BatchNormalization()(x)  # two dimensions: not for the kernel
    return keras.Model(image, layers.Dense(2, activation="softmax")(x))


def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    images = rng.normal(3, 2, (32, 16, 16, 1)).astype("float32")
    return images, np.eye(2, dtype="float32")[rng.integers(0, 2, 32)]


def test_trains_and_predicts_as_keras_does(rng: np.random.Generator) -> None:
    plain, fused = small_network(), small_network()
    assert fuse_batch_norm(fused) == 2  # the nested one too, the flat one not
    batches = [batch(rng) for _ in range(5)]
    losses = []
    for model in (plain, fused):
        model.compile(keras.optimizers.SGD(0.05), "categorical_crossentropy", jit_compile=False)
        losses.append([model.train_on_batch(*one) for one in batches])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    for ours, theirs in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)  # n - 1 in the moving variance
    images, _ = batch(rng)
    np.testing.assert_allclose(
        fused.predict(images, verbose=0), plain.predict(images, verbose=0), atol=1e-3
    )


def test_frozen_layers_keep_their_statistics(rng: np.random.Generator) -> None:
    model = small_network()
    fuse_batch_norm(model)
    model.get_layer("base").trainable = False
    before = model.get_layer("base").get_weights()
    model.compile("sgd", "categorical_crossentropy", jit_compile=False)
    model.train_on_batch(*batch(rng))
    for old, new in zip(before, model.get_layer("base").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_saves_as_a_plain_keras_model(rng: np.random.Generator, tmp_path: Path) -> None:
    model = small_network()
    fuse_batch_norm(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    kinds = {type(layer) for layer in loaded.layers}
    assert layers.BatchNormalization in kinds
    images, _ = batch(rng)
    np.testing.assert_allclose(
        loaded.predict(images, verbose=0), model.predict(images, verbose=0), atol=1e-5
    )
