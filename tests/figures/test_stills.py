"""Still pictures: is the right kind of file drawn, in the right colours, without pyplot."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from xray_core.figures.explore.stills import DPI, WIDTH_INCHES, draw_distribution, draw_means

TABLE = pd.DataFrame(
    {
        "class": ["ill"] * 20 + ["well"] * 20 + ["single"],
        "brightness": [*np.linspace(10, 90, 20), *np.linspace(100, 200, 20), 50],
    }
)


@pytest.mark.parametrize(("ink", "corner"), [("light", (255, 255, 255)), ("dark", (3, 4, 5))])
def test_a_distribution_is_a_picture_on_the_themes_background(
    ink: str, corner: tuple[int, int, int]
) -> None:
    png = draw_distribution(TABLE, "brightness", "class", ink)

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.width == pytest.approx(WIDTH_INCHES * DPI, abs=1)
    assert picture.getpixel((0, 0)) == corner
    assert len(picture.getcolors(100_000) or ()) > 10


def test_mean_images_show_their_gray_levels() -> None:
    means = {"ill": np.full((8, 8), 100, np.float32), "well": np.full((8, 8), 200, np.float32)}

    png = draw_means(means, {"ill": 3, "well": 4})

    levels = {pixel[0] for _, pixel in Image.open(io.BytesIO(png)).convert("RGB").getcolors(9999)}
    assert {100, 200} <= levels


def test_a_still_is_offered_as_svg_too() -> None:
    means = {name: np.zeros((4, 4), np.float32) for name in "abcd"}

    svg = draw_means(means, dict.fromkeys("abcd", 1), kind="svg")

    assert svg.startswith(b"<?xml")
    assert b"<svg" in svg
