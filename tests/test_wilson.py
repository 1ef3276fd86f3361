"""Wilson's interval: scipy's for every count, the books', and the only one in the tree."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

import xray_core
from xray_core.wilson import wilson_interval

LIBRARY = Path(xray_core.__file__).parent


def test_it_is_scipys_for_every_count() -> None:
    pairs = [(k, n) for n in [*range(1, 26), 624, 22_400] for k in {*range(min(n, 26)), n - 1, n}]

    low, high = wilson_interval(*np.array(pairs).T)

    for one, (k, n) in enumerate(pairs):
        expected = binomtest(k, n).proportion_ci(confidence_level=0.95, method="wilson")
        assert (low[one], high[one]) == pytest.approx(tuple(expected), abs=1e-12), (k, n)


def test_it_is_that_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    low, high = wilson_interval([81, 15, 0, 1], [263, 148, 20, 29])

    assert low.round(4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]
    assert high.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


def test_its_ends_are_exact_and_of_nothing_nothing_is_known() -> None:
    low, high = wilson_interval([0, 5, 0], [5, 5, 0])

    assert (low[0], high[1]) == (0, 1)
    assert (low[2], high[2]) == (0, 1)


def test_it_grows_with_the_share_also_between_two_counts() -> None:
    low, high = wilson_interval(np.linspace(0, 7, 50), 7)

    assert (np.diff(low) > 0).all()
    assert (np.diff(high) > 0).all()
    assert (low <= np.linspace(0, 1, 50)).all()
    assert (high >= np.linspace(0, 1, 50)).all()


def test_there_is_no_other_one_in_the_tree() -> None:
    found = [
        (path.relative_to(LIBRARY).as_posix(), node.name)
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and "wilson" in node.name
    ]

    assert found == [("wilson.py", "wilson_interval")]
