"""Intervals: they hold the truth about as often as they say, and know that patients repeat."""

import numpy as np
import pytest

from xray_core.evaluation.intervals import bootstrap_intervals


def mean_interval(
    values: np.ndarray, groups: np.ndarray, n_rounds: int = 400, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of the mean of `values`."""
    intervals = bootstrap_intervals(
        lambda rows: {"mean": float(values[rows].mean())},
        groups,
        np.random.default_rng(seed),
        n_rounds,
    )
    return intervals["mean"]


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


def test_patients_are_drawn_whole_in_whatever_order_their_rows_are() -> None:
    groups = np.array([2, 0, 1, 0, 2, 1, 2])
    seen: list[np.ndarray] = []

    def measure(rows: np.ndarray) -> dict[str, float]:
        seen.append(rows)
        return {}

    bootstrap_intervals(measure, groups, np.random.default_rng(0), 50)

    assert len(seen) == 50
    for rows in seen:
        times = np.bincount(rows, minlength=7)
        for group in range(3):
            assert len(set(times[groups == group])) == 1
        assert sum(times[np.unique(groups, return_index=True)[1]]) == 3
    assert any(len(rows) != 7 for rows in seen)


def test_the_same_chance_gives_the_same_interval() -> None:
    values, groups = draw_patients(np.random.default_rng(4))

    assert mean_interval(values, groups, seed=1) == mean_interval(values, groups, seed=1)
    assert mean_interval(values, groups, seed=1) != mean_interval(values, groups, seed=2)


def test_rounds_without_a_value_are_left_out_and_a_metric_without_any_has_no_interval() -> None:
    rounds = iter(range(40))

    def measure(rows: np.ndarray) -> dict[str, float]:
        return {"often": np.nan if next(rounds) % 2 else 0.5, "never": np.nan}

    intervals = bootstrap_intervals(measure, np.arange(5), np.random.default_rng(0), 40)

    assert intervals["often"] == (0.5, 0.5)
    assert np.isnan(intervals["never"]).all()
