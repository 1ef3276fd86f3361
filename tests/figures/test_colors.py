"""Colours that everybody can tell from both backgrounds, and the same everywhere."""

import tomllib
from pathlib import Path

import pytest

from xray_core.figures.colors import CLASSES, CLEAR, DASHES, RUNS, SUBSETS, WITHOUT, class_color
from xray_core.splits import SUBSETS as ALL_SUBSETS
from xray_core.tasks import TASKS

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def luminance(color: str) -> float:
    """Return the relative luminance of "#rrggbb", as WCAG 2 has it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(color: str, other: str) -> float:
    low, high = sorted([luminance(color), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("color", [*CLASSES, *SUBSETS.values(), *RUNS])
def test_every_colour_stands_out_from_both_backgrounds(color: str) -> None:
    theme = tomllib.loads(CONFIG.read_text("utf-8"))["theme"]
    for name in ("light", "dark"):
        assert contrast(color, theme[name]["backgroundColor"]) >= 3, name


def test_charts_take_the_colours_of_the_classes() -> None:
    theme = tomllib.loads(CONFIG.read_text("utf-8"))["theme"]
    assert tuple(theme["chartCategoricalColors"]) == CLASSES


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.classes], ids=str)
def test_the_class_without_a_finding_is_blue_and_no_two_are_alike(task) -> None:
    colors = [class_color(name, task.classes) for name in task.classes]
    for name, color in zip(task.classes, colors, strict=True):
        assert (color == CLASSES[0]) == (name in CLEAR or name.startswith(WITHOUT)), name
    assert len(set(colors)) == len(colors)
    assert class_color("nothing of the kind", task.classes) == CLASSES[-1]


def test_every_subset_has_a_colour_and_a_dash() -> None:
    assert set(SUBSETS) == set(DASHES) == set(ALL_SUBSETS)
