"""The final report of a run: what its predictions are worth, from the predictions alone."""

from typing import Any

import numpy as np
import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.intervals import bootstrap_intervals
from xray_core.evaluation.ladder import build_ladder
from xray_core.evaluation.metrics import (
    confusion_counts,
    f1_per_class,
    precision_per_class,
    recall_per_class,
    roc_curve,
    specificity_per_class,
    summarise,
)
from xray_core.runs import Run

Report = dict[str, Any]
OF_CLASS = ("recall_", "precision_")  # begin the names of what is said of each class
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
        One row per row of `split`: image_id, group, part, actual, predicted, and one
        probability per class; <NA> and NaN where there is no prediction.
    """
    nothing = np.full(len(classes), np.nan)
    values = np.array([probabilities.get(name, nothing) for name in split["image_id"]])
    values = values.reshape(len(split), len(classes)).astype("float64")
    has_one = ~np.isnan(values).any(axis=1)
    best = np.array(classes, dtype=object)[np.nan_to_num(values, nan=0.0).argmax(axis=1)]
    table = split[["image_id", "group", "part"]].astype("string").reset_index(drop=True)
    table["actual"] = split["class"].astype("string").to_numpy()
    table["predicted"] = pd.Series(np.where(has_one, best, None), dtype="string")
    for column, name in enumerate(classes):
        table[PREFIX + name] = values[:, column]
    return table


def build_report(predictions: pd.DataFrame, majority_class: str, n_rounds: int = 1000) -> Report:
    """Judge final predictions on the test part, or on validation where there is no test part.

    Args:
        predictions: as `prediction_table` returns.
        majority_class: the most frequent class of the training part; the baseline that
            always answers it stands beside the accuracy.
        n_rounds: bootstrap resamplings for the intervals; seeded, so repeatable.

    Returns:
        Plain data for JSON: part, n, n_patients, left_out (names of images without a
        prediction), classes, metrics (name -> value, low, high), per_class (recall with
        interval, precision, its precision_low and precision_high, specificity, f1, n),
        confusion (rows true, columns predicted), roc (class -> rates; without
        those of which all images are, or none is), majority (class,
        accuracy).

    Raises:
        RunError: no image of that part has a prediction.
    """
    classes = [name[len(PREFIX) :] for name in predictions.columns if name.startswith(PREFIX)]
    part = "test" if (predictions["part"] == "test").any() else "validation"
    rows = predictions[predictions["part"] == part]
    left_out = rows.loc[rows["predicted"].isna(), "image_id"].tolist()
    judged = rows[rows["predicted"].notna()]
    if judged.empty:
        raise RunError(f"None of the {len(rows)} images of the {part} part has a prediction.")

    actual = pd.Categorical(judged["actual"], categories=classes).codes.astype("int64")
    probabilities = judged[[PREFIX + name for name in classes]].to_numpy("float64")
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_counts(actual, predicted, len(classes))

    def measure(rows: np.ndarray) -> dict[str, float]:
        metrics = summarise(actual[rows], probabilities[rows])
        again = confusion_counts(actual[rows], predicted[rows], len(classes))
        for kind, of_class in (
            ("recall", recall_per_class(again)),
            ("precision", precision_per_class(again)),
        ):
            metrics |= {f"{kind}_{name}": v for name, v in zip(classes, of_class, strict=True)}
        return metrics

    values = measure(np.arange(len(judged)))
    patients = pd.factorize(judged["group"])[0].astype("int64")
    intervals = bootstrap_intervals(measure, patients, np.random.default_rng(0), n_rounds)
    figures = {
        name: {"value": _number(value), "low": _number(low), "high": _number(high)}
        for name, value in values.items()
        for low, high in [intervals[name]]
    }
    return {
        "part": part,
        "n": len(judged),
        "n_patients": int(patients.max()) + 1,
        "left_out": left_out,
        "classes": classes,
        "metrics": {k: v for k, v in figures.items() if not k.startswith(OF_CLASS)},
        "per_class": _per_class(classes, confusion, figures),
        "confusion": confusion.tolist(),
        "roc": {
            name: roc_curve(actual == k, probabilities[:, k])
            for k, name in enumerate(classes)
            if (len(classes) > 2 or k == 1) and 0 < (actual == k).sum() < len(actual)
        },
        "majority": {
            "class": majority_class,
            "accuracy": float((judged["actual"] == majority_class).mean()),
        },
    }


def report_run(run: Run) -> dict[str, Any]:
    """Return the final evaluation of a run, computed anew from its files alone.

    Beside what `build_report` returns there is "ladder", see `build_ladder`.

    Raises:
        RunError: the run has no predictions or split table.
    """
    split, predictions = run.read_split(), run.read_predictions()
    majority = split.loc[split["part"] == "train", "class"].mode().iloc[0]
    report = build_report(predictions, str(majority))
    training = run.read_training_predictions()
    if training is not None:  # older runs have none
        # A run that an older version began may not know where its images come from.
        sources = split.set_index("image_id").get("source", pd.Series(dtype="string"))
        published = run.read_recipe().split.method == "published"
        report["ladder"] = build_ladder(training, predictions, sources, published_test=published)
    return report


def _per_class(classes: list[str], confusion: np.ndarray, figures: Report) -> list[dict[str, Any]]:
    precision = precision_per_class(confusion)
    specificity = specificity_per_class(confusion)
    f1 = f1_per_class(confusion)
    support = confusion.sum(axis=1)
    return [
        {
            "class": name,
            "recall": figures[f"recall_{name}"],
            "precision": _number(precision[k]),
            "precision_low": figures[f"precision_{name}"]["low"],
            "precision_high": figures[f"precision_{name}"]["high"],
            "specificity": _number(specificity[k]),
            "f1": _number(f1[k]),
            "n": int(support[k]),
        }
        for k, name in enumerate(classes)
    ]


def _number(value: float) -> float | None:
    """JSON knows no NaN: what cannot be computed is null."""
    return None if np.isnan(value) else float(value)
