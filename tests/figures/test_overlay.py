"""Runs over each other: named at their ends, no axis cut unmarked, none hidden by another."""

from dataclasses import replace
from typing import Any

import pytest

from xray_core.figures.colors import RUNS
from xray_core.figures.overlay import Line, plot_runs, score_floor
from xray_core.runs.curves import Curve


def curve(*accuracy: float, loss: float = 0.5, selected: int = 1) -> Curve:
    epochs = tuple(range(1, len(accuracy) + 1))
    return Curve(epochs, accuracy, tuple(loss / n for n in epochs), selected, n=40)


def points_of(spec: dict[str, Any], panel: int) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = spec["layer"][panel]["data"]["values"]
    return points


def domain_of(spec: dict[str, Any], panel: int) -> list[float]:
    domain: list[float] = spec["layer"][panel]["layer"][0]["encoding"]["y"]["scale"]["domain"]
    return domain


def test_each_run_has_its_letter_its_colour_and_one_ring() -> None:
    spec = plot_runs([Line(curve(0.5, 0.6), "swift-otter"), Line(curve(0.7, 0.9, selected=2), "b")])

    color = spec["layer"][0]["layer"][0]["encoding"]["color"]["scale"]
    assert color == {"domain": ["A", "B"], "range": list(RUNS[:2])}
    for panel in (0, 1):
        points = points_of(spec, panel)
        assert [(p["run"], p["epoch"]) for p in points if p["selected"]] == [("A", 1), ("B", 2)]
        assert [(p["run"], p["epoch"]) for p in points if p["last"]] == [("A", 2), ("B", 2)]


@pytest.mark.parametrize(("least", "floor"), [(0.05, 0.0), (0.57, 0.5), (0.6, 0.5), (1.0, 0.9)])
def test_the_axis_of_the_accuracy_begins_below_all_and_says_so(least: float, floor: float) -> None:
    lines = [Line(curve(least, 1.0), "a")]

    spec = plot_runs(lines)

    assert score_floor([line.curve for line in lines]) == pytest.approx(floor)
    assert domain_of(spec, 0)[0] == pytest.approx(floor)
    layers = spec["layer"][0]["layer"]
    title = layers[0]["encoding"]["y"]["title"]
    signs = [layer for layer in layers if layer["mark"].get("text") == "≈"]
    assert (f", from {floor:.0%}" in title) == bool(signs) == (floor > 0)
    assert domain_of(spec, 1)[0] == 0.0


def test_a_diverged_run_sets_no_axis_and_stays_inside() -> None:
    wild = Curve((1, 2), (0.1, 0.1), (800.0, float("inf")), 1, 40)

    spec = plot_runs([Line(curve(0.7, 0.8), "fine"), Line(wild, "wild", diverged=True)])

    assert domain_of(spec, 0)[0] == pytest.approx(0.6)
    low, high = domain_of(spec, 1)
    assert high < 1
    assert all(low <= point["value"] <= high for point in points_of(spec, 1))


def test_letters_of_ends_that_meet_lie_apart() -> None:
    spec = plot_runs([Line(curve(0.5, 0.8), "a"), Line(curve(0.5, 0.8), "b")])

    labels = [point["label"] for point in points_of(spec, 0) if point["last"]]
    assert len(set(labels)) == 2
    assert max(labels) == 0.8


def test_a_third_panel_takes_no_room_from_the_others() -> None:
    several = replace(curve(0.6, 0.7), area=(0.6, 0.7))

    two = plot_runs([Line(curve(0.5, 0.8), "a")], height=330)
    three = plot_runs([Line(curve(0.5, 0.8), "a"), Line(several, "b")], height=330)

    assert (two["height"], three["height"]) == (330, 495)


def test_runs_without_an_epoch_draw_nothing_and_keep_their_letters() -> None:
    spec = plot_runs([Line(Curve(), "waits"), Line(curve(0.5), "b")])

    assert {point["run"] for point in points_of(spec, 0)} == {"B"}
    assert points_of(plot_runs([Line(Curve(), "waits")]), 0) == []
