"""The files of a run as a training writes them, whole and small, for whoever damages them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.thresholds import KeptThreshold, read_threshold, write_threshold
from xray_core.evaluation.thresholds.guarantee import read_guaranteed
from xray_core.files import append_line
from xray_core.jobs.attempts import read_attempt
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Status, Submission
from xray_core.runs.goals import Goals, write_goals
from xray_core.runs.notes import Notes, read_notes, write_notes
from xray_core.runs.opening import OPENED, Line, has_own_opening
from xray_core.runs.origin import read_origin

RECIPE = replace(PUBLISHED["demo_cnn"], data_folder="/data/demo")
CLASSES = list(RECIPE.class_names)
TABLES = ("split.parquet", "predictions.parquet", "training_predictions.parquet")
VALIDATION = "validation/epoch-0001.parquet"
TIME = "2026-03-01T10:00:30+00:00"

PROMISES = {
    "confidence": 0.95,
    "chosen_on": "validation",
    "seed": 0,
    "classes": {
        CLASSES[1]: {
            "n_patients": 2,
            "images": ["b", "d"],
            "levels": [
                {"sensitivity": 0.8, "threshold": 0.3, "reason": ""},
                {"sensitivity": 0.9, "threshold": None, "reason": "Too few patients."},
            ],
        }
    },
}


def batch_line(step: int, **changes: Any) -> dict[str, Any]:
    """Return the line that a training logs after a batch."""
    return {"kind": "batch", "step": step, "loss": 1 / step, "accuracy": 0.5} | changes


def epoch_line(epoch: int, **changes: Any) -> dict[str, Any]:
    """Return the line that a training logs after an epoch."""
    line = {
        "kind": "epoch",
        "phase": "train",
        "epoch": epoch,
        "step": 3 * epoch,
        "loss": 0.6 / epoch,
        "accuracy": 0.7,
        "val_loss": 0.5 / epoch,
        "val_accuracy": 0.75,
        "val_auc": None,
        "learning_rate": 0.001,
        "confusion": [[3, 1], [epoch, 9]],
        "recall": [0.75, 0.9],
        "best_epoch": epoch,
        "seconds": 1.5,
    }
    return line | changes


def device_line(**changes: Any) -> dict[str, Any]:
    """Return the line that a training logs after a look at the hardware."""
    return {"time": TIME, "cpu_percent": 90.0, "memory_mb": 500.0} | changes


def data_notes(**changes: Any) -> dict[str, Any]:
    """Return what data.json holds."""
    notes = {
        "folder": "/data/demo",
        "remarks": [],
        "unreadable": [],
        "grouped_by": "patient",
        "groups_in_several_subsets": 0,
        "subsets": {"training": {"no opacity": 5, "opacity": 9}},
    }
    return notes | changes


def report_of(
    confusion: Sequence[Sequence[int]], classes: Sequence[str], subset: str = "test"
) -> dict[str, Any]:
    """Return a report of these counts; its other figures are placeholders of the right kind."""
    figure = {"value": 0.75, "low": 0.5, "high": 0.9}
    n = sum(map(sum, confusion))
    return {
        "subset": subset,
        "n": n,
        "n_patients": n,
        "left_out": [],
        "classes": list(classes),
        "metrics": dict.fromkeys(("accuracy", "balanced_accuracy", "auc", "f1_macro"), figure),
        "per_class": [
            {
                "class": name,
                "recall": figure,
                "precision": 0.75,
                "specificity": 0.75,
                "f1": 0.75,
                "n": sum(row),
            }
            for name, row in zip(classes, confusion, strict=True)
        ],
        "confusion": [list(row) for row in confusion],
        "roc": {classes[-1]: {"false_positive_rate": [0.0, 1.0], "true_positive_rate": [0.0, 1.0]}},
        "majority": {"class": classes[-1], "accuracy": 0.5},
    }


def prediction_rows(classes: Sequence[str]) -> pd.DataFrame:
    """Return predictions on four images of a test set, half of them right."""
    table = pd.DataFrame(
        {
            "image_id": list("abcd"),
            "group": list("abcd"),
            "subset": "test",
            "actual": [classes[0], classes[1]] * 2,
            "predicted": [classes[0], classes[1], classes[1], classes[0]],
        }
    ).astype("string")
    for name in classes:
        table[f"p_{name}"] = (table["predicted"] == name).astype("float64") * 0.8 + 0.1
    return table


def split_rows(classes: Sequence[str]) -> pd.DataFrame:
    """Return a split of eight images."""
    return pd.DataFrame(
        {
            "image_id": list("abcdefgh"),
            "path": [f"{name}.png" for name in "abcdefgh"],
            "group": list("abcdefgh"),
            "class": list(classes[:2]) * 4,
            "subset": ["test"] * 4 + ["training"] * 4,
        }
    ).astype("string")


# Every reader of a run's files: each returns something or raises RunError, whatever they hold.
READERS: tuple[Callable[[Run], object], ...] = (
    Run.read_recipe,
    Run.read_status,
    Run.read_stored_status,
    Run.read_submission,
    Run.read_events,
    Run.read_metrics,
    Run.read_epochs,
    Run.read_split,
    Run.read_predictions,
    Run.read_training_predictions,
    Run.read_report,
    Run.read_data,
    lambda run: run.read_validation(1),
    read_notes,
    read_attempt,
    read_calibration,
    read_origin,
    read_threshold,
    read_guaranteed,
    has_own_opening,
    diagnose_run,
)


def write_whole_run(folder: Path) -> Run:
    """Write a run that has every file that a run can have."""
    run = Run(folder)
    run.write_json("recipe.json", asdict(RECIPE))
    times = {"created_at": "2026-03-01T10:00:00+00:00", "ended_at": "2026-03-01T10:01:00+00:00"}
    run.write_status(Status("done", "Well.", epoch=3, n_epochs=8, val_accuracy=0.8, **times))
    run.write_submission(Submission("ann", rank=3.0))
    run.write_json("attempt.json", {"handle": "1:0", "devices": "0,1", "deaths": 1})
    write_notes(run, Notes(("tag",), "note"))
    write_goals(run, Goals(0.1, 0.05))
    run.write_json("data.json", data_notes())
    run.write_json("report.json", report_of([[3, 1], [1, 9]], CLASSES))
    run.write_json("calibration.json", {"scale": 1.0, "bias": [0.0, 0.5]})
    write_threshold(run, KeptThreshold(0.4, "youden", time=TIME))
    run.write_json("guaranteed.json", PROMISES)
    run.write_table("split.parquet", split_rows(CLASSES))
    for name in TABLES[1:]:
        run.write_table(name, prediction_rows(CLASSES))
    run.write_table(VALIDATION, pd.DataFrame({"image_id": ["a"], "p_x": [0.5]}))
    opening = Line(TIME, "ann", run.name, "click", "/data/demo", RECIPE.task)
    append_line(run.folder / OPENED, asdict(opening))
    for epoch in (1, 2, 3):
        run.append_metrics(batch_line(epoch))
        run.append_metrics(epoch_line(epoch))
    run.append_device(device_line())
    run.append_event("queued", "It waits.", "ann")
    return run
