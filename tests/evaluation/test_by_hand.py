"""Metrics against numbers that were worked out by hand, as fractions of a handful of images.

Nothing here is computed by the library that is tested, nor by scikit-learn.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import log, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xray_core.evaluation.multilabel import findings_table, report_findings
from xray_core.evaluation.report import build_report, prediction_table

# Ten images of ten patients. The probability of "ill" has ties among the ill, among the healthy,
# and between both, at 0.6.
ILL = [0.9, 0.6, 0.6, 0.2]
HEALTHY = [0.6, 0.4, 0.4, 0.3, 0.1, 0.1]


def report_on(
    actual: Sequence[str], rows: Sequence[Sequence[float]], classes: Sequence[str]
) -> dict[str, Any]:
    """Return the report on one image of each patient."""
    names = [f"i{number}" for number in range(len(actual))]
    split = pd.DataFrame({"image_id": names, "group": names, "subset": "test", "class": actual})
    answers = {name: np.array(row) for name, row in zip(names, rows, strict=True)}
    return build_report(prediction_table(split, list(classes), answers), classes[0], n_rounds=20)


def values_of(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    return {name: figure["value"] for name, figure in figures.items()}


@pytest.fixture(scope="module")
def ill() -> dict[str, Any]:
    rows = [(1 - p, p) for p in (*ILL, *HEALTHY)]
    return report_on(["ill"] * 4 + ["healthy"] * 6, rows, ["healthy", "ill"])


def test_outcomes_of_two_classes_have_names(ill: dict[str, Any]) -> None:
    # From 0.5 on: of the ill 0.9, 0.6 and 0.6; of the healthy 0.6.
    assert ill["positive"] == "ill"
    assert ill["outcomes"] == {"tp": 3, "fn": 1, "fp": 1, "tn": 5}
    assert ill["confusion"] == [[5, 1], [1, 3]]


# Pairs of an ill and a healthy image: 4 x 6. 0.9 wins 6; each 0.6 wins 5 and ties 1; 0.2 wins 2.
AREA = Fraction(6 + 2 * (2 * 5 + 1) // 2 + 2, 24)
# From the top: 0.9 finds one of 1; 0.6 both others, 3 of 4; then 0.4 and 0.3; 0.2 the last, 4 of 8.
PRECISION = (1 * Fraction(1) + 2 * Fraction(3, 4) + 1 * Fraction(4, 8)) / 4
SQUARES = Fraction(1 + 16 + 16 + 64, 100) + Fraction(36 + 16 + 16 + 9 + 1 + 1, 100)
COSTS = -(log(0.9) + 2 * log(0.6) + log(0.2)) - (log(0.4) + 2 * log(0.6) + log(0.7) + 2 * log(0.9))
# Bins of a tenth: 0.1 twice (none ill), 0.2 (ill), 0.3 (not), 0.4 twice (none), 0.6 three times
# (two ill), 0.9 (ill).
GAPS = [Fraction(2, 10), Fraction(8, 10), Fraction(3, 10), Fraction(8, 10), 2 - Fraction(18, 10)]
ERROR = (sum(GAPS) + Fraction(1, 10)) / 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", Fraction(8, 10)),
        ("balanced_accuracy", (Fraction(3, 4) + Fraction(5, 6)) / 2),
        ("sensitivity", Fraction(3, 4)),
        ("specificity", Fraction(5, 6)),
        ("ppv", Fraction(3, 4)),
        ("npv", Fraction(5, 6)),
        ("f1", Fraction(2 * 3, 4 + 4)),
        ("f1_macro", (Fraction(6, 8) + Fraction(10, 12)) / 2),
        ("auc", AREA),
        ("average_precision", PRECISION),
        ("mcc", (3 * 5 - 1 * 1) / sqrt(4 * 4 * 6 * 6)),
        ("brier", SQUARES / 10),
        ("log_loss", COSTS / 10),
        ("calibration_error", ERROR),
    ],
)
def test_two_classes_with_ties(ill: dict[str, Any], name: str, expected: float) -> None:
    figure = ill["metrics"][name]

    assert figure["value"] == pytest.approx(float(expected), abs=1e-12)
    assert figure["low"] <= figure["value"] <= figure["high"]


def test_figures_of_each_of_two_classes(ill: dict[str, Any]) -> None:
    healthy, sick = ill["per_class"]

    assert (healthy["class"], healthy["n"], healthy["n_patients"]) == ("healthy", 6, 6)
    assert healthy["too_few"]
    assert sick["too_few"]
    assert healthy["recall"]["value"] == sick["specificity"] == pytest.approx(5 / 6)
    assert healthy["precision"] == sick["npv"] == pytest.approx(5 / 6)
    assert healthy["npv"] == pytest.approx(3 / 4)
    assert healthy["auc"]["value"] == sick["auc"]["value"] == pytest.approx(float(AREA))
    # From the lowest probability of "ill" up: 0.1 finds two of 2; 0.2 is ill; 0.3 finds the third
    # of 4; 0.4 the fifth of 6; 0.6 the sixth of 9.
    expected = (2 * 1 + 1 * Fraction(3, 4) + 2 * Fraction(5, 6) + 1 * Fraction(6, 9)) / 6
    assert healthy["average_precision"]["value"] == pytest.approx(float(expected))


def test_the_order_of_the_labels_decides_which_class_is_positive(ill: dict[str, Any]) -> None:
    rows = [(p, 1 - p) for p in (*ILL, *HEALTHY)]

    turned = report_on(["ill"] * 4 + ["healthy"] * 6, rows, ["ill", "healthy"])

    assert turned["positive"] == "healthy"
    assert turned["outcomes"] == {"tp": 5, "fn": 1, "fp": 1, "tn": 3}
    assert turned["confusion"] == [[3, 1], [1, 5]]
    old, new = values_of(ill["metrics"]), values_of(turned["metrics"])
    for name in ("accuracy", "balanced_accuracy", "auc", "mcc", "brier", "log_loss"):
        assert new[name] == pytest.approx(old[name]), name
    assert (new["sensitivity"], new["ppv"]) == (old["specificity"], old["npv"])


# Three classes, of which no image is "c". Actual a, a, b, b; predicted a, b, b, c.
MISSING = [(0.6, 0.3, 0.1), (0.2, 0.7, 0.1), (0.1, 0.9, 0.0), (0.2, 0.3, 0.5)]


def test_a_class_without_images_is_left_out_of_the_means() -> None:
    report = report_on(list("aabb"), MISSING, "abc")

    values = values_of(report["metrics"])
    a, b, c = report["per_class"]
    assert values["accuracy"] == 2 / 4
    assert values["balanced_accuracy"] == (1 / 2 + 1 / 2) / 2  # of a and b
    # F1: a 2·1/(2+1), b 2·1/(2+2), c 0: it is predicted once, though never there.
    assert values["f1_macro"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    # Half the squares: a (0.16+0.09+0.01), a (0.64+0.49+0.01), b (0.01+0.01+0), b (0.04+0.49+0.25).
    assert values["brier"] == pytest.approx((0.26 + 1.14 + 0.02 + 0.78) / 2 / 4)
    assert values["log_loss"] == pytest.approx(-(log(0.6) + log(0.2) + log(0.9) + log(0.3)) / 4)
    # Gorodkin: 4·2 - (2·1 + 2·2 + 0·1), over the root of (16-4-4)·(16-1-4-1).
    assert values["mcc"] == pytest.approx((8 - 6) / sqrt(8 * 10))
    assert values["auc"] is values["average_precision"] is None
    assert a["auc"]["value"] == pytest.approx(3.5 / 4)  # 0.6 wins both; 0.2 one, and ties one
    assert a["npv"] == 2 / 3  # b, b and c are said not to be a; of those one is
    assert c["recall"]["value"] is c["auc"]["value"] is c["mcc"]["value"] is None
    assert (c["precision"], c["specificity"], c["npv"], c["n"]) == (0, 3 / 4, 1, 0)
    assert b["precision"] == 1 / 2
    assert "positive" not in report
    assert "outcomes" not in report


def test_one_class_only_has_neither_area_nor_correlation() -> None:
    report = report_on(["ill", "ill"], [(0.2, 0.8), (0.6, 0.4)], ["healthy", "ill"])

    values = values_of(report["metrics"])
    assert values["accuracy"] == values["balanced_accuracy"] == values["sensitivity"] == 1 / 2
    assert values["ppv"] == 1
    assert values["npv"] == 0  # one is called healthy, and is not
    assert values["specificity"] is values["auc"] is values["mcc"] is None
    assert values["average_precision"] is None
    assert values["brier"] == pytest.approx((0.04 + 0.36) / 2)
    assert values["calibration_error"] == pytest.approx((0.2 + 0.6) / 2)
    assert report["outcomes"] == {"tp": 1, "fn": 1, "fp": 0, "tn": 0}


def test_one_answer_to_all_goes_with_nothing() -> None:
    report = report_on(["ill", "healthy"], [(0.2, 0.8), (0.3, 0.7)], ["healthy", "ill"])

    assert report["metrics"]["mcc"]["value"] == 0
    assert report["metrics"]["npv"]["value"] is None
    assert report["metrics"]["auc"]["value"] == 1


# Two findings of five images; "?" is unknown. Called from 0.5 on.
STATES = {"edema": [1, 1, 0, 0, None], "mass": [None, 1, 0, None, 0]}
ANSWERS = {"edema": [0.9, 0.4, 0.4, 0.1, 0.8], "mass": [0.9, 0.7, 0.7, 0.2, 0.5]}


def test_several_findings_count_only_where_they_are_known() -> None:
    names = [f"i{number}" for number in range(5)]
    split = pd.DataFrame({"image_id": names, "group": names, "subset": "test", "class": ""})
    for name, states in STATES.items():
        split[f"y_{name}"] = pd.array(states, dtype="Int8")
    answers = dict(zip(names, np.array(list(ANSWERS.values())).T, strict=True))
    table = findings_table(split, list(STATES), answers, {})

    report = report_findings(table, None, n_rounds=20)

    edema, mass = report["per_class"]
    assert (edema["n"], edema["n_absent"], edema["n_unknown"]) == (2, 2, 1)
    assert (mass["n"], mass["n_absent"], mass["n_unknown"]) == (1, 2, 2)
    assert edema["counts"] == [2, 0, 1, 1]  # TN, FP, FN, TP
    assert mass["counts"] == [0, 2, 0, 1]
    # 0.9 wins both; 0.4 wins one and ties one. 0.7 ties one and wins one.
    assert edema["auc"]["value"] == pytest.approx(3.5 / 4)
    assert mass["auc"]["value"] == pytest.approx(1.5 / 2)
    # 0.9: 1 of 1; 0.4: 2 of 3. 0.7: 1 of 2.
    assert edema["average_precision"]["value"] == pytest.approx((1 + 2 / 3) / 2)
    assert mass["average_precision"]["value"] == pytest.approx(1 / 2)
    assert (edema["npv"], mass["npv"]) == (pytest.approx(2 / 3), None)
    # (1·2 - 0·1) over the root of 2·2·1·3; of mass all are called.
    assert edema["mcc"]["value"] == pytest.approx(2 / sqrt(12))
    assert mass["mcc"]["value"] == 0
    squares = {"edema": (0.01 + 0.36 + 0.16 + 0.01) / 4, "mass": (0.09 + 0.49 + 0.25) / 3}
    assert edema["brier"]["value"] == pytest.approx(squares["edema"])
    assert mass["brier"]["value"] == pytest.approx(squares["mass"])
    costs = {
        "edema": -(log(0.9) + log(0.4) + log(0.6) + log(0.9)) / 4,
        "mass": -(log(0.7) + log(0.3) + log(0.5)) / 3,
    }
    assert mass["log_loss"]["value"] == pytest.approx(costs["mass"])
    # 0.9 one; 0.4 twice, one of them; 0.1 none. 0.7 twice, one of them; 0.5 none.
    errors = {"edema": (0.1 + 0.2 + 0.1) / 4, "mass": (0.4 + 0.5) / 3}
    assert edema["calibration_error"]["value"] == pytest.approx(errors["edema"])
    assert mass["calibration_error"]["value"] == pytest.approx(errors["mass"])
    values = values_of(report["metrics"])
    assert values["auc"] == pytest.approx((3.5 / 4 + 1.5 / 2) / 2)
    assert values["mcc"] == pytest.approx(1 / sqrt(12))
    assert values["brier"] == pytest.approx(sum(squares.values()) / 2)
    assert values["log_loss"] == pytest.approx(sum(costs.values()) / 2)
    assert values["calibration_error"] == pytest.approx(sum(errors.values()) / 2)
