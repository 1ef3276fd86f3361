"""Random changes: which way they go, and that they can be drawn again."""

import numpy as np
import pytest

from xray_core.preprocess.augment import augment_batch, augment_image, draw_transform
from xray_core.preprocess.spec import AugmentSpec

SIZE = 33
EVERYTHING = AugmentSpec(True, True, 0.2, 15.0, 5.0, 0.1, 0.8, 1.2)


class FixedNumbers:
    """Stands in for a Generator whose eight draws are known; 0.5 means no change."""

    def __init__(self, **numbers: float) -> None:
        order = ("flip_x", "flip_y", "zoom", "rotation", "shear", "shift_x", "shift_y", "bright")
        self._numbers = np.array([numbers.pop(name, 0.5) for name in order])
        assert not numbers

    def random(self, n: int) -> np.ndarray:
        assert n == len(self._numbers)
        return self._numbers


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (SIZE, SIZE), dtype=np.uint8)


@pytest.fixture
def dot() -> np.ndarray:
    """A black image with one bright block, 8 px right of the centre."""
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[15:18, 23:26] = 200
    return image


def centroid(image: np.ndarray) -> tuple[float, float]:
    """Return (x, y) in px, relative to the centre."""
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    return float((x * image).sum() / image.sum()), float((y * image).sum() / image.sum())


def test_no_augmentation_returns_the_very_pixels(image: np.ndarray) -> None:
    rng = np.random.default_rng(0)

    assert augment_image(image, AugmentSpec(), rng) is image
    batch = augment_batch(image[None], np.array([3]), AugmentSpec(), seed=0, epoch=0)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch[0], image)


@pytest.mark.parametrize("size", [32, 33, 299])
def test_flips_are_exact(size: int) -> None:
    image = np.random.default_rng(5).integers(0, 256, (size, size), dtype=np.uint8)
    both = AugmentSpec(horizontal_flip=True, vertical_flip=True)
    expected = {
        (0.9, 0.9): image,
        (0.1, 0.9): image[:, ::-1],
        (0.9, 0.1): image[::-1],
        (0.1, 0.1): image[::-1, ::-1],
    }
    for (flip_x, flip_y), flipped in expected.items():
        rng = FixedNumbers(flip_x=flip_x, flip_y=flip_y)

        np.testing.assert_array_equal(augment_image(image, both, rng), flipped)


def test_half_of_the_images_are_flipped(image: np.ndarray) -> None:
    images = np.repeat(image[None], 1000, axis=0)
    spec = AugmentSpec(horizontal_flip=True)

    changed = augment_batch(images, np.arange(1000), spec, seed=1, epoch=0)

    n_flipped = (changed == image[:, ::-1]).all(axis=(1, 2)).sum()
    n_same = (changed == image).all(axis=(1, 2)).sum()
    assert n_flipped + n_same == 1000
    assert 430 < n_flipped < 570


def test_shift_moves_pixels_right_and_down_and_repeats_the_border(image: np.ndarray) -> None:
    # Of a side of 33 px, a shift of up to 4/33 drawn at its greatest in x, at 3/4 in y.
    rng = FixedNumbers(shift_x=1.0, shift_y=0.75)

    shifted = augment_image(image, AugmentSpec(shift=4 / SIZE), rng)

    np.testing.assert_array_equal(shifted[2:, 4:], image[:-2, :-4])
    np.testing.assert_array_equal(shifted[2:, :4], np.repeat(image[:-2, :1], 4, axis=1))
    np.testing.assert_array_equal(shifted[:2, 4:], np.repeat(image[:1, :-4], 2, axis=0))


def test_rotation_is_clockwise_about_the_centre(dot: np.ndarray) -> None:
    rotated = augment_image(dot, AugmentSpec(rotation=90.0), FixedNumbers(rotation=1.0))

    np.testing.assert_array_equal(rotated, np.rot90(dot, -1))


def test_zoom_scales_about_the_centre(dot: np.ndarray) -> None:
    larger = augment_image(dot, AugmentSpec(zoom=0.5), FixedNumbers(zoom=1.0))
    smaller = augment_image(dot, AugmentSpec(zoom=0.5), FixedNumbers(zoom=0.0))

    assert centroid(larger) == pytest.approx((12, 0), abs=0.1)
    assert centroid(smaller) == pytest.approx((4, 0), abs=0.1)


def test_shear_moves_rows_by_their_distance_from_the_middle(dot: np.ndarray) -> None:
    low = np.roll(dot, 8, axis=0)

    sheared = augment_image(low, AugmentSpec(shear=30.0), FixedNumbers(shear=1.0))

    assert centroid(sheared) == pytest.approx((8 + 8 * np.tan(np.pi / 6), 8), abs=0.1)


def test_between_pixels_gray_levels_are_weighed_by_distance() -> None:
    steps = np.repeat(np.array([[0, 100, 40, 200]], np.uint8), 4, axis=0)
    # Half a pixel, and a quarter of one, to the right.
    half, quarter = FixedNumbers(shift_x=1.0), FixedNumbers(shift_x=0.75)

    np.testing.assert_array_equal(
        augment_image(steps, AugmentSpec(shift=0.5 / 4), half), [[0, 50, 70, 120]] * 4
    )
    np.testing.assert_array_equal(
        augment_image(steps, AugmentSpec(shift=0.5 / 4), quarter), [[0, 75, 55, 160]] * 4
    )


def test_an_image_is_flipped_then_sheared_then_rotated(dot: np.ndarray) -> None:
    # Three steps that cannot change places, on the block at (8, 8) from the centre.
    spec = AugmentSpec(horizontal_flip=True, rotation=90.0, shear=30.0)
    numbers = FixedNumbers(flip_x=0.0, rotation=1.0, shear=1.0)
    low = np.roll(dot, 8, axis=0)

    changed = augment_image(low, spec, numbers)

    leaning = -8 + 8 * np.tan(np.pi / 6)  # x, once it is flipped and sheared
    assert centroid(changed) == pytest.approx((-8, leaning), abs=0.1)


def test_shift_comes_last_so_it_is_not_mirrored(dot: np.ndarray) -> None:
    spec = AugmentSpec(horizontal_flip=True, shift=4 / SIZE)

    changed = augment_image(dot, spec, FixedNumbers(flip_x=0.0, shift_x=1.0))

    assert centroid(changed) == pytest.approx((-8 + 4, 0), abs=0.01)


def test_brightness_multiplies_and_stops_at_white() -> None:
    image = np.array([[0, 10], [100, 250]], np.uint8)
    spec = AugmentSpec(brightness_min=0.5, brightness_max=1.5)

    np.testing.assert_array_equal(
        augment_image(image, spec, FixedNumbers(bright=1.0)), [[0, 15], [150, 255]]
    )
    np.testing.assert_array_equal(
        augment_image(image, spec, FixedNumbers(bright=0.0)), [[0, 5], [50, 125]]
    )


def test_draws_stay_within_the_ranges() -> None:
    rng = np.random.default_rng(0)
    spec = AugmentSpec(zoom=0.1, shift=0.1, brightness_min=0.8, brightness_max=1.1)
    draws = [draw_transform(spec, 100, rng) for _ in range(2000)]
    scales = np.array([matrix[0, 0] for matrix, _ in draws])
    moved_x = np.array([(matrix @ [49.5, 49.5, 1])[0] - 49.5 for matrix, _ in draws])
    factors = np.array([brightness for _, brightness in draws])

    for values, low, high in ((scales, 0.9, 1.1), (moved_x, -10, 10), (factors, 0.8, 1.1)):
        width = high - low
        assert low <= values.min() < low + 0.02 * width
        assert high - 0.02 * width < values.max() <= high


def test_an_image_is_changed_alike_whatever_its_batch(image: np.ndarray) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, SIZE, SIZE), dtype=np.uint8)
    whole = augment_batch(images, np.arange(6), EVERYTHING, seed=4, epoch=2)
    order = np.array([4, 1, 5])

    part = augment_batch(images[order], order, EVERYTHING, seed=4, epoch=2)

    np.testing.assert_array_equal(part, whole[order])


def test_seed_epoch_and_index_each_change_the_draw(image: np.ndarray) -> None:
    def changed(seed: int, epoch: int, index: int) -> bytes:
        return augment_batch(image[None], np.array([index]), EVERYTHING, seed, epoch).tobytes()

    places = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]

    assert len({changed(*place) for place in places}) == len(places)
    assert changed(1, 2, 3) == changed(1, 2, 3)


def test_adding_a_flip_does_not_change_the_rest_of_the_draw() -> None:
    without, with_flip = AugmentSpec(zoom=0.2), AugmentSpec(zoom=0.2, vertical_flip=True)
    for seed in range(20):
        one, _ = draw_transform(without, SIZE, np.random.default_rng(seed))
        other, _ = draw_transform(with_flip, SIZE, np.random.default_rng(seed))

        np.testing.assert_array_equal(one[0], other[0])  # the row of x


def test_images_and_indices_must_be_equally_many(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="shorter"):
        augment_batch(np.stack([image, image]), np.array([0]), EVERYTHING, 0, 0)


def test_pixels_of_a_read_only_memory_map_can_be_augmented(tmp_path_factory, image) -> None:
    path = tmp_path_factory.mktemp("map") / "pixels"
    path.write_bytes(image.tobytes() * 2)
    mapped = np.memmap(path, np.uint8, "r", shape=(2, SIZE, SIZE))

    changed = augment_batch(mapped, np.arange(2), EVERYTHING, seed=0, epoch=0)

    expected = augment_batch(np.array(mapped), np.arange(2), EVERYTHING, seed=0, epoch=0)
    np.testing.assert_array_equal(changed, expected)
