"""A finished run that draws masks, made by hand: what pages and commands read, untrained."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from xray_core.datasets import open_dataset
from xray_core.evaluation.masks import measure_overlap
from xray_core.evaluation.report import report_run
from xray_core.preprocess.masks import draw_path
from xray_core.recipes import PUBLISHED, bind_recipe
from xray_core.runs import Run, Status
from xray_core.splits import split_catalog
from xray_core.tasks import LUNG_TASK, encode_catalog, find_task
from xray_core.workspace import Workspace

NAME = "20260303-100000-lungs_unet"
TIME = "2026-03-03T10:00:00+00:00"
N_EPOCHS = 2


def write_mask_run(workspace: Workspace, data: Path) -> Run:
    """Write a run that has drawn the masks of `data`, each of them shifted by a few pixels."""
    catalog = open_dataset(data, workspace.cache)
    recipe = bind_recipe(PUBLISHED["lungs_unet"], catalog)
    split = split_catalog(catalog, encode_catalog(catalog, find_task(LUNG_TASK)), recipe.split)
    run = Run(workspace.runs / NAME)
    (run.folder / "checkpoints").mkdir(parents=True)
    run.write_json("recipe.json", asdict(recipe))
    times = {"created_at": TIME, "started_at": TIME, "ended_at": TIME}
    status = Status("done", n_epochs=N_EPOCHS, epoch=N_EPOCHS, phase="train", **times)
    run.write_status(status)
    run.write_table("split.parquet", split)
    counts = {name: {"lungs": int(n)} for name, n in split["subset"].value_counts().items()}
    notes: dict[str, Any] = {"folder": str(data), "remarks": [], "unreadable": []}
    run.write_json("data.json", {**notes, "grouped_by": "patient", "subsets": counts})
    evaluated = split[split["subset"] != "training"].reset_index(drop=True)
    files = catalog.masks.set_index("image_id")["path"]
    rows = [_draw_row(data / files[name], n) for n, name in enumerate(evaluated["image_id"])]
    table = evaluated[["image_id", "group", "subset"]].astype("string")
    table = table.assign(actual="lungs", predicted="lungs")
    run.write_table("predictions.parquet", pd.concat([table, pd.DataFrame(rows)], axis=1))
    of_validation = evaluated["subset"] == "validation"
    validation = pd.concat([table, pd.DataFrame(rows)], axis=1)[of_validation]
    for epoch in range(1, N_EPOCHS + 1):
        run.append_metrics(_log_batch(epoch))
        run.append_metrics(_log_epoch(epoch, len(validation)))
        kept = validation[["image_id", "dice", "iou"]].reset_index(drop=True)
        run.write_table(f"validation/epoch-{epoch:04d}.parquet", kept)
    run.write_json("report.json", report_run(run))
    return run


def _draw_row(file: Path, shift: int) -> dict[str, Any]:
    mask = (cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) > 0).astype(np.uint8)
    drawn = np.roll(mask, shift % 5, axis=1)
    measured = measure_overlap(mask[None], drawn[None])
    row: dict[str, Any] = {name: float(values[0]) for name, values in measured.items()}
    del row["accuracy"]
    return row | {"outline": draw_path(drawn > 0), "true_outline": draw_path(mask > 0)}


def _log_batch(step: int) -> dict[str, Any]:
    return {"kind": "batch", "step": step, "loss": 1 / step, "accuracy": 0.9, "dice": 0.8}


def _log_epoch(epoch: int, n: int) -> dict[str, Any]:
    return {
        "kind": "epoch",
        "phase": "train",
        "epoch": epoch,
        "step": epoch,
        "loss": 0.4 / epoch,
        "accuracy": 0.95,
        "dice": 0.9,
        "val_loss": 0.5 / epoch,
        "val_accuracy": 0.94,
        "val_auc": None,
        "val_dice": 0.91,
        "val_iou": 0.84,
        "n_validation": n,
        "learning_rate": 1e-3,
        "best_epoch": epoch,
        "seconds": 1.0,
        "time": 1.0,
    }
