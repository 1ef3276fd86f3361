"""DeLong's test against what its source's data are published to give, and another program."""

import math

import numpy as np
import pytest

from xray_core.evaluation.delong import compare_areas, standardise_difference
from xray_core.evaluation.paired_tests import normal_p

# Albumin, total protein and K-G score of 43 patients with ovarian cancer, and whether surgery
# helped (1): DeLong, DeLong and Clarke-Pearson (1988), as printed in the SAS/STAT user's guide,
# The LOGISTIC procedure, "Comparing receiver operating characteristic curves". Its output is below.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0
1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1
4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1
3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1
3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1
3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
3.6 6.6 5 1
"""
ALBUMIN, PROTEIN, SCORE = range(3)


def test_the_published_example_gives_the_published_figures() -> None:
    table = np.array(OVARIAN.split(), dtype="float64").reshape(-1, 4)
    scores = np.stack([-table[:, 0], -table[:, 1], table[:, 2]])  # where surgery does not help

    areas, covariance = compare_areas(table[:, 3] == 0, scores)

    assert areas.round(4).tolist() == [0.7366, 0.6478, 0.7258]
    assert np.sqrt(np.diag(covariance)).round(4).tolist() == [0.0927, 0.1000, 0.1028]
    for curve, difference, error, square, p in (
        (ALBUMIN, 0.0108, 0.0953, 0.0127, 0.9102),
        (PROTEIN, -0.0780, 0.1046, 0.5554, 0.4561),
    ):
        z = standardise_difference(areas, covariance, curve, SCORE)
        assert areas[curve] - areas[SCORE] == pytest.approx(difference, abs=5e-5)
        assert (areas[curve] - areas[SCORE]) / z == pytest.approx(error, abs=5e-5)
        assert z**2 == pytest.approx(square, abs=5e-5)
        assert normal_p(z) == pytest.approx(p, abs=5e-5)


def test_it_is_what_another_program_gives_also_with_ties() -> None:
    from MLstatkit import Delong_test

    rng = np.random.default_rng(3)
    truth = rng.random(80) < 0.4
    first, second = (np.round(rng.random(80) + 0.5 * truth, 1) for _ in range(2))

    areas, covariance = compare_areas(truth, np.stack([first, second]))

    z = standardise_difference(areas, covariance, 0, 1)
    theirs = Delong_test(truth.astype(int), first, second, return_ci=False, return_auc=False)
    assert [abs(z), normal_p(z)] == pytest.approx([abs(theirs[0]), theirs[1]])


def test_equal_curves_do_not_differ_and_too_few_images_say_nothing() -> None:
    truth, scores = np.array([True, True, False, False]), np.array([[0.9, 0.4, 0.5, 0.1]] * 2)
    assert standardise_difference(*compare_areas(truth, scores), 0, 1) == 0
    alone = compare_areas(np.array([True, False, False, False]), scores)
    assert math.isnan(standardise_difference(*alone, 0, 1))
    # Two whole curves the wrong way round: nothing swings, so that nothing can be told.
    apart = compare_areas(truth, np.array([[0.9, 0.8, 0.2, 0.1], [0.1, 0.2, 0.8, 0.9]]))
    assert math.isnan(standardise_difference(*apart, 0, 1))
