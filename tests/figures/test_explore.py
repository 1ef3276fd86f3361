"""Figures of a dataset: do they show what the tables say."""

import numpy as np
import pandas as pd
import pytest

from xray_core.figures import explore
from xray_core.figures.colors import CLASSES, class_color
from xray_core.figures.explore.look import plot_by_class

COUNTS = pd.DataFrame(
    {
        "class": ["none", "opacity"],
        "images": [5, 9],
        "present": [5, 7],
        "patients": [4, 6],
        "share": [5 / 14, 9 / 14],
    }
)
COMBINATIONS = pd.DataFrame({"findings": ["edema", "mass|edema", "mass"], "images": [9, 4, 1]})


def test_label_counts_show_present_and_absent_images() -> None:
    none, opacity, absent = explore.plot_label_counts(COUNTS).data

    assert (none.y[0], none.x[0]) == ("none", 5)
    assert (opacity.y[0], opacity.x[0]) == ("opacity", 7)
    assert absent.name == "file absent"
    assert dict(zip(absent.y, absent.x, strict=True)) == {"none": 0, "opacity": 2}
    assert "64.3% of all" in opacity.hovertemplate
    assert "6 patients" in opacity.hovertemplate
    assert none.marker.color == class_color("none", ["none", "opacity"])


def test_label_counts_leave_out_the_absent_when_all_are_there() -> None:
    figure = explore.plot_label_counts(COUNTS.assign(images=COUNTS["present"]))

    assert [trace.name for trace in figure.data] == ["none", "opacity"]


def test_together_is_the_share_of_the_rows_images() -> None:
    names = ["edema", "mass"]
    together = pd.DataFrame([[10, 4], [4, 5]], index=names, columns=names)

    [heat] = explore.plot_together(together).data

    assert heat.z[0][1] == 0.4
    assert heat.z[1][0] == 0.8
    assert np.isnan([heat.z[0][0], heat.z[1][1]]).all()


def test_states_of_findings_make_up_the_whole_and_differ_in_more_than_colour() -> None:
    counts = pd.DataFrame(
        {"finding": ["<b>Edema", "Mass"], "present": [1, 0], "absent": [1, 4], "unknown": [2, 0]}
    )
    shares = counts[["present", "absent", "unknown"]].div(4).add_prefix("share ")

    bars = explore.plot_states(counts.join(shares)).data

    assert [bar.name for bar in bars] == ["present", "absent", "unknown"]
    assert np.sum([bar.x for bar in bars], axis=0).tolist() == [1, 1]
    assert bars[2].customdata.tolist() == [2, 0]
    assert bars[2].marker.pattern.shape == "/"
    assert bars[0].y[0].startswith("&lt;b")


def test_sets_join_the_dots_of_their_findings() -> None:
    _, dots, bars = explore.plot_sets(COMBINATIONS).data

    marked = [(x, y) for x, y in zip(dots.x, dots.y, strict=True) if x is not None]
    assert marked == [(0, 0), (0, 1), (1, 1), (1, 2)]
    assert list(bars.x) == [9, 4, 1]


def test_image_sizes_draw_original_and_disk_apart() -> None:
    sizes = pd.DataFrame(
        {
            "kind": ["on disk", "original", "original"],
            "width": pd.array([256, 3000, 2000], dtype="Int64"),
            "height": pd.array([256, 2500, 2400], dtype="Int64"),
            "images": [3, 2, 1],
        }
    )

    square, original, disk = explore.plot_image_sizes(sizes).data

    assert square.x == (0, 3000)
    assert list(original.x) == [3000, 2000]
    assert list(original.customdata) == [2, 1]
    assert list(disk.y) == [256]


def test_image_sizes_of_unmeasured_images_are_an_empty_figure() -> None:
    sizes = pd.DataFrame({"kind": [], "width": [], "height": [], "images": []})

    assert [trace.name for trace in explore.plot_image_sizes(sizes).data] == ["square"]


def test_the_difference_is_first_minus_second_around_zero() -> None:
    bright, dark = np.full((2, 2), 40, np.float32), np.full((2, 2), 10, np.float32)

    [heat] = explore.plot_difference(bright, dark, ("ill", "well")).data

    assert (np.array(heat.z) == 30).all()
    assert (heat.zmin, heat.zmax) == (-30, 30)
    assert heat.name == "ill − well"
    assert heat.hovertemplate.startswith("%{fullData.name}: ")


@pytest.mark.parametrize(("n_classes", "kind"), [(6, "scatter"), (7, "heatmap")])
def test_more_classes_than_lines_can_show_are_a_heat_map(n_classes: int, kind: str) -> None:
    table = pd.DataFrame(
        {
            "class": np.repeat([f"c{n}" for n in range(n_classes)], 2),
            "age": np.tile([0, 5], n_classes),
            "share": np.tile([0.25, 0.75], n_classes),
            "images": np.tile([1, 3], n_classes),
        }
    )

    figure = plot_by_class(table, "age", "images", "%{x}: %{y:.1%} %{customdata}", ["c1", "c0"])

    assert {trace.type for trace in figure.data} == {kind}
    first = figure.data[0]
    if kind == "scatter":
        assert (list(first.x), list(first.y)) == ([0, 5], [0.25, 0.75])
        colors = {trace.name: trace.line.color for trace in figure.data}
        assert colors["c0"] == class_color("c0", ["c1", "c0"])
        assert colors["c5"] == CLASSES[-1]  # no class of the task
    else:
        assert list(first.x) == [2.5, 7.5]  # middles of 0 to 5 and 5 to 10
        assert list(first.z[0]) == [0.25, 0.75]
        assert first.customdata[0].tolist() == [[1, 0], [3, 5]]
        assert "%{customdata[1]}: %{z:.1%} %{customdata[0]}" in first.hovertemplate


def test_shares_of_each_row_make_up_the_whole() -> None:
    table = pd.DataFrame({"ill": [1, 0], "well": [3, 2]}, index=["here", "there"])

    ill, well = explore.plot_shares(table, {"ill": "#123456"}).data

    assert list(ill.y) == ["here  (4)", "there  (2)"]
    assert list(ill.x) == [0.25, 0]
    assert list(well.x) == [0.75, 1]
    assert (ill.marker.color, well.marker.color) == ("#123456", None)


def test_per_patient_draws_each_kind() -> None:
    counts = pd.DataFrame({"kind": ["images", "images", "follow-ups"], "n": [1, 2, 0]})

    images, follow_ups = explore.plot_per_patient(counts.assign(patients=[9, 1, 10])).data

    assert (list(images.x), list(images.y)) == ([1, 2], [9, 1])
    assert list(follow_ups.y) == [10]


def test_boxes_per_image_draw_one_bar_each() -> None:
    table = pd.DataFrame({"boxes": [0, 1, 2], "images": [7, 0, 3]})

    [bars] = explore.plot_boxes_per_image(table).data

    assert list(bars.x) == [0, 1, 2]
    assert list(bars.y) == [7, 0, 3]


def test_box_maps_scale_each_class_to_its_own_peak() -> None:
    place = np.zeros((64, 64))
    place[3, 5] = 0.5

    figure = explore.plot_box_maps({"ill": place, "well": place / 10})

    assert [heat.zmax for heat in figure.data] == [0.5, 0.05]
    assert [note.text for note in figure.layout.annotations] == [
        "ill<br>peak 50%",
        "well<br>peak 5%",
    ]


def test_sides_draw_their_intervals() -> None:
    sides = pd.DataFrame(
        {"class": ["ill"], "side": ["both sides"], "images": [3], "n": [4], "share": [0.75]}
    ).assign(low=0.3, high=0.95)

    [bars] = explore.plot_sides(sides).data

    assert list(bars.x) == [0.75]
    assert bars.error_x.array[0] == pytest.approx(0.2)
    assert bars.error_x.arrayminus[0] == pytest.approx(0.45)
