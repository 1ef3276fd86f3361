"""Every training check of the table: silent on a sound training, and heard on its own example."""

import pandas as pd
import pytest

from tests.evaluation.test_diagnose import ONLY_TYPICAL, THESIS, TWO, flat, healthy, make_epochs
from xray_core.evaluation.diagnose import CHECKS, LOOKED_FOR
from xray_core.evaluation.training_checks.answers import check_answers
from xray_core.evaluation.training_checks.history import read_history
from xray_core.evaluation.training_checks.learning import check_learning
from xray_core.evaluation.training_checks.validation import (
    check_overfitting,
    check_size,
    check_swings,
    check_too_good,
)
from xray_core.recipes import Recipe

N = 8  # epochs
FALLING = [0.6 - 0.05 * k for k in range(N)]
SWINGING = [0.8, 0.5] * (N // 2)
# What to look for -> a training that has it, and its recipe. A new check brings its own.
EXAMPLES: dict[object, tuple[pd.DataFrame, Recipe]] = {
    check_learning: (make_epochs([9.0] * N, [9.0] * N, [0.5] * N, [0.5] * N), TWO),
    check_answers: (flat(ONLY_TYPICAL, loss=0.5), THESIS),
    check_overfitting: (
        make_epochs(FALLING, [0.5 + 0.1 * k for k in range(N)], [0.8] * N, [0.8] * N),
        TWO,
    ),
    check_swings: (make_epochs(FALLING, FALLING, [0.8] * N, SWINGING), TWO),
    check_too_good: (make_epochs([0.5] * N, [0.1] * N, [0.6] * N, [0.99] * N), TWO),
    check_size: (healthy(N, n=20), TWO),
}


@pytest.mark.parametrize("looks_for", CHECKS)
def test_a_sound_training_is_left_in_peace(looks_for: str) -> None:
    history = read_history(healthy(40), TWO)

    assert CHECKS[looks_for](history) == []


@pytest.mark.parametrize("looks_for", CHECKS)
def test_every_check_finds_its_example(looks_for: str) -> None:
    epochs, recipe = EXAMPLES[CHECKS[looks_for]]
    history = read_history(epochs, recipe, ended=True)

    results = CHECKS[looks_for](history)

    assert results
    assert all(one.title and one.evidence and one.advice for one in results)
    assert all(one.severity in ("serious", "warning") for one in results)


def test_what_was_looked_for_is_said_once_each() -> None:
    assert len(set(LOOKED_FOR)) == len(LOOKED_FOR)
    assert set(CHECKS) < set(LOOKED_FOR)
