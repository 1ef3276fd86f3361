"""Window and level: the presets, and the one that is measured."""

import numpy as np
import pytest

from xray_core.preprocess.window import BONES, FULL, LUNGS, Window, find_window


def test_auto_reaches_from_the_first_to_the_last_percentile() -> None:
    pixels = np.arange(101, dtype=np.uint8).reshape(1, -1) + 50

    window = find_window([pixels])

    assert (window.level, window.width) == (100, 98)  # 51 to 149


def test_auto_looks_at_all_images_together() -> None:
    dark, bright = np.full((9, 9), 20, np.uint8), np.full((4, 30), 220, np.uint8)

    window = find_window([dark, bright])

    assert (window.level, window.width) == (120, 200)


def test_an_even_image_still_has_a_window() -> None:
    assert find_window([np.full((3, 3), 7, np.uint8)]).width == 1


@pytest.mark.parametrize("window", [FULL, LUNGS, BONES], ids=lambda window: window.name)
def test_presets_lie_within_the_gray_levels(window: Window) -> None:
    low = window.level - window.width / 2

    assert 0 <= low < low + window.width <= 255
