"""Runs made by hand, file by file: what the pages read, without any training."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pages.components import export_process
from xray_core import cli
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.evaluation import build_report
from xray_core.evaluation.report import prediction_table
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.runs import Run, Status
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.workspace import Workspace

N_BATCHES, N_EPOCHS = 3, 2
N_VALIDATED = 20  # images
# What a run that began with another one's weights, although these leak, has written of it.
LEAKY_WEIGHTS: dict[str, Any] = {
    "file": "/runs/earlier/checkpoints/best.keras",
    "runs": ["earlier", "first"],
    "evaluated": "test",
    "validation": {"images": 40, "trained": 0, "chosen": 0, "patients": 0, "runs": []},
    "test": {"images": 80, "trained": 36, "chosen": 0, "patients": 0, "runs": ["earlier"]},
    "unknown": [],
    "uncompared": [],
}
TIMES = {"created_at": "2026-03-01T10:00:00+00:00", "started_at": "2026-03-01T10:00:05+00:00"}


def fake_run(
    workspace: Workspace,
    state: str,
    name: str = "20260301-100000-demo_cnn",
    recipe: Recipe = PUBLISHED["demo_cnn"],
    leaks: int = 0,
    weights: dict[str, Any] | None = None,
    **status: Any,
) -> Run:
    """Write a run in `state`; one that began has two epochs of metrics, a done one a report."""
    recipe = replace(recipe, data_folder=str(workspace.demo_data))
    run = Run(workspace.runs / name)
    run.folder.mkdir(parents=True)
    run.write_json("recipe.json", asdict(recipe))
    fields: dict[str, Any] = {"n_epochs": recipe.n_epochs, "created_at": TIMES["created_at"]}
    if state != "queued":
        fields |= {**TIMES, "epoch": N_EPOCHS, "device": "CPU, 2 cores", "phase": "train"}
        fields["val_accuracy"] = 0.8
        _write_metrics(run)
        _write_data(run, leaks, weights)
        run.log_path.write_text("epoch 1: all is well\n", encoding="utf-8")
    if state in ("done", "failed", "stopped", "lost"):
        fields["ended_at"] = "2026-03-01T10:01:05+00:00"
    run.write_status(Status(state, **{**fields, **status}))
    return run


def write_report(
    run: Run, workspace: Workspace, subset: str = "test", unread: int = 0, without: str = ""
) -> None:
    """Write predictions of some demo images, two of three right, and their report.

    Beside a test set the first of its images are the validation set, too.

    Args:
        run: whose report it is.
        workspace: the folders.
        subset: that is evaluated.
        unread: how many images have no prediction.
        without: a class of which no image is evaluated.
    """
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    split = _split(catalog, run.read_recipe(), subset)
    split = split[split["class"] != without].reset_index(drop=True)
    classes = list(find_task(run.read_recipe().task).classes)
    codes = pd.Categorical(split["class"], categories=classes).codes
    probabilities = {}
    for number, (image_id, code) in enumerate(zip(split["image_id"], codes, strict=True)):
        said = code if number % 3 else (code + 1) % len(classes)
        values = np.full(len(classes), 0.2 / (len(classes) - 1))
        values[said] = 0.8
        probabilities[image_id] = values
    for image_id in split["image_id"][:unread]:
        del probabilities[image_id]
    table = prediction_table(split, classes, probabilities)
    report = build_report(table, classes[1], n_rounds=50)
    if subset == "test":
        held = table.head(N_VALIDATED).assign(subset="validation")
        if held["predicted"].notna().any():
            report["validation"] = build_report(held, classes[1], n_rounds=50)
        table = pd.concat([table, held], ignore_index=True)
    run.write_table("predictions.parquet", table)
    run.write_json("report.json", report)


def _split(catalog: Catalog, recipe: Recipe, subset: str) -> pd.DataFrame:
    targets = encode_catalog(catalog, find_task(recipe.task))
    images = catalog.present
    return pd.DataFrame(
        {
            "image_id": images["image_id"],
            "path": images["path"],
            "group": images["patient_id"],
            "class": class_of(targets)[images.index],
            "subset": subset,
        }
    )


def _write_metrics(run: Run) -> None:
    for epoch in range(1, N_EPOCHS + 1):
        for batch in range(1, N_BATCHES + 1):
            step = (epoch - 1) * N_BATCHES + batch
            run.append_metrics(
                {"kind": "batch", "step": step, "loss": 1 / step, "accuracy": 0.5, "epoch": epoch}
            )
        run.append_metrics(
            {
                "kind": "epoch",
                "phase": "train",
                "epoch": epoch,
                "step": epoch * N_BATCHES,
                "loss": 0.6 / epoch,
                "accuracy": 0.7,
                "val_loss": 0.5 / epoch,
                "val_accuracy": 0.6 + 0.1 * epoch,
                "val_auc": 0.8,
                "learning_rate": 0.001,
                "confusion": [[3, 1], [epoch, 9]],
                "recall": [0.75, 0.9],
                "best_epoch": epoch,
                "seconds": 1.5,
            }
        )


def _write_data(run: Run, leaks: int, weights: dict[str, Any] | None) -> None:
    data = {
        "folder": "/data/demo",
        "remarks": [],
        "unreadable": [{"path": "train/broken.png", "reason": "cut off"}],
        "grouped_by": "patient; identical files joined",
        "groups_in_several_subsets": leaks,
        "left_out": ["3 of 17 images are left out: unlabelled."],
        "starting_weights": weights,
        "subsets": {"training": {"no opacity": 5, "opacity": 9}},
    }
    (run.folder / "data.json").write_text(json.dumps(data), encoding="utf-8")


def export_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an export be done by the test itself instead of by a process of its own."""

    def start(workspace: Workspace, name: str, arguments: Sequence[str]) -> None:
        result = workspace.cache / "background" / name / "result.json"
        assert cli.main([*arguments, "--json", "--save", str(result)]) == 0

    monkeypatch.setattr(export_process, "start_background", start)


def record_processes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Start no process from now on; return the list that collects the commands instead."""
    commands: list[list[str]] = []

    def note(command: list[str], log: Path, environment: Any = None) -> str:
        commands.append(command)
        return "0:0"  # the handle of nobody

    for module in ("worker", "measure"):
        monkeypatch.setattr(f"xray_core.jobs.{module}.start_detached", note)
    return commands
