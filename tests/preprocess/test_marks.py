"""Letters and the pattern of a screen are found in drawn radiographs, and nothing else is."""

from functools import lru_cache

import cv2
import numpy as np
import pytest

from xray_core.preprocess.marks import (
    LETTERS,
    PATTERN,
    SMALLEST,
    _measure_power,
    count_letters,
    measure_pattern,
)
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case


@lru_cache(maxsize=2)
def draw_radiographs(side: int) -> list[np.ndarray]:
    """Return a few drawn radiographs, with wires, markers and noise."""
    return [draw_case(case, side)[0] for case in plan_cases(6, seed=3)]


def write(image: np.ndarray, words: str, share: float, gray: int) -> np.ndarray:
    """Write words with letters that are `share` of the image high, on a plain strip."""
    scale = share * len(image) / 22  # px of a capital at scale 1
    thick = max(1, round(1.6 * scale))
    place = (round(0.05 * len(image)), round(0.12 * len(image)))
    return cv2.putText(
        image.copy(), words, place, cv2.FONT_HERSHEY_SIMPLEX, scale, gray, thick, cv2.LINE_AA
    )


@pytest.mark.parametrize("side", [256, 640])
def test_radiographs_with_a_side_marker_bear_no_text(side: int) -> None:
    for image in draw_radiographs(side):
        marked = write(image, "R", 0.06, 255)
        assert count_letters(marked) < LETTERS
        assert (measure_pattern(marked) or 0) < PATTERN


@pytest.mark.parametrize("side", [256, 640])
@pytest.mark.parametrize("background", ["dark", "bright"])
def test_words_are_found_bright_on_dark_and_dark_on_bright(side: int, background: str) -> None:
    is_dark = background == "dark"
    for image in draw_radiographs(side):
        strip = image.copy()
        strip[: round(0.16 * side)] = 20 if is_dark else 235
        written = write(strip, "AP SUPINE", 0.04, 255 if is_dark else 0)
        assert count_letters(strip) < LETTERS
        assert count_letters(written) >= LETTERS


def test_a_large_image_is_looked_at_as_a_small_copy() -> None:
    image = np.zeros((2400, 2000), np.uint8)

    assert count_letters(write(image, "PORTABLE", 0.03, 255)) >= LETTERS


@pytest.mark.parametrize("shape", [(2, 8), (1, 1), (300, 3)])
def test_tiny_images_have_neither(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    assert count_letters(image) < LETTERS
    assert measure_pattern(image) is None


def test_stripes_that_cross_at_an_angle_stand_out_and_those_along_rows_do_not() -> None:
    y, x = np.mgrid[:400, :400]
    for image in draw_radiographs(256)[:3]:
        image = cv2.resize(image, (400, 400))
        slanted = image * (0.9 + 0.02 * np.cos(1.1 * x + 0.8 * y))
        along = image * (0.9 + 0.02 * np.cos(1.4 * y))
        assert (measure_pattern(slanted.astype(np.uint8)) or 0) > PATTERN
        assert (measure_pattern(along.astype(np.uint8)) or 0) < PATTERN


def test_an_image_of_one_gray_level_has_no_pattern() -> None:
    assert measure_pattern(np.full((SMALLEST, SMALLEST), 7, np.uint8)) == 0


@pytest.mark.parametrize("side", [128, 130, 512])
def test_the_power_of_a_spectrum_is_that_of_numpy(side: int) -> None:
    values = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    expected = np.abs(np.fft.rfft2(values.astype(np.float64))) ** 2

    np.testing.assert_allclose(_measure_power(values), expected, atol=1e-5 * expected.max())
