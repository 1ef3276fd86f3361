"""Masks that a trained network draws: of its own test set, with their figures."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.masks import (
    MASK_FIGURES,
    MASK_PREDICTIONS,
    call_pixels,
    measure_overlap,
)
from xray_core.evaluation.report import report_run
from xray_core.preprocess.images import cut_padding
from xray_core.preprocess.masks import draw_path
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.training.data import Prepared
from xray_core.training.inputs import PredictionBatches

BATCH_SIZE = 32


def draw_masks(model: Any, batches: PredictionBatches) -> Iterator[NDArray[np.float32]]:
    """Yield what the network says of each pixel, batch by batch: float32 (b, size, size)."""
    for number in range(len(batches)):
        yield model.predict_on_batch(batches[number][0])[..., 0]


def evaluate_masks(model: Any, run: Run, data: Prepared, recipe: Recipe) -> dict[str, Any]:
    """Draw the masks of validation and test set once; write what they come to, and the report.

    Args:
        model: with the selected weights.
        run: written to: predictions.parquet and report.json.
        data: with masks.
        recipe: how images became squares.

    Returns:
        The report, see `evaluation.report.report_run`.
    """
    evaluated = data.split[data.split["subset"] != "training"]
    rows = evaluated.index[data.cache.readable[evaluated.index]].to_numpy()
    true = data.actual(rows)
    sizes = data.catalog_rows[["width", "height"]].iloc[rows].fillna(1).to_numpy(int)
    tables, start = [], 0
    for probabilities in draw_masks(model, PredictionBatches(data.cache, rows, BATCH_SIZE)):
        drawn = call_pixels(probabilities)
        inside = true[start : start + len(drawn)]
        measured = pd.DataFrame(measure_overlap(inside, drawn))
        paths = [
            [
                draw_path(cut_padding(mask, width, height, recipe.preprocess.resize) > 0)
                for mask in (called, marked)
            ]
            for called, marked, (width, height) in zip(
                drawn, inside, sizes[start : start + len(drawn)], strict=True
            )
        ]
        measured[["outline", "true_outline"]] = paths
        tables.append(measured)
        start += len(drawn)
    run.write_table("predictions.parquet", _tabulate(evaluated, rows, pd.concat(tables)))
    report = report_run(run)
    run.write_json("report.json", report)
    return report


def _tabulate(
    evaluated: pd.DataFrame, rows: NDArray[np.int64], measured: pd.DataFrame
) -> pd.DataFrame:
    """Return a row for each image of both sets, without figures where it could not be read."""
    columns = list(MASK_PREDICTIONS)
    beside = measured[columns].set_axis(rows).reindex(evaluated.index).astype(MASK_PREDICTIONS)
    table = evaluated[["image_id", "group", "subset"]].astype("string")
    table["actual"] = evaluated["class"].astype("string")
    table["predicted"] = table["actual"].where(beside[MASK_FIGURES[0]].notna())
    return pd.concat([table, beside], axis=1).reset_index(drop=True)
