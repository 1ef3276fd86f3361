"""Figures of a finished run."""

from typing import Any

import pytest

from xray_core.figures.colors import color_classes
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.literature import reader_points


@pytest.fixture
def report() -> dict[str, Any]:
    rates = {"false_positive_rate": [0.0, 0.0, 1.0], "true_positive_rate": [0.0, 0.5, 1.0]}
    area = {"value": 0.7614, "low": 0.6, "high": 0.9}
    nothing = {"value": None, "low": None, "high": None}
    return {
        "classes": ["atypical", "negative", "typical", "of an older run"],
        "roc": {
            "atypical": {**rates, "area": area},
            "typical": {**rates, "area": nothing},
            "of an older run": rates,
        },
    }


def test_roc_has_a_curve_per_class_with_its_area_and_chance(report: dict[str, Any]) -> None:
    figure = plot_roc(report)

    # The area is the report's; that under the thinned curve would be 0.750.
    names = [trace.name for trace in figure.data]
    assert names == ["atypical (AUC 0.761)", "typical", "of an older run", "chance"]
    assert list(figure.data[0].y) == [0.0, 0.5, 1.0]
    colors = color_classes(report["classes"])
    assert [trace.line.color for trace in figure.data[:2]] == [
        colors["atypical"],
        colors["typical"],
    ]


def test_published_readers_and_networks_stand_beside_the_curves(report: dict[str, Any]) -> None:
    points = reader_points("tang2020_resnet18_pretrained")

    figure = plot_roc(report, points)

    readers, network = figure.data[-2:]
    assert (readers.name, network.name) == ("published readers", "published networks")
    assert (network.x[0], network.y[0]) == (pytest.approx(1 - 0.9286), 0.965)
    assert len(readers.x) == sum(point.kind == "reader" for point in points) > 0
    images, standard = readers.customdata[0]
    assert (readers.text[0], images[:5], standard[:7]) == ("radiologist 1", "1,344", "against")


def test_intervals_reach_from_low_to_high() -> None:
    figure = plot_intervals([{"name": "accuracy", "value": 0.8, "low": 0.7, "high": 0.85}])
    [trace] = figure.data

    assert trace.x == (0.8,)
    assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(0.7)
    assert trace.x[0] + trace.error_x.array[0] == pytest.approx(0.85)


def test_what_cannot_be_computed_is_left_out_and_marks_stand_on_their_line() -> None:
    rows = [
        {"name": "AUC", "value": None, "low": None, "high": None},
        {"name": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "marks": {"published": 0.86}},
    ]
    figures, published = plot_intervals(rows).data

    assert figures.y == ("accuracy",)
    assert (published.name, published.x, published.y) == ("published", (0.86,), ("accuracy",))
