"""The fixed steps, pixel by pixel."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import exposure

from xray_core.imagefiles.images import read_image
from xray_core.preprocess.images import (
    CONTRAST,
    apply_preprocess,
    clahe,
    equalize_hist,
    gamma,
    intensity_histogram,
    log,
    read_preprocessed,
    resize_square,
)
from xray_core.preprocess.spec import CONTRASTS, PreprocessSpec


@pytest.fixture
def murky() -> np.ndarray:
    """A low-contrast image, levels about 60 to 140."""
    levels = np.random.default_rng(0).normal(100, 12, (90, 120))
    return levels.clip(60, 140).astype(np.uint8)


def test_stretch_averages_when_it_shrinks() -> None:
    image = np.zeros((4, 8), np.uint8)
    image[0, :2] = 200
    image[:, 4] = 90

    small = resize_square(image, 4, "stretch")

    # 8 columns become 4, 4 rows stay: each pixel is the mean of two neighbours in x.
    np.testing.assert_array_equal(small, [[200, 0, 45, 0]] + [[0, 0, 45, 0]] * 3)


def test_stretch_averages_the_long_side_while_the_short_one_grows() -> None:
    stripes = np.zeros((2, 64), np.uint8)
    stripes[:, ::4] = 200  # one column in four, so looking at fewer gives another mean

    np.testing.assert_array_equal(resize_square(stripes, 16, "stretch"), np.full((16, 16), 50))


def test_stretching_weighs_neighbours_by_distance_when_it_grows() -> None:
    steps = np.array([[0, 200], [0, 200]], np.uint8)

    # Centres of the new pixels lie a quarter of an old one from its own centre.
    np.testing.assert_array_equal(resize_square(steps, 4, "stretch"), [[0, 50, 150, 200]] * 4)


@pytest.mark.parametrize(
    ("shape", "image_rows", "image_columns"),
    [
        ((32, 64), slice(4, 12), slice(0, 16)),  # wide: 8 rows of image, 4 black above and below
        ((64, 32), slice(0, 16), slice(4, 12)),
        ((32, 96), slice(5, 10), slice(0, 16)),  # 16 * 32 / 96 = 5.3 rows; 5 above, 6 below
        ((5, 5), slice(0, 16), slice(0, 16)),
        ((1, 1000), slice(7, 8), slice(0, 16)),  # never thinner than a pixel
    ],
)
def test_pad_keeps_the_aspect_ratio_between_equal_black_borders(
    shape: tuple[int, int], image_rows: slice, image_columns: slice
) -> None:
    expected = np.zeros((16, 16), np.uint8)
    expected[image_rows, image_columns] = 255

    padded = resize_square(np.full(shape, 255, np.uint8), 16, "pad")

    np.testing.assert_array_equal(padded, expected)


@pytest.mark.parametrize("how", ["stretch", "pad"])
def test_an_image_of_the_right_size_is_not_touched(how: str, murky: np.ndarray) -> None:
    square = murky[:64, :64]

    np.testing.assert_array_equal(resize_square(square, 64, how), square)


def test_equalize_hist_is_that_of_scikit_image(murky: np.ndarray) -> None:
    expected = np.round(exposure.equalize_hist(murky) * 255)

    np.testing.assert_array_equal(equalize_hist(murky), expected)


def test_equalize_hist_makes_the_cdf_a_straight_line(murky: np.ndarray) -> None:
    table = intensity_histogram(equalize_hist(murky))
    used = table[table["count"] > 0]

    np.testing.assert_allclose(used["cdf"], used["level"] / 255, atol=0.5 / 255)


@pytest.mark.parametrize("exponent", [0.5, 2.0])
def test_gamma_is_that_of_scikit_image(exponent: float, murky: np.ndarray) -> None:
    changed = gamma(murky, exponent)

    np.testing.assert_array_equal(changed, exposure.adjust_gamma(murky, exponent))
    assert (changed > murky).all() == (exponent < 1)  # below 1 brightens, above 1 darkens
    assert (changed < murky).all() == (exponent > 1)


def test_log_is_that_of_scikit_image_and_brightens(murky: np.ndarray) -> None:
    np.testing.assert_array_equal(log(murky), exposure.adjust_log(murky))
    assert (log(murky) > murky).all()


def test_clahe_spreads_levels_the_more_the_higher_its_limit(murky: np.ndarray) -> None:
    expected = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(murky)

    np.testing.assert_array_equal(clahe(murky, 2.0), expected)
    assert murky.std() < clahe(murky, 1.0).std() < clahe(murky, 4.0).std()


def test_every_contrast_of_the_spec_has_its_function() -> None:
    assert tuple(CONTRAST) == CONTRASTS


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("shape", [(1, 1), (90, 120), (300, 7)])
def test_every_contrast_gives_a_square_of_bytes(contrast: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    before = image.copy()

    square = apply_preprocess(image, PreprocessSpec(size=32, contrast=contrast))

    assert (square.shape, square.dtype) == ((32, 32), np.uint8)
    np.testing.assert_array_equal(image, before)


def test_contrast_comes_before_resizing_so_black_borders_stay_black(murky: np.ndarray) -> None:
    spec = PreprocessSpec(size=120, resize="pad", contrast="equalize_hist")

    square = apply_preprocess(murky, spec)

    np.testing.assert_array_equal(square[15:105], equalize_hist(murky))
    assert not square[:15].any()
    assert not square[105:].any()


def test_gamma_and_clip_limit_come_from_the_spec(murky: np.ndarray) -> None:
    square = murky[:90, :90]
    for contrast, expected in (("gamma", gamma(square, 3.0)), ("clahe", clahe(square, 7.0))):
        spec = PreprocessSpec(size=90, contrast=contrast, gamma=3.0, clip_limit=7.0)

        np.testing.assert_array_equal(apply_preprocess(square, spec), expected)


def test_histogram_counts_every_pixel() -> None:
    table = intensity_histogram(np.array([[0, 0], [255, 7]], np.uint8))

    assert table["level"].tolist() == list(range(256))
    assert table.loc[[0, 7, 255], "count"].tolist() == [2, 1, 1]
    assert table["count"].sum() == 4
    assert table.loc[[0, 6, 7, 254, 255], "cdf"].tolist() == [0.5, 0.5, 0.75, 0.75, 1.0]


@pytest.mark.parametrize("contrast", ["clahe", "equalize_hist"])
def test_contrast_sees_every_pixel_of_a_large_file(contrast: str, tmp_path: Path) -> None:
    grain = np.random.default_rng(0).integers(0, 256, (256, 320), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "large.jpg"), grain)
    spec = PreprocessSpec(size=32, contrast=contrast)

    square = read_preprocessed(tmp_path / "large.jpg", spec)

    full = read_image(tmp_path / "large.jpg")
    np.testing.assert_array_equal(square, apply_preprocess(full, spec))


@pytest.mark.skipif("XRAY_REAL_DATA" not in os.environ, reason="needs XRAY_REAL_DATA")
def test_decoding_large_radiographs_reduced_changes_them_by_less_than_a_level() -> None:
    folder = Path(os.environ["XRAY_REAL_DATA"]) / "kermany-original"
    spec = PreprocessSpec(size=224)
    differences = [
        np.abs(read_preprocessed(path, spec).astype(int) - apply_preprocess(read_image(path), spec))
        for path in sorted(folder.rglob("*.jpeg"))[:20]
    ]

    assert 0 < np.mean(differences) < 1
