"""Every training check of the table: silent on a sound training, and heard on its own example."""

import pandas as pd
import pytest

from tests.evaluation.test_diagnose import ONLY_TYPICAL, THESIS, TWO, flat, healthy, make_epochs
from xray_core.evaluation.diagnose import CHECKS, LOOKED_FOR
from xray_core.evaluation.training_checks.answers import check_answers
from xray_core.evaluation.training_checks.calls import check_calls
from xray_core.evaluation.training_checks.learning import check_learning
from xray_core.evaluation.training_checks.reading import read_history
from xray_core.evaluation.training_checks.validation import (
    check_overfitting,
    check_size,
    check_swings,
    check_too_good,
)
from xray_core.recipes import PUBLISHED, Recipe, change_recipe

N = 8  # epochs
FALLING = [0.6 - 0.05 * k for k in range(N)]
SWINGING = [0.8, 0.5] * (N // 2)
COUNTS = [[400, 0, 100, 0], [450, 0, 50, 0]]  # TN, FP, FN, TP: nothing is called
SEVERAL = change_recipe(PUBLISHED["quick_cnn"], {"task": "nih_findings"})


def with_findings(
    epochs: pd.DataFrame, counts: list[list[int]], areas: list[float], spread: float = 0.2
) -> pd.DataFrame:
    """Return epochs as a multi-label task writes them."""
    n = len(epochs)
    return epochs.drop(columns="confusion").assign(
        finding_counts=[counts] * n,
        finding_auc=[areas] * n,
        finding_spread=[[spread] * len(areas)] * n,
        n_validation=500,
    )


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
    check_calls: (with_findings(healthy(N), COUNTS, areas=[0.5, 0.52]), SEVERAL),
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


@pytest.mark.parametrize(
    ("counts", "areas", "spread", "kind", "severity"),
    [
        (COUNTS, [0.5, 0.52], 0.2, "answers_none", "serious"),
        (COUNTS, [0.8, 0.82], 0.2, "answers_none", "warning"),  # it ranks: thresholds may do
        (COUNTS, [0.5, 0.5], 1e-4, "answers_alike", "serious"),
        ([[0, 400, 0, 100], [0, 450, 0, 50]], [0.5, 0.5], 1e-4, "answers_alike", "serious"),
        ([[390, 10, 40, 60], [440, 10, 20, 30]], [0.8, 0.8], 0.2, "", ""),
    ],
)
def test_a_network_that_calls_nothing_is_named(
    counts: list[list[int]], areas: list[float], spread: float, kind: str, severity: str
) -> None:
    epochs = with_findings(healthy(N), counts, areas, spread)

    results = check_calls(read_history(epochs, SEVERAL, ended=True))

    assert [(result.kind, result.severity) for result in results] == [(kind, severity)] * bool(kind)


@pytest.mark.parametrize("looks_for", CHECKS)
def test_a_sound_training_of_several_findings_is_left_in_peace(looks_for: str) -> None:
    good = [[390, 10, 40, 60], [440, 10, 20, 30]]
    figures = healthy(40)
    for name in ("loss", "val_loss"):
        figures[name] *= 0.4
    epochs = with_findings(figures, good, [0.8, 0.85])
    report = {
        "subset": "test",
        "per_class": [{"class": "mass", "n": 20, "recall": {"value": 0.5}}],
    }

    for told in (None, report):
        assert CHECKS[looks_for](read_history(epochs, SEVERAL, None, told, ended=True)) == []


def test_a_finding_that_the_thresholds_never_call_is_named() -> None:
    epochs = with_findings(healthy(N), COUNTS, [0.8, 0.8])
    rows = [
        {"class": name, "n": n, "recall": {"value": recall}}
        for name, n, recall in (("mass", 20, 0.0), ("nodule", 3, 0.0), ("edema", 40, 0.4))
    ]

    history = read_history(epochs, SEVERAL, None, {"subset": "test", "per_class": rows}, ended=True)

    [result] = check_calls(history)
    assert (result.kind, "mass: none of 20" in result.evidence) == ("never_called", True)


def test_too_few_images_of_a_finding_are_named() -> None:
    epochs = with_findings(healthy(N), [[490, 0, 5, 5], [493, 3, 2, 2]], [0.8, 0.8])

    [result] = check_size(read_history(epochs, SEVERAL, ended=True))

    assert "cardiomegaly 4" in result.evidence
    assert "atelectasis" not in result.evidence


def test_what_was_looked_for_is_said_once_each() -> None:
    assert len(set(LOOKED_FOR)) == len(LOOKED_FOR)
    assert set(CHECKS) < set(LOOKED_FOR)
