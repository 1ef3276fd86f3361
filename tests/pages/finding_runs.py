"""Runs on fourteen findings made by hand, as a training of a multi-label task writes them."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.run_files import data_notes
from tests.training.nih import draw_nih
from xray_core.datasets import open_dataset
from xray_core.evaluation.findings import areas_of_findings, finding_counts
from xray_core.evaluation.multilabel import findings_table, report_findings, states_of
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run, Status
from xray_core.tasks import STATE, class_of, find_task
from xray_core.workspace import Workspace

CLASSES = list(find_task("nih_findings").classes)
ABSENT, UNKNOWN, RARE = "edema", "hernia", "pneumonia"  # nowhere, of no image known, of few
N_EPOCHS = 2
TIMES = {
    "created_at": "2026-03-02T10:00:00+00:00",
    "started_at": "2026-03-02T10:00:05+00:00",
}


def recipe_of(folder: Path) -> Recipe:
    """Return the quick recipe, for the fourteen findings of the dataset in `folder`."""
    recipe = change_recipe(PUBLISHED["quick_cnn"], {"task": "nih_findings"})
    return replace(recipe, data_folder=str(folder))


def fake_findings_run(
    workspace: Workspace,
    state: str,
    name: str = "20260302-100000-quick_cnn",
    subset: str = "test",
    **status: Any,
) -> Run:
    """Write a run in `state`; one that began has two epochs of metrics, a done one a report.

    Its dataset is drawn into the workspace as "nih" where it is not there yet.
    """
    folder = workspace.data / "nih"
    if not folder.exists():
        draw_nih(folder)
    run = Run(workspace.runs / name)
    run.folder.mkdir(parents=True)
    run.write_json("recipe.json", asdict(recipe_of(folder)))
    fields: dict[str, Any] = {"n_epochs": N_EPOCHS, "created_at": TIMES["created_at"]}
    if state != "queued":
        fields |= {**TIMES, "epoch": N_EPOCHS, "phase": "train", "val_accuracy": 0.9}
        _write_answers(run, workspace, subset, with_report=state == "done")
        counts = {
            "subsets": {"training": dict.fromkeys(CLASSES, 9)},
            "unknown": {"training": dict.fromkeys(CLASSES, 0) | {UNKNOWN: 7}},
            "n_images": {"training": 50},
        }
        run.write_json("data.json", data_notes(**counts))
    if state == "done":
        fields["ended_at"] = "2026-03-02T10:01:05+00:00"
    run.write_status(Status(state, **{**fields, **status}))
    return run


def _write_answers(run: Run, workspace: Workspace, subset: str, *, with_report: bool) -> None:
    split = _draw_split(open_dataset(workspace.data / "nih", workspace.cache).images)
    run.write_table("split.parquet", split.assign(subset="validation"))
    states = states_of(split, CLASSES)
    rng = np.random.default_rng(1)
    for epoch in range(1, N_EPOCHS + 1):
        values = 1 / (1 + np.exp(-epoch * (states == 1) - rng.normal(-1, 1, states.shape)))
        table = pd.DataFrame(values, columns=[f"p_{name}" for name in CLASSES])
        table.insert(0, "image_id", split["image_id"].to_numpy())
        run.write_table(f"validation/epoch-{epoch:04d}.parquet", table)
        _log_epoch(run, epoch, states, values)
    if with_report:
        answers = dict(zip(split["image_id"], values, strict=True))
        limits = dict.fromkeys(CLASSES, 0.4)
        own = split.assign(subset=subset)
        predictions = findings_table(own, CLASSES, answers, limits)
        run.write_table("predictions.parquet", predictions)
        thresholds = {"rule": "youden", "chosen_on": "validation", "thresholds": limits}
        thresholds["fallback"] = [ABSENT, UNKNOWN]
        run.write_json("thresholds.json", thresholds)
        report = report_findings(predictions, thresholds, n_rounds=30)
        if subset == "test":
            report["validation"] = {**report, "subset": "validation"}
        run.write_json("report.json", report)


def _draw_split(images: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    drawn = pd.DataFrame(rng.random((len(images), len(CLASSES))) < 0.4, columns=CLASSES)
    states = drawn.astype("Int8")
    states[ABSENT] = pd.array([0] * len(images), dtype="Int8")
    states[UNKNOWN] = pd.array([pd.NA] * len(images), dtype="Int8")
    states[RARE] = pd.array([1] * 3 + [0] * (len(images) - 3), dtype="Int8")
    table = images[["image_id", "path"]].assign(
        group=images["patient_id"], **{"class": class_of(states)}
    )
    return pd.concat([table.astype("string"), states.add_prefix(STATE)], axis=1)


def _log_epoch(run: Run, epoch: int, states: Any, values: Any) -> None:
    for step in (2 * epoch - 1, 2 * epoch):
        run.append_metrics(
            {"kind": "batch", "step": step, "loss": 1 / step, "accuracy": 0.8, "epoch": epoch}
        )
    areas = areas_of_findings(states, values)
    run.append_metrics(
        {
            "kind": "epoch",
            "phase": "train",
            "epoch": epoch,
            "step": 2 * epoch,
            "loss": 0.6 / epoch,
            "accuracy": 0.85,
            "val_loss": 0.5 / epoch,
            "val_accuracy": 0.9,
            "val_auc": float(np.nanmean(areas)),
            "finding_auc": [None if np.isnan(area) else float(area) for area in areas],
            "finding_counts": finding_counts(states, values >= 0.5).tolist(),
            "finding_spread": values.std(axis=0).tolist(),
            "n_validation": len(states),
            "learning_rate": 0.001,
            "best_epoch": epoch,
            "seconds": 1.5,
        }
    )
