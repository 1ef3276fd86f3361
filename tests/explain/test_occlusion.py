import keras
import numpy as np
import pytest
from keras import layers

from xray_core.explain.gradcam import OCCLUSION, map_images
from xray_core.explain.occlusion import GRID, list_squares, occlude_images
from xray_core.models import build_model

SIZE = 56


def build_counter() -> keras.Model:
    """Return a network whose second class is the more probable, the brighter its middle."""
    image = keras.Input((SIZE, SIZE, 1), name="image")
    x = layers.Cropping2D(((24, 24), (24, 24)))(image)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(2, "softmax", name="probabilities")(x))


def test_squares_cover_the_whole_image_and_go_on_by_half_their_width() -> None:
    covered = np.zeros((SIZE, SIZE), int)
    for rows, columns in list_squares(SIZE):
        covered[rows, columns] += 1
    assert covered.min() == 1  # the corners
    assert covered[10:-10, 10:-10].min() == covered.max() == 4
    assert len(list_squares(9)) == 81  # no more places than pixels


def test_the_fall_of_the_probability_is_that_of_the_covered_image() -> None:
    model = build_counter()
    model.layers[-1].set_weights([np.array([[0.0, 0.05]]), np.array([2.0, 0.0])])
    images = np.zeros((1, SIZE, SIZE, 1), "float32")
    images[0, 24:32, 24:32] = 100.0
    falls = occlude_images(model, images, np.array([1]))
    # By hand: the square of place (6, 6) covers rows and columns 22 to before 30 with the mean.
    middle = images[0, :, :, 0].copy()
    middle[22:30, 22:30] = images.mean()
    before, after = (
        1 / (1 + np.exp(2 - 0.05 * values[24:32, 24:32].mean())) for values in (images[0], middle)
    )
    assert falls.shape == (1, GRID, GRID)
    assert falls[0, 6, 6] == pytest.approx(before - after, rel=1e-4)
    assert np.count_nonzero(falls > 1e-6) == 16  # places whose square reaches the middle
    [heat] = map_images(model, images, np.array([1]), OCCLUSION)
    assert heat.max() == 1.0
    assert heat[6, 6] == pytest.approx(1.0, abs=1e-5)
    # Nothing that is covered makes the image less like the other class.
    assert not map_images(model, images, np.array([0]), OCCLUSION).any()


def test_images_are_left_as_they_are_and_progress_can_end_it() -> None:
    model = build_model("xnet_dual", 2, SIZE, n_tabular=2)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 1)).astype("float32")
    given, before, steps = {"image": pixels, "tabular": np.ones((2, 2), "float32")}, 1 * pixels, []

    maps = map_images(
        model, given, np.array([0, 1]), OCCLUSION, lambda done, n: steps.append((done, n))
    )

    assert maps.shape == (2, GRID, GRID)
    np.testing.assert_array_equal(pixels, before)
    assert steps[0] == (0, 2)
    assert steps[-1] == (2, 2)
    assert steps == sorted(steps)
    assert len(steps) > 4  # several for each image, so that Cancel need not wait for one
