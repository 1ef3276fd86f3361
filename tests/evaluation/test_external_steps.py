"""Another dataset in the error analysis, and what can be compared with the own test set."""

from typing import Any

import pytest

from tests.evaluation.test_error_steps import PLAIN
from xray_core.evaluation.error_steps import complete_analysis
from xray_core.evaluation.external_steps import add_external, compare_elsewhere
from xray_core.runs.goals import Goals


def report_of(accuracy: float, balanced: float, counts: tuple[int, int]) -> dict[str, Any]:
    def figure(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.02, "high": value + 0.02}

    names = ["no opacity", "opacity"]
    return {
        "n": sum(counts),
        "classes": names,
        "metrics": {"accuracy": figure(accuracy), "balanced_accuracy": figure(balanced)},
        "per_class": [{"class": name, "n": n} for name, n in zip(names, counts, strict=True)],
    }


def test_another_dataset_is_a_level_with_the_step_of_the_distribution_shift() -> None:
    complete = complete_analysis(PLAIN, Goals())

    added = add_external(complete, {"hospital": report_of(0.66, 0.6, (50, 50))})

    level, step = added["levels"][-1], added["steps"][-1]
    assert (level["name"], level["n"]) == ("another dataset: hospital", 100)
    assert level["error"] == pytest.approx({"value": 0.34, "low": 0.32, "high": 0.36})
    assert (step["name"], step["to"]) == ("distribution shift", level["name"])
    assert step["value"] == pytest.approx(0.1)
    assert step["low"] == pytest.approx(0.1 - 0.02 * 2**0.5)
    assert added["levels"][:-1] == complete["levels"]


def test_it_says_which_figure_can_be_compared_where_the_classes_have_other_shares() -> None:
    own = report_of(0.75, 0.58, (28, 72))

    words = compare_elsewhere(own, report_of(0.668, 0.668, (50, 50)))
    alike = compare_elsewhere(own, report_of(0.76, 0.58, (14, 36)))

    assert words.startswith("Accuracy falls by 8.2 points, balanced accuracy rises by 8.8 points.")
    assert "50% of the images are no opacity, of its own 28%" in words
    assert "compare the balanced accuracy" in words
    assert alike.startswith("Accuracy rises by 1.0 points (which may be chance), balanced accuracy")
    assert alike.endswith("so both can be compared.")
