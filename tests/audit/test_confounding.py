"""Confounding: what is known to tell the label is found, and chance is not."""

import numpy as np
import pandas as pd
import pytest

from tests.audit.tables import find, make_images
from xray_core.audit.confounding import check_confounding, measure_association


def series(text: str) -> pd.Series:
    return pd.Series(list(text), dtype="string")


def test_a_perfect_tell_has_v_of_one_and_independence_has_none() -> None:
    perfect = measure_association(series("aabb" * 50), series("xxyy" * 50))
    nothing = measure_association(series("aabb" * 50), series("xyxy" * 50))

    assert perfect.cramers_v == pytest.approx(1.0)
    assert (perfect.best_guess, perfect.majority, perfect.n) == (1.0, 0.5, 200)
    assert (nothing.cramers_v, nothing.gain) == (0.0, 0.0)
    assert perfect.z > 10 > 0 > nothing.z


def test_v_and_best_guess_of_a_known_table() -> None:
    # 40 30 / 10 20: chi squared 4.762 of 100; Bergsma's correction gives 0.1947.
    link = measure_association(
        series("a" * 70 + "b" * 30), series("x" * 40 + "y" * 30 + "x" * 10 + "y" * 20)
    )

    assert link.cramers_v == pytest.approx(0.1947, abs=1e-4)
    assert (link.majority, link.best_guess) == (0.7, 0.7)


def test_a_site_that_tells_the_label_is_serious_and_says_how_much() -> None:
    rows = [
        {"label": "COVID-19" if n % 2 else "normal", "site": "north" if n % 2 else "south"}
        for n in range(400)
    ]
    rows[0]["site"] = "north"

    found = find(check_confounding(make_images(rows)), "confounding")

    assert found.severity == "serious"
    assert found.title.startswith("The site alone tells the label of 100% of the images")
    assert found.count == 400
    assert found.table == (
        {"site": "north", "COVID-19": 200, "normal": 1},
        {"site": "south", "COVID-19": 0, "normal": 199},
    )


def test_not_to_know_the_site_may_tell_the_label_too() -> None:
    rows = [{"label": "ab"[n % 2], "site": "north" if n % 2 else None} for n in range(200)]

    found = find(check_confounding(make_images(rows)), "confounding")

    assert {row["site"] for row in found.table} == {"north", "unknown"}


def test_numbers_tell_by_their_range_and_a_class_is_named() -> None:
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = [
        {
            "label": "ill" if n % 5 == 0 else "well",
            "brightness": rng.normal(150 - 40 * (n % 5 > 0), 8),
        }
        for n in range(1000)
    ]

    rows.append({"label": "ill", "brightness": None})  # could not be read

    found = find(check_confounding(make_images(rows)), "confounding")

    assert "brightness" in found.title
    assert found.why.startswith("ill is ")
    assert len(found.table) == 6


@pytest.mark.parametrize("n", [40, 400])
def test_chance_is_not_reported(n: int) -> None:
    rng = np.random.default_rng(1)
    rows = [
        {
            "label": str(rng.integers(2)),
            "site": f"site {rng.integers(60)}",
            "gender": rng.choice(["F", "M"]),
            "age": float(rng.integers(20, 80)),
        }
        for _ in range(n)
    ]

    (found,) = check_confounding(make_images(rows))

    assert found.severity == "passed"
    assert "gender" in found.title


def test_one_class_or_no_label_is_not_evaluated() -> None:
    assert check_confounding(make_images([{"label": "a", "site": "x"}, {"site": "y"}])) == []
