"""The report on a multi-label task: thresholds, every finding, and which errors come together."""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.finding_rounds import (
    MEANS,
    count_patients,
    find_measured,
    measure_findings,
)
from xray_core.evaluation.findings import (
    DEFAULT_THRESHOLD,
    UNKNOWN_STATE,
    choose_threshold,
    finding_counts,
)
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.evaluation.measured import FEW_PATIENTS, Figure
from xray_core.evaluation.metrics import roc_curve
from xray_core.evaluation.single_values import score_class
from xray_core.runs import Run
from xray_core.runs.findings_shapes import Thresholds
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE, label_in_words

# Of a finding: each with value, low and high.
ROW_FIGURES = (
    "auc",
    "average_precision",
    "recall",
    "mcc",
    "brier",
    "log_loss",
    "calibration_error",
)
RULE = "youden"
CHOSEN_ON = "validation"


def is_multilabel(predictions: pd.DataFrame) -> bool:
    """Whether a table of predictions is that of a multi-label task."""
    return any(str(name).startswith(STATE) for name in predictions.columns)


def classes_of(predictions: pd.DataFrame) -> list[str]:
    """Return the classes of a table of predictions, in the order of the model's output."""
    names = map(str, predictions.columns)
    return [name.removeprefix(PROBABILITY) for name in names if name.startswith(PROBABILITY)]


def states_of(table: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the states that a table holds, int (n, n_classes); see `findings`."""
    states = table[[STATE + name for name in classes]]
    return states.fillna(UNKNOWN_STATE).to_numpy("int64")


def choose_thresholds(predictions: pd.DataFrame) -> Thresholds:
    """Choose for each finding from which probability on it is called, on the validation set.

    Args:
        predictions: as `findings_table` returns them; what is called in them does not count.

    Returns:
        As thresholds.json holds it; `fallback` are the findings that this set does not show, or
        shows on every image: they are called from 0.5 on.
    """
    classes = classes_of(predictions)
    # Where the test set is watched as validation set there is no other.
    chosen_on = CHOSEN_ON if (predictions["subset"] == CHOSEN_ON).any() else "test"
    rows = predictions[predictions["subset"] == chosen_on].dropna(
        subset=[PROBABILITY + name for name in classes]
    )
    states, chosen = states_of(rows, classes), {}
    for k, name in enumerate(classes):
        chosen[name] = choose_threshold(states[:, k], rows[PROBABILITY + name].to_numpy("float64"))
    return {
        "rule": RULE,
        "chosen_on": chosen_on,
        "thresholds": {
            name: DEFAULT_THRESHOLD if value is None else value for name, value in chosen.items()
        },
        "fallback": [name for name, value in chosen.items() if value is None],
    }


def read_thresholds(run: Run) -> Thresholds | None:
    """Return the thresholds of a run, or None where it has not been evaluated yet.

    Raises:
        RunError: its file is damaged.
    """
    if not run.holds("thresholds.json"):
        return None
    return run.read_record("thresholds.json", Thresholds)


def call_findings(
    probabilities: NDArray[np.float64], classes: Sequence[str], thresholds: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Return which findings are called: shape (n, n_classes)."""
    limits = [thresholds.get(name, DEFAULT_THRESHOLD) for name in classes]
    called: NDArray[np.bool_] = probabilities >= np.array(limits)
    return called


def findings_table(
    split: pd.DataFrame,
    classes: Sequence[str],
    probabilities: Mapping[str, NDArray[np.float64]],
    thresholds: Mapping[str, float],
) -> pd.DataFrame:
    """Put probabilities and calls beside the split's rows.

    Args:
        split: rows of the split table to report on.
        classes: in the order of the model's output.
        probabilities: image_id -> shape (n_classes,); images that could not be decoded are missing.
        thresholds: class -> the probability from which on it is called; those not named: 0.5.

    Returns:
        One row per row of `split`: image_id, group, subset, actual and predicted, the labels in
        words, and of each class y_<class> (Int8) and p_<class>; <NA> and NaN where there is no
        prediction.
    """
    nothing = np.full(len(classes), np.nan)
    values = np.array([probabilities.get(name, nothing) for name in split["image_id"]])
    values = values.reshape(len(split), len(classes)).astype("float64")
    words = label_in_words(call_findings(values, classes, thresholds), classes)
    table = split[["image_id", "group", "subset"]].astype("string").reset_index(drop=True)
    table["actual"] = split["class"].astype("string").to_numpy()
    has_values = ~np.isnan(values).any(axis=1)
    table["predicted"] = pd.Series(words, dtype="string").where(pd.Series(has_values))
    states = split[[STATE + name for name in classes]].reset_index(drop=True).astype("Int8")
    columns = pd.DataFrame(values, columns=[PROBABILITY + name for name in classes])
    return pd.concat([table, states, columns], axis=1)


def read_called(table: pd.DataFrame, thresholds: Thresholds | None) -> NDArray[np.bool_]:
    """Return which findings of a table of predictions are called, shape (n, n_classes).

    By the probabilities and the thresholds alone: labels in words are for people.

    Args:
        table: as `findings_table` returns it.
        thresholds: None: 0.5 for all.
    """
    classes = classes_of(table)
    values = table[[PROBABILITY + name for name in classes]].to_numpy("float64")
    return call_findings(values, classes, thresholds["thresholds"] if thresholds else {})


class EvaluatedFindings:
    """The images of the final subset that have a prediction, as arrays."""

    def __init__(
        self, predictions: pd.DataFrame, called: NDArray[np.bool_], subset: str = ""
    ) -> None:
        self.classes = classes_of(predictions)
        final = "test" if (predictions["subset"] == "test").any() else "validation"
        self.subset = subset or final
        rows = predictions[predictions["subset"] == self.subset]
        columns = [PROBABILITY + name for name in self.classes]
        has_values = rows[columns].notna().all(axis=1)
        self.left_out = rows.loc[~has_values, "image_id"].tolist()
        kept = rows[has_values]
        if kept.empty:
            raise RunError(
                f"None of the {len(rows)} images of the {self.subset} set has a prediction."
            )
        self.states = states_of(kept, self.classes)
        self.probabilities = kept[columns].to_numpy("float64")
        evaluated = (predictions["subset"] == self.subset).to_numpy()
        self.called = called[evaluated][has_values.to_numpy()]
        self.patients = pd.factorize(kept["group"])[0].astype("int64")


def report_findings(
    predictions: pd.DataFrame,
    thresholds: Thresholds | None = None,
    n_rounds: int = N_ROUNDS,
    *,
    called: NDArray[np.bool_] | None = None,
    with_curves: bool = True,
    subset: str = "",
) -> dict[str, Any]:
    """Evaluate final predictions on the test set, or on validation where there is no test set.

    Args:
        predictions: as `findings_table` returns them.
        thresholds: by which findings are called; None: at 0.5, or as `called` says.
        n_rounds: bootstrap resamplings of patients; seeded, so repeatable.
        called: where there are several thresholds, as over folds: which findings are called, shape
            (n, n_classes), row by row as `predictions`.
        with_curves: whether ROC curves are computed as well, and the figures of each finding by
            scikit-learn, which is imported.
        subset: to evaluate instead.

    Returns:
        Plain data for JSON; see `runs.shapes.FindingsReport`. Null is what cannot be computed.

    Raises:
        RunError: no image of that subset has a prediction.
    """
    here = EvaluatedFindings(
        predictions, read_called(predictions, thresholds) if called is None else called, subset
    )
    figures = measure_findings(
        here.states,
        here.probabilities,
        here.called,
        here.patients,
        np.random.default_rng(0),
        n_rounds,
    )
    if with_curves:
        _set_values(figures, here)
    shows_both = find_measured(here.states)
    report: dict[str, Any] = {
        "multilabel": True,
        "subset": here.subset,
        "n": len(here.states),
        "n_patients": int(here.patients.max()) + 1,
        "left_out": here.left_out,
        "classes": here.classes,
        "metrics": {name: figures[f"mean_{name}"][0] for name in MEANS},
        "in_means": list(compress(here.classes, shows_both)),
        "not_in_means": list(compress(here.classes, ~shows_both)),
        "per_class": _rows(here, figures, thresholds),
        "thresholds": thresholds,
        "chosen_here": thresholds is not None and thresholds["chosen_on"] == here.subset,
        "errors_together": count_errors_together(here.states, here.called),
    }
    if with_curves:
        report["roc"] = _curves(here, figures)
    return report


def _set_values(figures: Mapping[str, list[Figure]], here: EvaluatedFindings) -> None:
    for k in range(len(here.classes)):
        known = here.states[:, k] != UNKNOWN_STATE
        scores = score_class(
            here.states[known, k] == 1, here.probabilities[known, k], here.called[known, k]
        )
        for name, value in scores.items():
            # Where no image shows a finding nothing can be recalled, however it is called.
            if figures[name][k]["value"] is not None:
                figures[name][k]["value"] = value


def _rows(
    here: EvaluatedFindings, figures: Mapping[str, list[Figure]], thresholds: Thresholds | None
) -> list[dict[str, Any]]:
    counts = finding_counts(here.states, here.called)
    n_patients = count_patients(here.states == 1, here.patients)
    n_without = count_patients(here.states == 0, here.patients)
    unknown = (here.states == UNKNOWN_STATE).sum(axis=0)
    limits = thresholds["thresholds"] if thresholds else {}
    return [
        {
            "class": name,
            "n": int(counts[k, 2:].sum()),
            "n_absent": int(counts[k, :2].sum()),
            "n_unknown": int(unknown[k]),
            "n_patients": n_patients[k],
            "n_patients_absent": n_without[k],
            "too_few": min(n_patients[k], n_without[k]) < FEW_PATIENTS,
            "threshold": limits.get(name),
            "counts": counts[k].tolist(),
            **{kind: figures[kind][k] for kind in ROW_FIGURES},
            **{
                kind + ending: figures[kind][k][key]
                for kind in ("precision", "specificity", "npv", "f1")
                for ending, key in (("", "value"), ("_low", "low"), ("_high", "high"))
            },
        }
        for k, name in enumerate(here.classes)
    ]


def _curves(here: EvaluatedFindings, figures: Mapping[str, list[Figure]]) -> dict[str, Any]:
    curves = {}
    for k, name in enumerate(here.classes):
        known = here.states[:, k] != UNKNOWN_STATE
        is_present = here.states[known, k] == 1
        if 0 < is_present.sum() < len(is_present):
            rates = roc_curve(is_present, here.probabilities[known, k])
            curves[name] = {**rates, "area": figures["auc"][k]}
    return curves


def describe_thresholds(report: Mapping[str, Any]) -> str:
    """Return on which images the thresholds of a report were chosen; "" where it has none."""
    if not (thresholds := report.get("thresholds")):
        return ""
    chosen_on = thresholds["chosen_on"]
    words = (
        f"Thresholds: for each finding the probability, chosen on the {chosen_on} set of the run, "
        "at which recall and specificity together are highest (Youden's index)."
    )
    if report.get("chosen_here"):
        words += (
            " These are the images that are evaluated here, so that recall, specificity, precision "
            "and F1 are too good; the AUC needs no threshold."
        )
    if names := thresholds.get("fallback"):
        words += (
            f" 0.5 for {', '.join(names)}, of which that set has not both images with it and "
            "without."
        )
    for name, how in thresholds.get("by_hand", {}).items():
        words += f" {name} has a threshold that a person kept: {how}"
    return words


def count_errors_together(
    states: NDArray[np.int64], called: NDArray[np.bool_]
) -> dict[str, list[list[int]]]:
    """Count the images on which two findings are wrong at once.

    Args:
        states: shape (n, n_classes), see `findings`.
        called: likewise.

    Returns:
        "missed" and "alarmed": n_classes rows of as many counts; on the diagonal all images on
        which a finding is missed, or called though it is absent.
    """
    missed = ((states == 1) & ~called).astype("int64")
    alarmed = ((states == 0) & called).astype("int64")
    return {"missed": (missed.T @ missed).tolist(), "alarmed": (alarmed.T @ alarmed).tolist()}
