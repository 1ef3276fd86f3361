from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from xray_core.models import build_model
from xray_core.models.saved import load_saved_model
from xray_core.training.folded_norm import fold_batch_norm
from xray_core.training.freezing import inner_layers

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fused kernel is TensorFlow's"
)


def unsettle(model: keras.Model) -> None:
    """Give batch normalisation what a training would give it: other numbers than 0 and 1."""
    rng = np.random.default_rng(0)
    for layer in inner_layers(model):
        if isinstance(layer, layers.BatchNormalization):
            shape = layer.moving_mean.shape
            layer.moving_mean.assign(rng.normal(0, 0.1, shape))
            layer.moving_variance.assign(rng.uniform(0.5, 2, shape))
            layer.gamma.assign(rng.uniform(0.5, 1.5, shape))
            layer.beta.assign(rng.normal(0, 0.1, shape))


@pytest.mark.parametrize(("name", "n"), [("mobilenet_v2", 52), ("xnet_cnn", 0)])
def test_a_folded_network_answers_as_before(name: str, n: int, tmp_path: Path) -> None:
    model = build_model(name, 2, 96, **({"alpha": 0.35} if n else {}))
    unsettle(model)
    model.save(tmp_path / "a.keras")
    images = np.random.default_rng(1).uniform(0, 255, (3, 96, 96, 1)).astype("float32")
    expected = model.predict_on_batch(images)
    loaded = load_saved_model(tmp_path / "a.keras")

    assert fold_batch_norm(loaded) == n

    np.testing.assert_allclose(loaded.predict_on_batch(images), expected, atol=1e-5)


def test_only_what_a_convolution_answers_to_nobody_else_is_folded() -> None:
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 1))
    twice = layers.Conv2D(4, 3, use_bias=False)(image)
    one = layers.BatchNormalization()(twice)
    two = layers.BatchNormalization()(layers.ReLU()(twice))
    biased = layers.BatchNormalization()(layers.Conv2D(4, 3)(image))
    bent = layers.BatchNormalization()(
        layers.Conv2D(4, 3, use_bias=False, activation="relu")(image)
    )
    alone = layers.BatchNormalization()(layers.Conv2D(4, 3, use_bias=False)(image))
    model = keras.Model(image, layers.Add()([one, two, biased, bent, alone]))
    unsettle(model)
    images = np.random.default_rng(1).normal(size=(2, 16, 16, 1)).astype("float32")
    expected = model.predict_on_batch(images)

    assert fold_batch_norm(model) == 1

    model.make_predict_function(force=True)
    np.testing.assert_allclose(model.predict_on_batch(images), expected, atol=1e-5)
