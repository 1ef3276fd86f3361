"""Paired differences by hand, on images few enough to count; and the tests beside them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from xray_core.evaluation.answers import Answers
from xray_core.evaluation.findings import UNKNOWN_STATE
from xray_core.evaluation.paired import compare_figures, measure_network, measure_once
from xray_core.evaluation.paired_tests import holm_adjust, mcnemar_p

N_ROUNDS = 200


def make_answers(*of_networks: list[float], truth: str = "", patients: str = "") -> Answers:
    """Return answers of two classes; of each network the probability of the second."""
    probabilities = np.array([[[1 - p, p] for p in row] for row in of_networks])
    actual = np.array([int(sign) for sign in truth])
    return Answers(
        image_ids=[str(n) for n in range(len(actual))],
        classes=["no", "yes"],
        multilabel=False,
        patients=np.array([int(sign) for sign in patients]),
        states=np.eye(2, dtype="int64")[actual],
        probabilities=probabilities,
        called=np.eye(2, dtype=bool)[probabilities.argmax(axis=2)],
    )


def make_random(n_networks: int = 3, seed: int = 0) -> Answers:
    rng = np.random.default_rng(seed)
    actual = rng.integers(0, 2, 60)
    scores = np.clip(rng.random((n_networks, 60)) * 0.7 + 0.3 * actual, 0, 1)
    truth = "".join(map(str, actual))
    answers = make_answers(*scores.tolist(), truth=truth, patients="0" * 60)
    return replace(answers, patients=np.arange(60) // 2)


def test_each_round_measures_the_drawn_patients_by_hand() -> None:
    # Patient 0 has images 0 (no) and 1 (yes), patient 1 images 2 (no) and 3 (yes).
    answers = make_answers([0.2, 0.8, 0.6, 0.7], truth="0101", patients="0011")
    draws = np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 2.0]])  # how often each patient, three rounds

    rounds = measure_network(answers)(draws)

    assert rounds["accuracy"].tolist() == [0.75, 1.0, 0.5]
    assert rounds["balanced_accuracy"].tolist() == [0.75, 1.0, 0.5]
    # Both: 0.8 and 0.7 are above 0.2 and 0.6: 4 of 4 pairs; each patient alone: 1 of 1.
    assert rounds["auc"].tolist() == [1.0, 1.0, 1.0]
    squares = [0.04, 0.04, 0.36, 0.09]
    brier = [sum(squares) / 4, sum(squares[:2]) / 2, sum(squares[2:]) / 2]
    assert rounds["brier"].tolist() == pytest.approx(brier)


def test_the_interval_is_students_of_the_patients_own_differences() -> None:
    # Of four patients with two images each the first network gets 2, 1, 2, 1 right, the second 1.
    first = [0.1, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9]
    second = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    answers = make_answers(first, second, truth="01010101", patients="00112233")

    _, differences = compare_figures(answers, np.random.default_rng(0), 5000)

    [difference] = differences["accuracy"]
    own = [0.5, 0.0, 0.5, 0.0]
    error = np.std(own, ddof=1) / np.sqrt(4)
    assert difference.value == 0.25
    assert difference.high - difference.value == pytest.approx(3.182 * error, rel=0.03)
    assert difference.value - difference.low == pytest.approx(3.182 * error, rel=0.03)
    assert difference.p == pytest.approx(ttest_1samp(own, 0).pvalue, rel=0.05)


def test_it_is_the_same_the_other_way_round() -> None:
    answers = make_random(2)
    turned = replace(
        answers, probabilities=answers.probabilities[::-1], called=answers.called[::-1]
    )

    figures, there = compare_figures(answers, np.random.default_rng(0), N_ROUNDS)
    turned_figures, back = compare_figures(turned, np.random.default_rng(0), N_ROUNDS)

    for name, [one] in there.items():
        [other] = back[name]
        assert [one.value, one.low, one.high] == pytest.approx(
            [-other.value, -other.high, -other.low]
        )
        assert one.p == pytest.approx(other.p)
        assert figures[name] == turned_figures[name][::-1]


def test_one_network_twice_differs_by_nothing_at_all() -> None:
    answers = make_random(1)
    twice = replace(
        answers,
        probabilities=np.repeat(answers.probabilities, 2, axis=0),
        called=np.repeat(answers.called, 2, axis=0),
    )
    _, differences = compare_figures(twice, np.random.default_rng(0), N_ROUNDS)
    for [one] in differences.values():
        assert (one.value, one.low, one.high, one.p) == (0, 0, 0, 1)


def test_two_networks_that_are_always_right_may_differ_on_other_patients() -> None:
    answers = make_answers(
        [0.1, 0.9, 0.2, 0.8], [0.2, 0.7, 0.1, 0.9], truth="0101", patients="0123"
    )
    _, differences = compare_figures(answers, np.random.default_rng(0), N_ROUNDS)
    [accuracy] = differences["accuracy"]
    assert accuracy.value == 0
    assert accuracy.low < -0.3 < 0.3 < accuracy.high  # Wilson's of 4 of 4 patients
    assert accuracy.p is None


def test_of_several_findings_what_is_unknown_or_on_no_image_counts_in_no_mean() -> None:
    states = np.array([[1, 0, 0], [0, UNKNOWN_STATE, 0], [1, 1, 0], [0, 0, 0]])
    probabilities = np.array([[[0.9, 0.4, 0.8], [0.2, 0.9, 0.8], [0.6, 0.3, 0.8], [0.7, 0.1, 0.8]]])
    answers = Answers(
        image_ids=list("abcd"),
        classes=["first", "second", "nowhere"],
        multilabel=True,
        patients=np.arange(4),
        states=states,
        probabilities=probabilities,
        called=probabilities >= 0.5,
    )

    figures = {name: values[0] for name, values in measure_once(answers).items()}

    # First: (0.9, 0.6) over (0.2, 0.7): 3 of 4. Second: 0.3 over (0.4, 0.1): 1 of 2.
    assert figures["auc"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    # First: recall 2/2, specificity 1/2. Second: 0/1 and 2/2.
    assert figures["balanced_accuracy"] == pytest.approx((0.75 + 0.5) / 2)
    first, second = (0.01 + 0.04 + 0.16 + 0.49) / 4, (0.16 + 0.49 + 0.01) / 3
    assert figures["brier"] == pytest.approx((first + second) / 2)
    assert answers.count_right().tolist() == [[2, 1, 1, 1]]


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (3, 3), (1, 5), (0, 9), (12, 30), (900, 870)]
)
def test_mcnemar_is_the_binomial_test_of_the_images_that_one_alone_gets_right(
    first: int, second: int
) -> None:
    n = first + second
    exact = binomtest(first, n).pvalue if n else 1.0
    assert mcnemar_p(first, second, mid=False) == pytest.approx(exact)
    assert mcnemar_p(first, second) == mcnemar_p(second, first) <= 1
    if first != second:
        at = math.comb(n, min(first, second)) / 2**n
        assert mcnemar_p(first, second) == pytest.approx(exact - at)


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.5: times 4, 3, 2, 1, none below the one before.
    assert holm_adjust([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm_adjust([0.5]) == [0.5]
    assert holm_adjust([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    adjusted = holm_adjust([math.nan, 0.03])
    assert math.isnan(adjusted[0])
    assert adjusted[1] == 0.03
