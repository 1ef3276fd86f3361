"""Figures of pixels: do they show what the histogram says."""

import numpy as np

from xray_core.figures.prepare import plot_intensities
from xray_core.preprocess.images import intensity_histogram


def test_each_image_has_a_histogram_and_a_cdf_in_a_panel_of_its_own() -> None:
    rng = np.random.default_rng(0)
    dark, bright = rng.integers(0, 128, (2, 20, 20)).astype(np.uint8)
    bright += 128

    figure = plot_intensities(
        {"dark": intensity_histogram(dark), "bright": intensity_histogram(bright)}
    )

    assert [trace.name for trace in figure.data] == [
        "dark histogram",
        "dark CDF",
        "bright histogram",
        "bright CDF",
    ]
    assert figure.data[1].y[127] == 1
    assert figure.data[3].y[127] == 0
    assert sum(figure.data[0].customdata) == dark.size
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]


def test_one_level_that_fills_the_image_does_not_flatten_the_others() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[:10] = np.arange(1000).reshape(10, 100) % 200 + 1

    bars = plot_intensities({"image": intensity_histogram(image)}).data[0]

    assert bars.y[0] == 1
    assert bars.y[100] > 0.8
