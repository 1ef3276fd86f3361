"""The figures of the columns-only baseline of a run, from the predictions that it has kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from xray_core.errors import RunError
from xray_core.runs import Run
from xray_core.runs.origin import FILE as ORIGIN

PREDICTIONS, NOTES = "columns_predictions.parquet", "columns_baseline.json"  # in the run folder
FIGURES = ("accuracy", "balanced_accuracy", "auc", "average_precision")
NOT_COMPUTED = "It was not computed when this run was trained."
NOT_YET = "It has not been computed yet."  # of what was not trained here
NOTHING_TO_LEARN = (
    "It learns from the training images of the split, and this split has none. See it at a run "
    "that was trained here."
)
# Column -> what a person calls it.
TITLES = {
    "age": "age",
    "gender": "sex",
    "view_position": "view",
    "follow_up": "number of the examination",
    "site": "site",
    "width": "image width",
    "height": "image height",
}


@dataclass(frozen=True)
class ColumnsNotes:
    """What the baseline went by; columns_baseline.json.

    Attributes:
        columns: of the catalog, that it is given.
        left_out: column -> why it is not given.
        strength: the inverse of the penalty on its weights, chosen on the validation set.
        missing: why there are no predictions; "" where there are.
    """

    columns: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    strength: float = 0.0
    missing: str = ""


def report_columns(
    run: Run, predictions: pd.DataFrame, evaluate: Callable[[pd.DataFrame], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the figures of the baseline on the images that the network was evaluated on.

    Args:
        run: whose baseline it is.
        predictions: of the network: images without a prediction are left out here, too.
        evaluate: predictions -> report.

    Returns:
        columns, left_out (column -> reason), n, and metrics: those of `FIGURES` that the report
        has, with value, low and high; or missing: why there are none.

    Raises:
        RunError: a file of it is damaged.
    """
    if not run.holds(NOTES):
        return {"missing": say_missing(run)}
    notes = run.read_record(NOTES, ColumnsNotes)
    if notes.missing or not run.holds(PREDICTIONS):
        return {"missing": notes.missing or NOT_COMPUTED}
    table = run.read_columns_predictions()
    seen = predictions.loc[predictions["predicted"].notna(), "image_id"]
    try:
        report = evaluate(table[table["image_id"].isin(seen)])
    except RunError as error:
        return {"missing": str(error)}
    return {
        "columns": notes.columns,
        "left_out": notes.left_out,
        "n": report["n"],
        "metrics": {name: report["metrics"][name] for name in FIGURES if name in report["metrics"]},
    }


def say_missing(run: Run) -> str:
    """Return why a run has no baseline yet. Raises RunError if its split is damaged."""
    if not run.holds(ORIGIN):
        return NOT_COMPUTED
    learns = (run.read_split()["subset"] == "training").any()
    return NOT_YET if learns else NOTHING_TO_LEARN


def name_columns(baseline: Mapping[str, Any]) -> str:
    """Return what the baseline goes by, in words: "age, sex and view"; "" where there is none."""
    names = [TITLES.get(name, name) for name in baseline.get("columns", ())]
    if {"image width", "image height"} <= set(names):
        names = [name for name in names if not name.startswith("image ")] + ["image size"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
