"""The final report of a run, computed from its predictions alone."""

from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.evaluation.columns_baseline import report_columns
from xray_core.evaluation.error_analysis import analyse_errors
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.evaluation.masks import report_masks
from xray_core.evaluation.measured import FEW_PATIENTS, OF_CLASS, Figure, measure_predictions
from xray_core.evaluation.metrics import (
    METRICS,
    OF_POSITIVE,
    confusion_counts,
    evaluated_classes,
    predict_classes,
    roc_curve,
)
from xray_core.evaluation.multilabel import (
    choose_thresholds,
    is_multilabel,
    read_thresholds,
    report_findings,
)
from xray_core.evaluation.phases import report_phases
from xray_core.evaluation.single_values import score_predictions
from xray_core.runs import Run
from xray_core.runs.evaluated import KEY, sign_images
from xray_core.runs.starting_weights import read_record

Report = dict[str, Any]
PREFIX = "p_"  # columns of probabilities: "p_<class>"


def prediction_table(
    split: pd.DataFrame, classes: list[str], probabilities: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Put probabilities beside the split's rows.

    Args:
        split: rows of the split table to report on.
        classes: in the order of the model's output.
        probabilities: image_id -> shape (n_classes,), float; images that could not be
            decoded are missing.

    Returns:
        One row per row of `split`: image_id, group, subset, actual, predicted, and one
        probability per class; <NA> and NaN where there is no prediction.
    """
    nothing = np.full(len(classes), np.nan)
    values = np.array([probabilities.get(name, nothing) for name in split["image_id"]])
    values = values.reshape(len(split), len(classes)).astype("float64")
    has_one = ~np.isnan(values).any(axis=1)
    best = np.array(classes, dtype=object)[predict_classes(np.nan_to_num(values, nan=0.0))]
    table = split[["image_id", "group", "subset"]].astype("string").reset_index(drop=True)
    table["actual"] = split["class"].astype("string").to_numpy()
    best[~has_one] = None
    table["predicted"] = pd.Series(best, dtype="string")
    for column, name in enumerate(classes):
        table[PREFIX + name] = values[:, column]
    return table


def build_report(
    predictions: pd.DataFrame, majority_class: str, n_rounds: int = N_ROUNDS, subset: str = ""
) -> Report:
    """Evaluate final predictions on the test set, or on validation where there is no test set.

    Args:
        predictions: as `prediction_table` returns.
        majority_class: see `summarise_predictions`.
        n_rounds: likewise.
        subset: to evaluate instead.

    Returns:
        What `summarise_predictions` returns, and "roc": class -> rates, and area with value, low,
        high; without those of which all images are, or none is.

    Raises:
        RunError: no image of that subset has a prediction.
    """
    evaluated = _Evaluated(predictions, subset)
    figures = evaluated.measure(n_rounds)
    for name, values in score_predictions(evaluated.actual, evaluated.probabilities).items():
        for figure, value in zip(figures[name], values, strict=True):
            figure["value"] = None if np.isnan(value) else value
    is_class = {k: evaluated.actual == k for k in evaluated_classes(len(evaluated.classes))}
    return {
        **_summary(evaluated, figures, majority_class),
        "roc": {
            evaluated.classes[k]: {
                **roc_curve(is_class[k], evaluated.probabilities[:, k]),
                "area": area,
            }
            for k, area in zip(is_class, figures["area"], strict=True)
            if 0 < is_class[k].sum() < len(is_class[k])
        },
    }


def summarise_predictions(
    predictions: pd.DataFrame, majority_class: str, n_rounds: int = N_ROUNDS, subset: str = ""
) -> Report:
    """Return a report without curves, which a page may ask for: nothing heavy is imported.

    Args:
        predictions: as `prediction_table` returns.
        majority_class: the most frequent class of the training set; the baseline that
            always answers it stands beside the accuracy.
        n_rounds: bootstrap resamplings for the intervals; seeded, so repeatable.
        subset: to evaluate instead.

    Returns:
        Plain data for JSON: subset, n, n_patients, left_out (names of images without a
        prediction), classes, metrics (name -> value, low, high), per_class (see `_rows`), confusion
        (rows true, columns predicted), majority (class, accuracy); of two classes also positive
        (the second) and outcomes (tp, fp, fn and tn of it). Null is what cannot be computed.

    Raises:
        RunError: no image of that subset has a prediction.
    """
    evaluated = _Evaluated(predictions, subset)
    return _summary(evaluated, evaluated.measure(n_rounds), majority_class)


def final_subset(predictions: pd.DataFrame) -> str:
    """Return what a report of these predictions is of: "test", or "validation" without one."""
    return "test" if (predictions["subset"] == "test").any() else "validation"


class _Evaluated:
    """The images of the final subset that have a prediction, as arrays."""

    def __init__(self, predictions: pd.DataFrame, subset: str = "") -> None:
        names = [name for name in predictions.columns if name.startswith(PREFIX)]
        self.classes = [name.removeprefix(PREFIX) for name in names]
        self.subset = subset or final_subset(predictions)
        rows = predictions[predictions["subset"] == self.subset]
        self.left_out = rows.loc[rows["predicted"].isna(), "image_id"].tolist()
        kept = rows[rows["predicted"].notna()]
        if kept.empty:
            raise RunError(
                f"None of the {len(rows)} images of the {self.subset} set has a prediction."
            )
        actual = pd.Categorical(kept["actual"], categories=self.classes)
        self.actual = actual.codes.astype("int64")
        self.probabilities = kept[names].to_numpy("float64")
        self.patients = pd.factorize(kept["group"])[0].astype("int64")

    def measure(self, n_rounds: int) -> dict[str, list[Figure]]:
        rng = np.random.default_rng(0)
        return measure_predictions(self.actual, self.probabilities, self.patients, rng, n_rounds)


def _summary(
    evaluated: _Evaluated, figures: dict[str, list[Figure]], majority_class: str
) -> Report:
    actual, classes = evaluated.actual, evaluated.classes
    confusion = confusion_counts(actual, predict_classes(evaluated.probabilities), len(classes))
    n_of_majority = (
        confusion.sum(axis=1)[classes.index(majority_class)] if (majority_class in classes) else 0
    )
    report: Report = {
        "subset": evaluated.subset,
        "n": len(actual),
        "n_patients": int(evaluated.patients.max()) + 1,
        "left_out": evaluated.left_out,
        "classes": classes,
        "metrics": {name: figures[name][0] for name in METRICS},
        "per_class": _rows(evaluated, figures, confusion),
        "confusion": confusion.tolist(),
        "majority": {"class": majority_class, "accuracy": int(n_of_majority) / len(actual)},
    }
    if len(classes) == 2:
        (tn, fp), (fn, tp) = confusion.tolist()
        report["positive"] = classes[1]
        report["outcomes"] = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
        for name, (_, of_class) in OF_POSITIVE.items():
            report["metrics"][name] = figures[of_class][1]
    return report


def _rows(
    evaluated: _Evaluated, figures: dict[str, list[Figure]], confusion: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return one row a class, against the rest.

    Each has class, n, n_patients, too_few (fewer than `FEW_PATIENTS`), recall, auc and those of
    `OF_CLASS` with value, low and high, and precision, specificity, npv and f1 with precision_low,
    precision_high and so on.
    """
    areas = figures["area"] * (2 if len(evaluated.classes) == 2 else 1)  # of both the same
    rows = []
    for k, name in enumerate(evaluated.classes):
        n_patients = len(np.unique(evaluated.patients[evaluated.actual == k]))
        rows.append(
            {
                "class": name,
                "n": int(confusion[k].sum()),
                "n_patients": n_patients,
                "too_few": n_patients < FEW_PATIENTS,
                "recall": figures["recall"][k],
                "auc": areas[k],
                **{own: figures[key][k] for own, key in OF_CLASS.items()},
                **{
                    kind + ending: figures[kind][k][key]
                    for kind in ("precision", "specificity", "npv", "f1")
                    for ending, key in (("", "value"), ("_low", "low"), ("_high", "high"))
                },
            }
        )
    return rows


def find_majority(split: pd.DataFrame) -> str:
    """Return the most frequent class of the training set; without one, of all that is evaluated."""
    training = split.loc[split["subset"] == "training", "class"]
    return str((training if len(training) else split["class"]).mode().iloc[0])


def report_run(run: Run) -> dict[str, Any]:
    """Return the final evaluation of a run, computed anew from its files alone.

    Beside what `build_report` returns there is "error_analysis", see `analyse_errors`; and of a run
    that began with a file, "starting_weights", see `starting_weights.check_past`; "images", see
    `evaluated.sign_images`; "phases", see
    `report_phases`; "watched": whether the test set was the validation set, too; and where there is
    a test set that was not watched, "validation": all of this of the validation set, by which a run
    is told from others before its test set is opened. Of a task that asks for masks it is what
    `report_masks` returns, with "starting_weights", "images", "watched" and "validation".

    Raises:
        RunError: the run has no predictions or split table.
    """
    recipe = run.read_recipe()
    if recipe.asks_masks:
        return _report_masks(run)
    split, predictions = run.read_split(), run.read_predictions()
    training = run.read_training_predictions()
    several = is_multilabel(predictions)
    thresholds = read_thresholds(run) if several else None
    majority = "" if several else find_majority(split)
    shared: dict[str, Any] = {
        "watched": recipe.split.validate_on_test,
        "phases": report_phases(run),
    }
    with suppress(KeyError):  # older runs have none
        if record := read_record(run):
            shared["starting_weights"] = record

    def evaluate_columns(table: pd.DataFrame, subset: str) -> Report:
        if several:
            limits = choose_thresholds(table)
            return report_findings(table, limits, with_curves=False, subset=subset)
        return summarise_predictions(table, majority, subset=subset)

    def report_on(subset: str, rows: pd.DataFrame) -> Report:
        if several:
            report = report_findings(rows, thresholds, subset=subset)
        else:
            report = build_report(rows, majority, subset=subset)
        report |= shared | {KEY: sign_images(rows, subset)}
        report["columns_baseline"] = report_columns(
            run, predictions, lambda table: evaluate_columns(table, subset)
        )
        if training is not None:  # older runs have none
            # A run that an older version began may not know where its images come from.
            sources = split.set_index("image_id").get("source", pd.Series(dtype="string"))
            report["error_analysis"] = analyse_errors(
                training,
                rows,
                sources,
                thresholds,
                published_test=recipe.split.method == "published",
                other_site=recipe.split.method == "site",
            )
        return report

    subset = final_subset(predictions)
    report = report_on(subset, predictions)
    validation = predictions[predictions["subset"] == "validation"]
    if subset == "test" and not shared["watched"] and validation["predicted"].notna().any():
        report["validation"] = report_on("validation", validation)
    return report


def _report_masks(run: Run) -> Report:
    """Return the report of a run that draws masks; see `report_run` and `report_masks`."""
    drawn, watched = run.read_masks(), run.read_recipe().split.validate_on_test

    def report_on(subset: str) -> Report:
        signed = {"watched": watched, KEY: sign_images(drawn, subset)}
        return report_masks(drawn, subset) | signed

    subset = final_subset(drawn)
    report = report_on(subset)
    with suppress(KeyError):
        if record := read_record(run):
            report["starting_weights"] = record
    is_validated = (drawn["subset"] == "validation") & drawn["dice"].notna()
    if subset == "test" and not watched and is_validated.any():
        report["validation"] = report_on("validation")
    return report
