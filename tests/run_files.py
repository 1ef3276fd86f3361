"""The files of a run as a training writes them, whole and small, for tests that damage them."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

TIME = "2026-03-01T10:00:30+00:00"


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
