"""The report for each phase of a training, from the validation predictions that it has stored.

A run's report is of the one epoch that is kept. Where a second phase collapses, as in the
experiments 6.8, 6.11 and 9.1 of the SIIM-FISABIO-RSNA COVID-19 thesis, it shows only beside the
first: both are measured here on the same images.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.finding_rounds import measure_findings
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.measured import measure_predictions
from xray_core.evaluation.metrics import confusion_counts, predict_classes
from xray_core.evaluation.multilabel import states_of
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE

METRICS = ("accuracy", "balanced_accuracy", "auc")  # of a phase


def report_phases(run: Run) -> list[dict[str, Any]]:
    """Return what each phase of a run reached on the images that it was validated on.

    Args:
        run: that has finished at least one epoch.

    Returns:
        One entry for each phase that has begun, in their order: name, epochs (how many), best_epoch
        (of the lowest validation loss), last_epoch, epoch (the one that is measured: the last where
        the recipe keeps the last, else the best), kept (whether the run keeps an epoch of this
        phase), n, n_patients, metrics (each of `METRICS`, with value, low, high), confusion (rows
        true, columns predicted), only_class (answered to every image, or None). Under a multi-label
        task metrics has auc alone, the mean over findings, and in the place of confusion and
        only_class there is finding_auc (class -> value, low, high). Left out are phases whose
        predictions the run has not kept.

    Raises:
        RunError: a file of the run is damaged.
    """
    epochs = run.read_epochs()
    if epochs.empty:
        return []
    recipe, split = run.read_recipe(), run.read_split()
    kept = int(epochs["best_epoch"].iloc[-1])
    entries = []
    for phase in recipe.phases:
        own = epochs[epochs["phase"] == phase.name]
        if own.empty:
            continue
        numbers = own["epoch"].to_numpy("int64")
        best, last = int(numbers[own["val_loss"].to_numpy().argmin()]), int(numbers[-1])
        epoch = last if recipe.selected_epoch == "last" else best
        if not run.holds(f"validation/epoch-{epoch:04d}.parquet"):
            continue
        entries.append(
            {
                "name": phase.name,
                "epochs": len(own),
                "best_epoch": best,
                "last_epoch": last,
                "epoch": epoch,
                "kept": kept in numbers,
                **measure_epoch(run.read_validation(epoch), split),
            }
        )
    return entries


def measure_epoch(answers: pd.DataFrame, split: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of an epoch's predictions; see `report_phases`.

    Args:
        answers: image_id and a probability for each class, as `Run.read_validation` returns them.
        split: as `Run.read_split` returns it.
    """
    columns = [name for name in answers.columns if name.startswith(PROBABILITY)]
    classes = [name.removeprefix(PROBABILITY) for name in columns]
    rows = answers.dropna(subset=columns).merge(split.drop_duplicates("image_id"), on="image_id")
    patients = pd.factorize(rows["group"])[0].astype("int64")
    counts = {"n": len(rows), "n_patients": len(np.unique(patients))}
    if rows.empty:
        return {**counts, "metrics": {}, "confusion": [], "only_class": None}
    probabilities = rows[columns].to_numpy("float64")
    if all(STATE + name in rows for name in classes):
        return counts | _measure_findings(
            states_of(rows, classes), probabilities, patients, classes
        )
    actual = pd.Categorical(rows["class"], categories=classes).codes.astype("int64")
    confusion = confusion_counts(actual, predict_classes(probabilities), len(classes))
    answered = np.flatnonzero(confusion.sum(axis=0))
    figures = measure_predictions(actual, probabilities, patients, np.random.default_rng(0))
    return {
        **counts,
        "metrics": {name: figures[name][0] for name in METRICS},
        "confusion": confusion.tolist(),
        "only_class": classes[answered[0]] if len(answered) == 1 else None,
    }


def _measure_findings(
    states: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    patients: NDArray[np.int64],
    classes: list[str],
) -> dict[str, Any]:
    """Return the area under the ROC curve of each finding, and their mean.

    Args:
        states: shape (n, n_classes): 1 present, 0 absent, -1 unknown.
        probabilities: shape (n, n_classes).
        patients: shape (n,), 0..n_patients-1.
        classes: names.
    """
    called = probabilities >= DEFAULT_THRESHOLD
    rng = np.random.default_rng(0)
    figures = measure_findings(states, probabilities, called, patients, rng)
    return {
        "metrics": {"auc": figures["mean_auc"][0]},
        "finding_auc": dict(zip(classes, figures["auc"], strict=True)),
    }
