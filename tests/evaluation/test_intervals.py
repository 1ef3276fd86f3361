"""Intervals: they hold the truth about as often as they say, and know that patients repeat."""

from inspect import signature

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.coverage import simulate
from xray_core.evaluation import intervals
from xray_core.evaluation.error_analysis import analyse_errors
from xray_core.evaluation.intervals import (
    CORRELATION,
    COST,
    TAILS,
    bootstrap_intervals,
    difference_interval,
    interval_of_gaps,
    interval_of_rounds,
    settle_interval,
    tally_images,
)
from xray_core.evaluation.measured import measure_predictions
from xray_core.evaluation.report import build_report
from xray_core.evaluation.sweeps import summarise_sweep


def mean_interval(
    values: np.ndarray, groups: np.ndarray, n_rounds: int = 400, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of the mean of `values`."""
    sums, sizes = np.bincount(groups, weights=values), np.bincount(groups)
    found = bootstrap_intervals(
        lambda draws: {"mean": (sums @ draws) / (sizes @ draws)},
        groups,
        np.random.default_rng(seed),
        n_rounds,
    )
    low, high = found["mean"]
    return float(low), float(high)


def draw_patients(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return hits (0 or 1) of 60 patients with 1 to 6 alike images, and whose each is."""
    n_images = rng.integers(1, 7, 60)
    skill = rng.beta(0.7, 0.3, 60)  # mean 0.7, far apart from patient to patient
    groups = np.repeat(np.arange(60), n_images)
    return (rng.random(len(groups)) < skill[groups]).astype(float), groups


def test_about_95_of_100_intervals_hold_the_truth_but_fewer_if_images_are_resampled() -> None:
    rng = np.random.default_rng(0)
    by_patient = by_image = 0
    for seed in range(120):
        values, groups = draw_patients(rng)
        low, high = mean_interval(values, groups, 150, seed)
        by_patient += low <= 0.7 <= high
        low, high = mean_interval(values, np.arange(len(values)), 150, seed)
        by_image += low <= 0.7 <= high

    assert 0.9 * 120 <= by_patient < 120
    assert by_image < by_patient - 10


def test_the_interval_is_wider_where_patients_repeat() -> None:
    values, groups = draw_patients(np.random.default_rng(1))

    low, high = mean_interval(values, groups)
    low_of_images, high_of_images = mean_interval(values, np.arange(len(values)))

    assert high - low > 1.2 * (high_of_images - low_of_images)


def test_copies_of_every_image_add_no_certainty() -> None:
    values, groups = draw_patients(np.random.default_rng(2))

    once = mean_interval(values, groups)
    five_times = mean_interval(np.tile(values, 5), np.tile(groups, 5))

    assert five_times == pytest.approx(once, abs=1e-12)


def test_more_patients_give_a_narrower_interval() -> None:
    rng = np.random.default_rng(3)
    values = (rng.random(4000) < 0.7).astype(float)

    few = mean_interval(values[:100], np.arange(100))
    many = mean_interval(values, np.arange(4000))

    # A proportion's interval is about 2 x 1.96 standard errors wide.
    assert few[1] - few[0] == pytest.approx(3.92 * (0.7 * 0.3 / 100) ** 0.5, rel=0.2)
    assert many[1] - many[0] == pytest.approx(3.92 * (0.7 * 0.3 / 4000) ** 0.5, rel=0.2)


def test_each_round_draws_as_many_patients_as_there_are_and_images_count_with_theirs() -> None:
    groups = np.array([2, 0, 1, 0, 2, 1, 2])
    kinds = np.array([0, 1, 1, 1, 0, 2, 2])
    tally = tally_images(kinds, groups, 3, 3)
    rounds: list[np.ndarray] = []

    def measure(draws: np.ndarray) -> dict[str, np.ndarray]:
        counts = tally @ draws
        rounds.extend(draws.T)
        for times, of_kind in zip(draws.T, counts.T, strict=True):
            drawn = np.repeat(kinds, times[groups].astype(int))
            assert of_kind.tolist() == np.bincount(drawn, minlength=3).tolist()
        return {"first": draws[0]}

    bootstrap_intervals(measure, groups, np.random.default_rng(0), 50)

    assert len(rounds) == 50
    assert all(times.sum() == 3 for times in rounds)
    assert {tuple(times) for times in rounds} > {(1, 1, 1)}


def test_rounds_are_the_same_however_many_are_measured_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, groups = draw_patients(np.random.default_rng(5))

    at_once = mean_interval(values, groups)
    monkeypatch.setattr(intervals, "BLOCK_SIZE", 7 * len(groups))

    assert mean_interval(values, groups) == at_once


def test_the_same_chance_gives_the_same_interval() -> None:
    values, groups = draw_patients(np.random.default_rng(4))

    assert mean_interval(values, groups, seed=1) == mean_interval(values, groups, seed=1)
    assert mean_interval(values, groups, seed=1) != mean_interval(values, groups, seed=2)


def test_rounds_without_a_value_are_left_out_and_a_figure_without_any_has_no_interval() -> None:
    def measure(draws: np.ndarray) -> dict[str, np.ndarray]:
        odd = np.arange(draws.shape[1]) % 2 == 1
        both = np.stack([np.where(odd, np.nan, 0.5), np.full(len(odd), np.nan)], axis=1)
        return {"of two classes": both}

    found = bootstrap_intervals(measure, np.arange(5), np.random.default_rng(0), 40)

    low, high = found["of two classes"]
    assert (low[0], high[0]) == (0.5, 0.5)
    assert np.isnan([low[1], high[1]]).all()


def test_the_interval_leaves_two_and_a_half_of_a_hundred_rounds_on_either_side() -> None:
    rounds = np.linspace(0, 1, 201)

    found = bootstrap_intervals(
        lambda draws: {"rising": rounds}, np.arange(3), np.random.default_rng(0), 201
    )

    assert found["rising"] == (pytest.approx(0.025), pytest.approx(0.975))


@pytest.mark.parametrize(
    "function",
    [bootstrap_intervals, measure_predictions, build_report, analyse_errors, summarise_sweep],
)
def test_a_thousand_rounds_are_drawn_where_nobody_asks_for_another_number(function: object) -> None:
    assert signature(function).parameters["n_rounds"].default == 1000  # type: ignore[arg-type]


def test_a_thousand_rounds_are_drawn_indeed() -> None:
    seen = []

    def measure(draws: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(draws.shape[1])
        return {"first": draws[0]}

    bootstrap_intervals(measure, np.arange(2000), np.random.default_rng(0))

    assert sum(seen) == 1000
    assert len(seen) > 1, "all at once would take too much memory with more patients"


@pytest.mark.parametrize(("value", "n_right"), [(1.0, 5), (0.0, 0), (0.4, 2)])
def test_where_all_rounds_agree_the_interval_is_wilsons(value: float, n_right: int) -> None:
    expected = binomtest(n_right, 5).proportion_ci(0.95, method="wilson")

    assert settle_interval(value, value, value, [5]) == pytest.approx(tuple(expected), abs=1e-12)
    assert settle_interval(value, np.nan, np.nan, [5]) == pytest.approx(tuple(expected))


def test_where_rounds_swing_the_interval_is_theirs() -> None:
    assert settle_interval(0.9, 0.8, 1.0, [5]) == (0.8, 1.0)
    assert settle_interval(0.9, 0.8, 1.0, [5, 2]) == (0.8, 1.0)


def test_a_single_patient_cannot_be_resampled() -> None:
    low, high = settle_interval(0.9, 0.88, 0.93, [1, 100])

    # The recall of a class of one patient is anything, so half of the mean is.
    assert low < 0.6
    assert high > 0.93


def test_what_has_no_value_has_no_interval() -> None:
    assert np.isnan(settle_interval(np.nan, np.nan, np.nan, [])).all()


def test_a_mean_over_classes_of_one_size_is_as_certain_as_a_share_of_them_all() -> None:
    assert settle_interval(1, 1, 1, [20, 20, 20]) == settle_interval(1, 1, 1, [60])
    few = settle_interval(1, 1, 1, [2, 58])
    assert settle_interval(1, 1, 1, [4])[0] < few[0] < settle_interval(1, 1, 1, [8])[0]


def test_a_difference_of_two_wilson_intervals_is_newcombes() -> None:
    # Newcombe 1998, table II, method 10: 56 of 70 minus 48 of 80, and 10 of 10 minus 0 of 10.
    def share(k: int, n: int) -> dict[str, float]:
        low, high = binomtest(k, n).proportion_ci(0.95, method="wilson")
        return {"value": k / n, "low": low, "high": high}

    assert difference_interval(share(48, 80), share(56, 70)) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )
    assert difference_interval(share(0, 10), share(10, 10)) == pytest.approx(
        (0.6075, 1.0), abs=5e-5
    )


def test_an_interval_is_wider_than_percentiles_where_few_patients_stand_behind_it() -> None:
    rounds = np.random.default_rng(0).normal(0.9, 0.03, 2000)

    percentiles = np.quantile(rounds, TAILS)
    few, many = (interval_of_rounds(0.9, rounds, [n]) for n in (6, 5000))

    assert few[0] < many[0] < 0.9 < many[1] < few[1] < 1
    assert 0.9 - many[0] > many[1] - 0.9, "there is less room above"
    assert many == pytest.approx(tuple(percentiles), abs=0.02)


def test_an_interval_stays_on_the_scale_of_its_figure() -> None:
    rng = np.random.default_rng(0)

    low, high = interval_of_rounds(-0.97, rng.normal(-0.97, 0.05, 500), [8], CORRELATION)
    assert -1 < low < -0.97 < high < 1
    low, high = interval_of_rounds(2.5, rng.normal(2.5, 0.4, 500), [30], COST)
    assert 0 < low < 2.5 < high
    assert high > 3
    # All images at the same cost: nothing swings, and 20 patients still tell little.
    low, high = interval_of_rounds(0.7, np.full(500, 0.7), [20], COST)
    assert 0.3 < low < 0.7 < high < 1.5


def test_a_calibration_error_that_all_patients_share_may_be_another_of_other_patients() -> None:
    rng, n = np.random.default_rng(0), 30
    shares = rng.binomial(n, 0.5, 500) / n  # of one class, which is all that swings
    for gap in (0.05, 1.0):
        rounds = np.stack([gap * shares, gap * (shares - 1)], axis=1)
        low, high = interval_of_gaps(gap, gap * np.array([0.5, -0.5]), rounds, [n // 2])
        assert 0 <= low <= gap <= high <= 1
        assert high - low > 0.1


def test_a_calibration_error_of_few_patients_stays_possible() -> None:
    rng = np.random.default_rng(0)
    gaps = np.array([0.2, -0.219])
    rounds = gaps + rng.normal(0, 0.3, (500, 2))

    low, high = interval_of_gaps(0.419, gaps, rounds, [3])

    assert 0 <= low < 0.419 < high <= 1


@pytest.mark.parametrize(("gap", "begins_at_0"), [(0.0, True), (0.08, False)])
def test_a_calibration_error_may_be_chance(gap: float, begins_at_0: bool) -> None:
    rng = np.random.default_rng(3)
    gaps = gap + rng.normal(0, 0.01, 10)
    rounds = gaps + rng.normal(0, 0.01, (500, 10))
    value = float(np.abs(gaps).sum())

    low, high = interval_of_gaps(value, gaps, rounds, [60])

    assert (low == 0) == begins_at_0
    assert low <= value <= high
    assert low <= 10 * gap <= high
    # In every round it is larger than in truth: percentiles of them would miss it.
    assert np.quantile(np.abs(rounds).sum(axis=1), TAILS[0]) > 10 * gap or gap


def test_intervals_hold_the_truth_about_as_often_as_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # `benchmarks/coverage.py` tells it to within a point; this takes a second.
    monkeypatch.setattr("benchmarks.coverage.N_TRUE", 20_000)
    ours, percentiles = simulate("two classes", 60, n_draws=40, n_rounds=60)

    assert min(map(ours.share, ours.drawn)) >= 80
    assert percentiles.share("calibration_error") < 50
