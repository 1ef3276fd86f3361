"""Every figure of a multi-label task with its interval: for each finding, and means over them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from xray_core.evaluation.class_rounds import GAPS, ClassRounds
from xray_core.evaluation.findings import OUTCOMES, UNKNOWN_STATE
from xray_core.evaluation.intervals import (
    CORRELATION,
    COST,
    COSTS,
    N_ROUNDS,
    count_for_costs,
    tally_images,
)
from xray_core.evaluation.measured import Figure, find_figures
from xray_core.evaluation.metrics import correlation_per_class, divide

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Figure of all findings together -> the figure per finding that it is the mean of.
MEANS = {
    "auc": "auc",
    "average_precision": "average_precision",
    "balanced_accuracy": "balanced_accuracy",
    "f1_macro": "f1",
    **{name: name for name in ("mcc", "brier", "log_loss", "calibration_error")},
}
TITLES = {
    "auc": "mean AUC",
    "average_precision": "mean average precision",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
    "mcc": "mean Matthews correlation",
    "brier": "mean Brier score",
    "log_loss": "mean log loss",
    "calibration_error": "mean calibration error",
}
SCALES = {"mcc": CORRELATION, "log_loss": COST}
SCALES |= {f"mean_{name}": scale for name, scale in SCALES.items()}


def measure_findings(
    states: Ints,
    probabilities: Floats,
    called: Bools,
    patients: Ints,
    rng: np.random.Generator,
    n_rounds: int = N_ROUNDS,
) -> dict[str, list[Figure]]:
    """Return each figure with its 95% interval.

    Args:
        states: shape (n, n_classes), see `findings`.
        probabilities: likewise.
        called: likewise.
        patients: int, shape (n,), 0..n_patients-1: whose image it is.
        rng: where the resampling draws from.
        n_rounds: resamplings of patients.

    Returns:
        Those of `class_rounds.FIGURES` and of `figures_of_counts`: one a
        finding; `mean_` and each of `MEANS`: one figure, the mean over `find_measured`.
    """
    measure = draw_finding_rounds(states, probabilities, called, patients)
    behind = patients_behind(states, called, patients)
    return find_figures(measure, patients, behind, SCALES, rng, n_rounds)


def draw_finding_rounds(
    states: Ints, probabilities: Floats, called: Bools, patients: Ints
) -> Callable[[Floats], dict[str, Floats]]:
    """Return what measures many rounds at once, for `bootstrap_intervals`.

    Args:
        states: as for `measure_findings`.
        probabilities: likewise.
        called: likewise.
        patients: likewise.

    Returns:
        How often each patient was drawn, float, shape (n_patients, r) -> the name of each figure
        that `measure_findings` returns -> its values, shape (r,), or (r, n_classes).
    """
    n_classes, n_patients = states.shape[1], int(patients.max()) + 1
    outcomes = tally_outcomes(states, called, patients)
    known, measured = states != UNKNOWN_STATE, find_measured(states)
    rounds = [
        ClassRounds(
            states[known[:, k], k] == 1,
            probabilities[known[:, k], k],
            patients[known[:, k]],
            n_patients,
        )
        for k in range(n_classes)
    ]

    def measure(draws: Floats) -> dict[str, Floats]:
        counts = (outcomes @ draws).T.reshape(-1, n_classes, len(OUTCOMES))
        findings = [of_rounds.measure(draws) for of_rounds in rounds]
        figures = {
            **{name: np.stack([row[name] for row in findings], axis=1) for name in findings[0]},
            **figures_of_counts(counts),
        }
        gaps = np.nan_to_num(figures["calibration_error" + GAPS][:, measured])
        return {
            **figures,
            **{
                f"mean_{name}": mean_of_known(
                    np.where(np.isnan(figures["auc"]), np.nan, figures[own])
                )
                for name, own in MEANS.items()
            },
            "mean_calibration_error" + GAPS: gaps.reshape(len(gaps), -1) / max(measured.sum(), 1),
        }

    return measure


def find_measured(states: Ints) -> Bools:
    """Return which findings are in the means: those that some images show and others do not."""
    both: Bools = (states == 1).any(axis=0) & (states == 0).any(axis=0)
    return both


def tally_outcomes(states: Ints, called: Bools, patients: Ints) -> NDArray[np.float64]:
    """Return a sparse matrix, (4 * n_classes, n_patients), of the outcomes of each one's calls.

    Its rows are those of `OUTCOMES`, finding by finding; what is unknown counts in none.
    """
    row, k = np.nonzero(states != UNKNOWN_STATE)
    kinds = len(OUTCOMES) * k + 2 * states[row, k] + called[row, k]
    n_kinds = len(OUTCOMES) * states.shape[1]
    tally: NDArray[np.float64] = tally_images(
        kinds, patients[row], n_kinds, int(patients.max()) + 1
    )
    return tally


def figures_of_counts(counts: Floats) -> dict[str, Floats]:
    """Return what follows from outcomes, shape (..., n_classes, 4), for each finding."""
    right_no, wrong_yes, wrong_no, right_yes = np.moveaxis(counts, -1, 0)
    recall = divide(right_yes, right_yes + wrong_no)
    specificity = divide(right_no, right_no + wrong_yes)
    return {
        "balanced_accuracy": (recall + specificity) / 2,
        "recall": recall,
        "specificity": specificity,
        "precision": divide(right_yes, right_yes + wrong_yes),
        "npv": divide(right_no, right_no + wrong_no),
        "mcc": correlation_per_class(counts.reshape(*counts.shape[:-1], 2, 2))[..., 1],
        # Where no image shows a finding nothing can be recalled, however it is called.
        "f1": np.where(
            right_yes + wrong_no > 0,
            divide(2 * right_yes, 2 * right_yes + wrong_yes + wrong_no),
            np.nan,
        ),
    }


def mean_of_known(values: Floats) -> Floats:
    """Return the mean over the findings that have the figure; NaN where none has."""
    there = ~np.isnan(values)
    return divide(values.sum(axis=-1, where=there), there.sum(axis=-1))


def count_patients(images: Bools, patients: Ints) -> list[int]:
    """Return of how many patients there is an image in each column of `images`, (n, n_classes)."""
    return [len(np.unique(patients[column])) for column in images.T]


def patients_behind(states: Ints, called: Bools, patients: Ints) -> dict[str, list[list[int]]]:
    """Return for each figure the patients whose images it counts; of a mean, of each finding."""
    own = count_patients(states == 1, patients)
    others = count_patients(states == 0, patients)
    known = states != UNKNOWN_STATE
    rarer = [min(pair) for pair in zip(own, others, strict=True)]
    per_finding = {
        "auc": rarer,
        "average_precision": rarer,
        "mcc": rarer,
        **dict.fromkeys(COSTS, count_for_costs(rarer, int(patients.max()) + 1)),
        "balanced_accuracy": rarer,
        "recall": own,
        "specificity": others,
        "precision": count_patients(known & called, patients),
        "npv": count_patients(known & ~called, patients),
        "f1": count_patients(known & (called | (states == 1)), patients),
    }
    # A finding without a patient has no figure; one without both kinds is in no mean.
    return {name: [[max(1, n)] for n in counts] for name, counts in per_finding.items()} | {
        f"mean_{name}": [
            [n for n, least in zip(per_finding[own_name], rarer, strict=True) if least] or [1]
        ]
        for name, own_name in MEANS.items()
    }
