"""Conformal sets are MAPIE's, hold the true class as often as promised, and count patients once."""

import numpy as np
import pandas as pd
import pytest

from xray_core.evaluation.conformal import (
    COVERAGE,
    Conformal,
    count_needed,
    find_conformal,
    measure_coverage,
)
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE

CLASSES = ("clear", "mass", "nodule")


def draw_predictions(n: int, seed: int, images_each: int = 1, subset: str = "validation"):
    """Return predictions of a network that is too sure of itself, of n patients."""
    rng = np.random.default_rng(seed)
    actual = rng.integers(0, len(CLASSES), n)
    scores = rng.normal(0, 1.5, (n, len(CLASSES)))
    scores[np.arange(n), actual] += 1.5
    values = np.exp(2 * scores) / np.exp(2 * scores).sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(n), images_each)
    table = pd.DataFrame({PROBABILITY + name: values[rows, k] for k, name in enumerate(CLASSES)})
    names = np.array(CLASSES, dtype=object)
    return table.assign(
        image_id=[f"{subset}{place:05d}" for place in range(len(rows))],
        group=[f"{subset}{row}" for row in rows],
        subset=subset,
        actual=names[actual[rows]],
        predicted=names[values[rows].argmax(axis=1)],
    )


def values_of(table: pd.DataFrame) -> np.ndarray:
    return table[[PROBABILITY + name for name in CLASSES]].to_numpy("float64")


@pytest.mark.parametrize("n", [10, 57, 300])
def test_the_sets_are_those_of_mapie(n: int) -> None:
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        """A classifier whose images are their probabilities."""

        classes_ = np.arange(len(CLASSES))

        def fit(self, *_: object) -> "Given":
            return self

        def predict_proba(self, values: np.ndarray) -> np.ndarray:
            return values

        def predict(self, values: np.ndarray) -> np.ndarray:
            return values.argmax(axis=1)

        def __sklearn_is_fitted__(self) -> bool:
            return True

    known, new = draw_predictions(n, 0), draw_predictions(200, 1)
    theirs = SplitConformalClassifier(
        Given(), confidence_level=COVERAGE, conformity_score="lac", prefit=True
    )
    theirs.conformalize(values_of(known), known["actual"].map(CLASSES.index).to_numpy())
    inside = theirs.predict_set(values_of(new))[1][:, :, 0]

    conformal = find_conformal(known)

    assert isinstance(conformal, Conformal)
    for names, row, values in zip(
        conformal.list_sets(values_of(new)), inside, values_of(new), strict=True
    ):
        assert set(names) == {CLASSES[place] for place in np.flatnonzero(row)}
        assert names == sorted(names, key=lambda name: -values[CLASSES.index(name)])


def test_new_patients_are_covered_as_often_as_promised() -> None:
    shares = []
    for seed in range(40):
        conformal = find_conformal(draw_predictions(200, 2 * seed))
        test = draw_predictions(300, 2 * seed + 1, subset="test")
        assert isinstance(conformal, Conformal)
        coverage = measure_coverage(conformal, test, "test")
        shares.append(coverage.covered["value"])
        assert coverage.covered["low"] <= shares[-1] <= coverage.covered["high"]
        assert coverage.covered["n"] == 300
        assert sum(coverage.sizes) == pytest.approx(1)

    # At least 90 %, and by no more than 1 in 201 above it, on average over validation sets.
    assert np.mean(shares) == pytest.approx(COVERAGE, abs=0.012)


def test_of_each_patient_one_image_counts_whatever_the_order_of_the_table() -> None:
    table = draw_predictions(50, 3, images_each=4)
    once = find_conformal(table)
    again = find_conformal(table.sample(frac=1, random_state=0))

    assert isinstance(once, Conformal)
    assert once == again
    assert once.n_patients == 50
    assert once == find_conformal(draw_predictions(50, 3))  # their images are alike here


def test_where_there_are_no_sets_the_reason_is_said() -> None:
    few = draw_predictions(count_needed() - 1, 0)
    findings = few.assign(**{STATE + name: 1.0 for name in CLASSES})
    nothing = draw_predictions(50, 0, subset="test")

    assert find_conformal(few) == (
        "Conformal sets take 9 patients of the validation set at least; there are 8."
    )
    assert "several findings" in str(find_conformal(findings))
    assert "there are 0" in str(find_conformal(nothing))
    assert isinstance(find_conformal(nothing, watched=True), Conformal)


def test_a_set_may_hold_no_class_or_all() -> None:
    conformal = Conformal(CLASSES, 0.4, 100, "validation")

    sets = conformal.list_sets(np.array([[0.3, 0.39, 0.31], [0.4, 0.4, 0.2], [0.1, 0.9, 0.0]]))

    assert sets == [[], ["clear", "mass"], ["mass"]]
