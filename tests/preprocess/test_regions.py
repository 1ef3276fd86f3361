"""What is hidden of an image, pixel by pixel: nothing of it may shine through."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_core.errors import ImageError, RecipeError
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.images import apply_preprocess
from xray_core.preprocess.regions import LEEWAY, find_lungs
from xray_core.preprocess.spec import CONTRASTS, PreprocessSpec

BORDER = PreprocessSpec(size=20, region="border", border=0.1)
LUNGS = (0.25, 0.25, 0.75, 0.75)


def draw(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (20, 20), dtype=np.uint8)


def test_the_border_is_as_it_was_around_a_black_inside() -> None:
    image = draw()

    shown = apply_preprocess(image, BORDER)

    assert not shown[2:18, 2:18].any()
    frame = np.ones((20, 20), bool)
    frame[2:18, 2:18] = False
    np.testing.assert_array_equal(shown[frame], image[frame])


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("region", ["border", "without_lungs", "lungs_only"])
def test_what_is_hidden_changes_nothing_that_is_shown(region: str, contrast: str) -> None:
    spec = replace(BORDER, region=region, contrast=contrast, border=0.25, gamma=0.5)
    image, other = draw(0), draw(1)
    hidden = np.zeros((20, 20), bool)
    hidden[5:15, 5:15] = True
    hidden = ~hidden if region == "lungs_only" else hidden

    shown = apply_preprocess(image, spec, LUNGS)

    changed = np.where(hidden, other, image)
    np.testing.assert_array_equal(apply_preprocess(changed, spec, LUNGS), shown)


def test_lungs_are_filled_with_the_mean_gray_of_the_rest() -> None:
    image = draw()
    hidden = np.zeros((20, 20), bool)
    hidden[5:15, 5:15] = True

    without = apply_preprocess(image, replace(BORDER, region="without_lungs"), LUNGS)
    alone = apply_preprocess(image, replace(BORDER, region="lungs_only"), LUNGS)

    assert (without[hidden] == round(image[~hidden].mean())).all()
    np.testing.assert_array_equal(alone[hidden], image[hidden])
    assert (alone[~hidden] == round(image[hidden].mean())).all()


def test_the_rectangle_around_both_lungs_is_a_little_larger_than_they_are() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 30:60] = mask[25:80, 120:170] = True

    found = find_lungs(mask)

    sides = (0.15 - LEEWAY, 0.2 - LEEWAY, 0.85 + LEEWAY, 0.8 + LEEWAY)
    assert found == pytest.approx(sides)
    assert find_lungs(np.ones((4, 4), bool)) == (0, 0, 1, 1)
    assert find_lungs(np.zeros((4, 4), bool)) is None


def test_an_image_without_a_mask_is_left_out_and_places_of_lungs_are_part_of_the_key(
    tmp_path: Path,
) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), draw())
    spec, cache = replace(BORDER, region="without_lungs"), tmp_path / "cache"

    def open_with(*lungs: tuple[float, ...] | None, of: PreprocessSpec = spec):  # noqa: ANN202
        return open_image_cache(tmp_path, ["a.png", "b.png"], of, cache, lungs=lungs)

    first = open_with(LUNGS, None)

    assert first.readable.tolist() == [True, False]
    assert "no mask of this one's lungs is known" in first.unreadable["reason"][0]
    assert first.folder != open_with(LUNGS, LUNGS).folder
    whole = replace(spec, region="whole")
    assert (
        open_with(LUNGS, None, of=whole).folder == open_with(of=replace(whole, border=0.2)).folder
    )
    assert open_with(of=BORDER).folder != open_with(of=replace(BORDER, border=0.2)).folder


def test_nothing_left_to_see_and_lungs_that_nobody_knows_are_refused() -> None:
    spec = replace(BORDER, region="without_lungs")

    with pytest.raises(ImageError, match="Nothing of it is left"):
        apply_preprocess(draw(), spec, (0, 0, 1, 1))
    with pytest.raises(ImageError, match="without its lungs, and no mask"):
        apply_preprocess(draw(), spec)
    with pytest.raises(RecipeError, match=r"preprocess.border is 0.6; choose 0.01 to 0.45"):
        replace(spec, border=0.6)
