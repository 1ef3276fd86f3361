"""The map of images as a figure: each image a point, rare kinds on top, names to the letter."""

import pandas as pd

from xray_core.figures.places import (
    MOST_NAMED,
    OTHERS,
    UNKNOWN,
    WRONG,
    color_kinds,
    merge_rare,
    plot_map,
)

PLACES = pd.DataFrame(
    {
        "image_id": ["a", "b", "<b>c</b>"],
        "label": ["x", "x", "y"],
        "x": [0.0, 1.0, 2.0],
        "y": [0.0, 1.0, 2.0],
        "kind": ["right", "right", "wrong"],
        "row": [7, 8, 9],
    }
)


def test_each_image_is_a_point_with_its_number_and_what_is_wrong_is_a_ring() -> None:
    figure = plot_map(PLACES, color_kinds("prediction", ["right", "wrong"], []), [8])
    right, wrong = figure.data

    assert list(right.customdata) == [7, 8]
    assert list(wrong.customdata) == [9]
    assert list(wrong.text) == ["&lt;b&gt;c&lt;/b&gt;<br>y"]
    assert (right.name, wrong.name) == ("right (2)", "wrong (1)")
    assert (right.marker.symbol, wrong.marker.symbol) == ("circle", "circle-open")
    assert list(right.selectedpoints) == [1]
    assert list(wrong.selectedpoints) == []
    assert plot_map(PLACES, {"right": "#000", WRONG: "#111"}).data[0].selectedpoints is None


def test_classes_keep_their_colours_and_sizes_stand_in_their_order() -> None:
    classes = ["no opacity", "opacity"]
    assert list(color_kinds("label", ["opacity", "no opacity", UNKNOWN], classes)) == [
        *classes,
        UNKNOWN,
    ]
    sizes = ["3050 to 4240 px", "512 px", "1228 to 2834 px", OTHERS]
    assert list(color_kinds("size", sizes, classes)) == [sizes[1], sizes[2], sizes[0], OTHERS]


def test_rare_kinds_are_the_others_and_gaps_are_unknown() -> None:
    values = pd.Series([*"aabbccddeeffgg", "h", "i", None], dtype="string")

    merged = merge_rare(values)

    assert merged.nunique() == MOST_NAMED
    assert merged.iloc[-3:].tolist() == [OTHERS] * 3
    assert merge_rare(values.iloc[[0, -1]]).tolist() == ["a", UNKNOWN]
