"""Figures of a dataset: do they show what the tables say."""

import pandas as pd

from xray_core.figures.explore import plot_boxes_per_image, plot_image_sizes, plot_label_counts

COUNTS = pd.DataFrame(
    {"class": ["none", "opacity"], "images": [5, 9], "present": [5, 7], "patients": [4, 6]}
)


def test_label_counts_show_present_and_absent_images() -> None:
    none, opacity, absent = plot_label_counts(COUNTS).data

    assert (none.y[0], none.x[0]) == ("none", 5)
    assert (opacity.y[0], opacity.x[0]) == ("opacity", 7)
    assert absent.name == "file absent"
    assert dict(zip(absent.y, absent.x, strict=True)) == {"none": 0, "opacity": 2}
    assert "6 patients" in opacity.hovertemplate


def test_label_counts_leave_out_the_absent_when_all_are_there() -> None:
    figure = plot_label_counts(COUNTS.assign(images=COUNTS["present"]))

    assert [trace.name for trace in figure.data] == ["none", "opacity"]


def test_image_sizes_draw_original_and_disk_apart() -> None:
    sizes = pd.DataFrame(
        {
            "kind": ["on disk", "original", "original"],
            "width": pd.array([256, 3000, 2000], dtype="Int64"),
            "height": pd.array([256, 2500, 2400], dtype="Int64"),
            "images": [3, 2, 1],
        }
    )

    square, original, disk = plot_image_sizes(sizes).data

    assert square.x == (0, 3000)
    assert list(original.x) == [3000, 2000]
    assert list(original.customdata) == [2, 1]
    assert list(disk.y) == [256]


def test_image_sizes_of_unmeasured_images_are_an_empty_figure() -> None:
    sizes = pd.DataFrame({"kind": [], "width": [], "height": [], "images": []})

    assert [trace.name for trace in plot_image_sizes(sizes).data] == ["square"]


def test_boxes_per_image_draw_one_bar_each() -> None:
    [bars] = plot_boxes_per_image(pd.DataFrame({"boxes": [0, 1, 2], "images": [7, 0, 3]})).data

    assert list(bars.x) == [0, 1, 2]
    assert list(bars.y) == [7, 0, 3]
