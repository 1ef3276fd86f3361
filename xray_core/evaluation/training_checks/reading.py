"""Reading the history of a training from what its run has written down."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from xray_core.evaluation.training_checks.collapse import FindingScores, Ints, read_scores
from xray_core.evaluation.training_checks.history import WINDOW_EPOCHS, TrainingHistory
from xray_core.recipes import Recipe


def read_history(
    epochs: pd.DataFrame,
    recipe: Recipe,
    data: Mapping[str, Any] | None = None,
    report: Mapping[str, Any] | None = None,
    ended: bool = False,
) -> TrainingHistory:
    """Return the present phase of `epochs`, of which there is at least one.

    Args:
        epochs: as `Run.read_epochs` returns them.
        recipe: the run's.
        data: what data.json holds, if it is there.
        report: what report.json holds, if it is there.
        ended: whether the run has ended.
    """
    of_phase = (epochs["phase"] == epochs["phase"].iloc[-1]).to_numpy()
    rows = epochs[of_phase]
    before = epochs.loc[~of_phase, "step"]
    last = rows.iloc[-WINDOW_EPOCHS:]
    confusions, findings = [], []
    if "finding_counts" in rows and rows["finding_counts"].notna().all():
        findings = [read_scores(line) for line in last.to_dict("records")]
    else:
        confusions = [np.array(confusion, dtype="int64") for confusion in last["confusion"]]
    kept = epochs[epochs["epoch"] == epochs["best_epoch"].iloc[-1]]
    kept = kept if len(kept) else epochs.iloc[[-1]]
    phase = next(
        (candidate for candidate in recipe.phases if candidate.name == rows["phase"].iloc[-1]), None
    )
    return TrainingHistory(
        recipe=recipe,
        phase=phase or recipe.phases[-1],
        epochs=rows["epoch"].to_numpy("int64"),
        steps=rows["step"].to_numpy("int64") - int(before.max() if len(before) else 0),
        loss=rows["loss"].to_numpy("float64"),
        accuracy=rows["accuracy"].to_numpy("float64"),
        val_loss=rows["val_loss"].to_numpy("float64"),
        val_accuracy=rows["val_accuracy"].to_numpy("float64"),
        confusions=confusions,
        train_counts=_count_training(recipe, data or {}, confusions, findings),
        selected_epoch=int(kept["epoch"].iloc[0]),
        selected_accuracy=float(kept["val_accuracy"].iloc[0]),
        ended=ended,
        report=report,
        leaks=(data or {}).get("groups_in_several_subsets"),
        grouped_by=str((data or {}).get("grouped_by", "")),
        findings=findings,
    )


def _count_training(
    recipe: Recipe,
    data: Mapping[str, Any],
    confusions: list[Ints],
    findings: list[FindingScores],
) -> Ints:
    """Return `TrainingHistory.train_counts`.

    Subsets are stratified: where nothing is known of training, validation tells the shares.
    """

    def count(what: str) -> Ints:
        of_class = data.get(what, {}).get("training", {})
        return np.array([int(of_class.get(name, 0)) for name in recipe.class_names], dtype="int64")

    counts = count("subsets")
    if not findings:
        of_validation: Ints = confusions[-1].sum(axis=1)
        fits = counts.sum() and len(counts) == len(of_validation)
        return counts if fits else of_validation
    n_images = int(data.get("n_images", {}).get("training", 0))
    if not n_images or len(counts) != len(findings[-1].present_absent):
        return findings[-1].present_absent
    return np.stack([counts, np.maximum(n_images - count("unknown") - counts, 0)], axis=1)
