"""Heat maps depend on what a network has learned: the test of Adebayo 2018, arXiv:1810.03292."""

import keras
import numpy as np
import pytest

from benchmarks.explain import (
    build,
    compare_twins,
    draw_spots,
    rank_correlations,
    redraw,
    train_whole,
)
from xray_core.explain.gradcam import METHODS, map_images

SIZE = 48


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    model = build("demo_cnn", SIZE, 0)
    train_whole(model, SIZE, 48)
    return model


@pytest.mark.parametrize("method", METHODS)
def test_maps_point_at_what_was_learned_and_change_with_the_weights(
    trained: keras.Model, method: str
) -> None:
    images, has_spot = draw_spots(12, SIZE, 1)
    images = images[has_spot == 1]
    targets = np.ones(len(images), int)
    model = keras.models.clone_model(trained)
    model.set_weights(trained.get_weights())
    before = map_images(model, images, targets, method)
    redraw(model, build("demo_cnn", SIZE, 1), 1.0)
    after = map_images(model, images, targets, method)

    if method != "hirescam":  # it goes by each place apart, and 48 images teach few places
        assert np.mean([is_on_spot(*pair) for pair in zip(images, before, strict=True)]) >= 0.8
    assert np.mean(rank_correlations(before, after)) < 0.5


def is_on_spot(image: np.ndarray, heat: np.ndarray) -> bool:
    """Whether the hottest place of a map lies on the bright spot, give or take one place."""
    small = keras.ops.convert_to_numpy(keras.ops.image.resize(image, heat.shape))[..., 0]
    spot, hottest = (np.argwhere(values == values.max())[0] for values in (small, heat))
    return bool(np.abs(spot - hottest).max() <= 1)


def test_a_network_of_keras_has_the_maps_of_its_flat_twin() -> None:
    row = compare_twins("mobilenet_v2", 64)
    assert row["maps"] == "8 of 8"  # that are not empty
    assert max(float(row[method]) for method in ("gradcam", "gradcam++")) <= 1e-5
