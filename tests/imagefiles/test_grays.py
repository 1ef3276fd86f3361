"""Which gray values of a deep image count."""

import numpy as np
import pytest

from xray_core.imagefiles.grays import find_gray_range, to_8_bits


def radiographs(count: int) -> list[np.ndarray]:
    """Return drawn radiographs of 8 to 16 bits, with noise, a marker and black borders."""
    images = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        rows, columns = np.mgrid[-1:1:64j, -1:1:48j]
        lungs = np.exp(-(((np.abs(columns) - 0.45) / 0.25) ** 2 + (rows / 0.5) ** 2))
        image = 0.75 - 0.5 * lungs + rng.normal(0, 0.03, lungs.shape)
        image[:, : rng.integers(0, 8)] = 0
        top, left = rng.integers(0, 40, 2)
        image[top : top + 5, left : left + 5] = 1  # a marker
        bits = int(rng.integers(8, 17))
        images.append((np.clip(image, 0, 1) * (2**bits - 1)).astype(np.uint16))
    return images


def test_an_image_without_isolated_values_keeps_its_whole_range() -> None:
    for image in radiographs(60):
        values, counts = np.unique(image, return_counts=True)
        assert find_gray_range(values, counts) == (values[0], values[-1])
        surplus = max(0, int(image.max()).bit_length() - 8)
        levels, n_isolated = to_8_bits(image)
        np.testing.assert_array_equal(levels, image >> surplus)
        assert n_isolated == 0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({0: 50, 100: 50, 5000: 1}, (0, 100)),  # 1 %, very far
        ({0: 50, 100: 49, 390: 1}, (0, 390)),  # 1 %, but not so far
        ({0: 500, 100: 500, 250: 1}, (0, 100)),  # 0.1 %, far
        ({0: 500, 100: 500, 190: 1}, (0, 190)),
        ({-9000: 1, 0: 500, 100: 500, 9000: 1}, (0, 100)),  # at both ends
        ({0: 500, 100: 480, 5000: 20}, (0, 5000)),  # too many to be isolated
        ({0: 5000, 9000: 1}, (0, 9000)),  # on a blank image, the few pixels are the image
        ({7: 12}, (7, 7)),
        ({7: 12, 900: 0}, (7, 7)),  # a value that no pixel has
        ({9: 1, 3: 1}, (3, 9)),  # in any order
    ],
)
def test_isolated_values_are_left_out(
    counts: dict[int, int], expected: tuple[float, float]
) -> None:
    assert find_gray_range(np.array([*counts]), np.array([*counts.values()])) == expected


def test_pixels_of_32_bits_and_below_0_are_read() -> None:
    pixels = np.arange(-100, 4000, dtype=np.int32).reshape(41, 100)
    pixels[0, 0], pixels[9, 9] = -(2**30), 2**30

    grays, n_isolated = to_8_bits(pixels)

    assert n_isolated == 1
    assert grays[0, 0] == 0 == grays[0, 99]
    assert grays[9, 9] == 255
    np.testing.assert_array_equal(grays[10:], pixels[10:] >> 4)
