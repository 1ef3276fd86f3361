"""The curves of one class: against hand-made images, and their bands against plain loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from xray_core.evaluation.curves import (
    GRID,
    N_LEVELS,
    RATES,
    Calls,
    count_calls,
    draw_patients,
    precision_band,
    roc_band,
    student_quantile,
    threshold_curves,
)
from xray_core.evaluation.intervals import interval_of_rounds
from xray_core.evaluation.one_class import measure_class, pick_class
from xray_core.evaluation.reliability import calibration_curve, score_histograms
from xray_core.wilson import wilson_interval

# Six images, two of them with the same probability.
IS_CLASS = np.array([1, 1, 0, 1, 0, 0], dtype=bool)
SCORES = np.array([0.95, 0.6, 0.6, 0.45, 0.3, 0.05])
ALONE = np.arange(6)  # each image of a patient of its own


def count(n_rounds: int = 50) -> Calls:
    return count_calls(IS_CLASS, SCORES, ALONE, np.random.default_rng(0), n_rounds)


def draw_images(n: int, n_patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    patients = np.append(np.arange(n_patients), rng.integers(0, n_patients, n - n_patients))
    is_class = rng.random(n) < 0.4
    scores = np.clip(rng.normal(0.4, 0.2, n) + 0.25 * is_class, 0, 1)
    return is_class, scores, patients


def test_the_roc_curve_turns_where_the_images_say() -> None:
    line = roc_band(count())

    corners = [(0, 0), (0, 1 / 3), (1 / 3, 2 / 3), (1 / 3, 1), (1, 1)]
    assert np.column_stack([line.x, line.y]) == pytest.approx(np.array(corners))


def test_precision_is_that_of_the_strictest_threshold_for_each_recall() -> None:
    line = precision_band(count())

    assert line.x == pytest.approx([1 / 3, 2 / 3, 1])
    assert line.y == pytest.approx([1, 2 / 3, 3 / 4])


def test_each_threshold_counts_images_at_it_and_above() -> None:
    rates = threshold_curves(count())

    at = {name: rates[name].y[np.searchsorted(GRID, 0.6)] for name in RATES}
    assert at == pytest.approx(
        {"sensitivity": 2 / 3, "specificity": 2 / 3, "PPV": 2 / 3, "NPV": 2 / 3, "F1": 2 / 3}
    )
    assert rates["sensitivity"].y[0] == 1  # from 0 on all are called
    assert rates["specificity"].y[-1] == 1
    assert np.isnan(rates["NPV"].y[0])  # none is cleared there
    assert np.isnan(rates["PPV"].y[-1])  # none is called there
    assert np.isnan(rates["PPV"].low[-1])


def test_calibration_compares_the_mean_probability_with_the_share_in_each_bin() -> None:
    scores = np.array([0.02, 0.08, 0.1, 0.55, 1.0])
    is_class = np.array([False, True, False, True, True])

    found = calibration_curve(is_class, scores, np.arange(5), np.random.default_rng(0), 50)

    assert found.predicted == pytest.approx([0.05, 0.1, 0.55, 1.0])
    assert found.observed.tolist() == [0.5, 0, 1, 1]
    assert found.images.tolist() == [2, 1, 1, 1]
    assert found.error == pytest.approx((2 * 0.45 + 0.1 + 0.45 + 0) / 5)
    low, high = wilson_interval(1, 1)  # a single patient tells little
    assert (found.low[2], found.high[2]) == pytest.approx((float(low), float(high)))


def test_histograms_have_every_image_once() -> None:
    counts = score_histograms(IS_CLASS.astype(int), np.append(SCORES[:-1], 1.0), 2, n_bars=4)

    assert counts.tolist() == [[0, 1, 1, 1], [0, 1, 1, 1]]


def test_bands_hold_their_curve_and_widen_with_fewer_patients() -> None:
    is_class, scores, patients = draw_images(400, 400)
    lines = {}
    for n_patients in (400, 40):
        calls = count_calls(is_class, scores, patients % n_patients, np.random.default_rng(0))
        lines[n_patients] = [roc_band(calls), precision_band(calls)]
        lines[n_patients] += threshold_curves(calls).values()
        for line in lines[n_patients][2:]:
            known = ~np.isnan(line.y)
            assert (line.low[known] <= line.y[known]).all()
            assert (line.high[known] >= line.y[known]).all()
        roc = lines[n_patients][0]
        assert (roc.low <= np.interp(GRID, roc.x, roc.y) + 1e-9).all()
        assert (roc.high >= np.interp(GRID, roc.x, roc.y) - 1e-9).all()
        assert (np.diff(roc.low) >= -1e-9).all()
    wide, narrow = (np.nanmean(lines[n][2].high - lines[n][2].low) for n in (40, 400))
    assert wide != narrow


def test_rounds_are_those_of_images_drawn_patient_by_patient() -> None:
    is_class, scores, patients = draw_images(60, 25)
    n_rounds = 30

    calls = count_calls(is_class, scores, patients, np.random.default_rng(7), n_rounds)

    draws = draw_patients(25, np.random.default_rng(7), n_rounds)
    recalls = []
    for row, times in enumerate(draws):
        drawn = np.repeat(np.arange(60), times[patients].astype(int))
        for k in (5, 40, len(calls.thresholds) - 1):
            called = scores[drawn] >= calls.thresholds[k]
            assert calls.true[row, k] == (called & is_class[drawn]).sum()
            assert calls.false[row, k] == (called & ~is_class[drawn]).sum()
        called = scores[drawn] >= 0.5
        recalls.append((called & is_class[drawn]).sum() / is_class[drawn].sum())
    line = threshold_curves(calls)["sensitivity"]
    assert line.y[50] == pytest.approx(recalls[0])
    n_with = len(np.unique(patients[is_class]))
    ends = interval_of_rounds(recalls[0], np.array(recalls[1:]), [n_with])  # as a report has it
    assert (line.low[50], line.high[50]) == pytest.approx(ends, rel=2e-3)
    behind = {
        "PPV": np.unique(patients[scores >= 0.5]),
        "NPV": np.unique(patients[scores < 0.5]),
        "F1": np.unique(patients[is_class | (scores >= 0.5)]),
    }
    k = int(np.searchsorted(-calls.thresholds, -0.5))
    assert (calls.n_called[k], calls.n_cleared[k], calls.n_either[k]) == tuple(
        len(ids) for ids in behind.values()
    )


def test_of_many_probabilities_some_thresholds_stay_and_count_all_images() -> None:
    is_class, scores, patients = draw_images(5000, 900)

    calls = count_calls(is_class, scores, patients, np.random.default_rng(0), 3)

    assert len(calls.thresholds) <= N_LEVELS + len(GRID) + 1
    assert np.isin(GRID, calls.thresholds).all()
    assert calls.true[0, -1] == is_class.sum()
    places = np.searchsorted(-calls.thresholds, -GRID)
    expected = [(is_class & (scores >= threshold)).sum() for threshold in GRID]
    assert calls.true[0, places].tolist() == expected


def test_where_nobody_is_missed_the_band_is_that_of_so_many_patients() -> None:
    scores = np.array([0.9, 0.8, 0.9, 0.1, 0.2])
    is_class = np.array([True, True, True, False, False])

    calls = count_calls(is_class, scores, np.array([0, 1, 1, 2, 3]), np.random.default_rng(0), 50)

    low, _ = wilson_interval(2, 2)  # three images, of two patients
    line = threshold_curves(calls)["sensitivity"]
    assert (line.y[50], line.low[50]) == pytest.approx((1, float(low)))


def test_students_quantiles_are_close_enough() -> None:
    n_free = np.append(np.arange(1.0, 60), [200, 5000])

    assert student_quantile(n_free) == pytest.approx(stdtrit(n_free, 0.975), rel=2e-3)


def test_a_curve_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="images that do not"):
        count_calls(np.ones(3, bool), np.ones(3), np.arange(3), np.random.default_rng(0))


def test_of_a_finding_unknown_images_are_left_out() -> None:
    table = pd.DataFrame(
        {
            "group": ["a", "b", "b", "c"],
            "y_mass": pd.array([1, 0, None, 1], dtype="Int8"),
            "p_mass": [0.9, 0.2, 0.5, 0.7],
        }
    )

    images = pick_class(table, "mass")

    assert images.is_class.tolist() == [True, False, True]
    assert images.patients.tolist() == [0, 1, 2]
    assert measure_class(images, 20).roc.y.max() == 1
