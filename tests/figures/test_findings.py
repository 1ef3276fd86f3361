"""Figures of several findings at once: none is lost, few patients are pale, text stays text."""

import pandas as pd
import pytest

from xray_core.figures.findings import list_together, plot_areas, plot_together

AREAS = pd.DataFrame(
    {
        "finding": ["edema", "<b>mass</b>", "hernia", "nodule"],
        "area": [0.7, 0.9, None, 0.8],
        "low": [0.6, 0.85, None, None],
        "high": [0.75, 0.95, None, None],
        "present": [40, 80, 0, 3],
        "absent": [60, 20, 100, 97],
        "too_few": [False, False, True, True],
    }
).astype({"area": "float64", "low": "float64", "high": "float64"})


def test_findings_stand_in_the_order_of_their_areas_and_few_patients_are_pale() -> None:
    figure = plot_areas(AREAS)
    dots, chance = figure.data

    assert list(dots.y) == ["&lt;b&gt;mass&lt;/b&gt;", "nodule", "edema"]
    assert list(dots.x) == [0.9, 0.8, 0.7]
    assert dots.x[0] - dots.error_x.arrayminus[0] == pytest.approx(0.85)
    assert dots.error_x.array[1] == 0.0, "no interval is known"
    opaque, pale, _ = dots.marker.opacity
    assert pale < opaque
    assert list(chance.x) == [0.5, 0.5]


def test_a_finding_without_an_area_keeps_its_line_and_says_why_there_is_no_dot() -> None:
    figure = plot_areas(AREAS)

    assert figure.layout.yaxis.categoryarray[-1] == "hernia"
    assert [(a.y, a.text) for a in figure.layout.annotations] == [("hernia", "cannot be computed")]


def test_published_areas_stand_on_the_lines_of_their_findings() -> None:
    figure = plot_areas(AREAS, {"published": {"edema": 0.84, "unheard of": 0.9}})

    [marks] = [trace for trace in figure.data if trace.name == "published"]
    assert (list(marks.x), list(marks.y)) == ([0.84], ["edema"])


@pytest.mark.parametrize("least", [0.02, 0.38, 0.7])
def test_the_axis_holds_every_interval_and_chance(least: float) -> None:
    figure = plot_areas(AREAS.assign(low=least))

    low, high = figure.layout.xaxis.range
    assert 0 <= low <= min(least, 0.5)
    assert high >= 1


def test_errors_together_are_half_a_table_without_what_is_never_wrong() -> None:
    counts = [[5, 0, 2, 0], [0, 0, 0, 0], [2, 0, 9, 1], [0, 0, 1, 3]]
    pairs = list_together(["a", "b", "c", "d"], counts)

    assert pairs.to_dict("list") == {
        "first": ["a", "a", "a", "c", "c", "d"],
        "second": ["a", "c", "d", "c", "d", "d"],
        "images": [5, 2, 0, 9, 1, 3],
    }
    figure = plot_together(pairs, "missed")
    [heat] = figure.data
    assert [[n == n for n in row] for row in heat.z] == [
        [False, False, False],
        [True, False, False],
        [False, True, False],
    ]
    assert heat.z[1][0] == 2
    assert "both missed on 2 images" in heat.customdata[1][0]
    assert list(figure.layout.yaxis.ticktext) == ["a 5", "c 9", "d 3"]
