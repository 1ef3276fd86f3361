"""A finished run evaluated on another dataset: what its network is worth elsewhere.

The images are prepared, given to the network and calibrated as those of the run's own test set.
Which class of the dataset stands for which of the run, `tasks.matching` says; which images count,
`evaluation.external`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.evaluation.calibrate import Calibration, read_calibration
from xray_core.evaluation.external import (
    DECODING,
    PREDICTING,
    READING,
    STEPS,
    Chosen,
    check_columns,
    check_finished,
    choose_images,
)
from xray_core.evaluation.multilabel import findings_table, read_thresholds, report_findings
from xray_core.evaluation.report import build_report, find_majority, prediction_table
from xray_core.files import utc_now
from xray_core.preprocess.cache import ImageCache, open_image_cache
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.external import Notes, name_external, write_external
from xray_core.tasks.matching import Match, find_match
from xray_core.training.inputs import PredictionBatches
from xray_core.training.predict import load_network
from xray_core.training.tabular import read_columns
from xray_core.workspace import Workspace

BATCH_SIZE, BLOCK = 64, 512  # images at once; images between two words on the progress

Report = Callable[[int, int], None]


def evaluate_external(
    run: Run,
    folder: Path,
    workspace: Workspace,
    task: str = "",
    by_hand: Mapping[str, str] | None = None,
    n_images: int = 0,
    keep_seen: bool = False,
    progress: Report | None = None,
) -> Run:
    """Evaluate a finished run on the dataset in a folder; return where the result lies.

    Args:
        run: finished.
        folder: a dataset.
        workspace: its cache is used.
        task: of the dataset; "" for the one whose classes fit best.
        by_hand: class of the dataset -> class of the run; see `matching.match_classes`.
        n_images: see `choose_images`.
        keep_seen: likewise.
        progress: called with (steps done, of how many).

    Returns:
        The folder in the run's; see `runs.external`.

    Raises:
        XrayError: the run is not finished or its network damaged, no task fits, nothing is left
            to evaluate, or the dataset lacks the columns that the network takes.
        OSError: the disk refuses.
    """
    recipe = check_finished(run)
    catalog = open_dataset(folder, workspace.cache)
    match = find_match(catalog, recipe.class_names, task, by_hand, multilabel=recipe.multilabel)
    check_columns(recipe, catalog)
    read = _step(progress, READING)
    chosen = choose_images(run, catalog, match, workspace, n_images, keep_seen, read)
    decode, predict = _step(progress, DECODING), _step(progress, PREDICTING)
    cache = open_image_cache(
        catalog.root,
        chosen.rows["path"].tolist(),
        recipe.preprocess,
        workspace.cache / "images",
        decode,
        lungs=find_lung_places(
            recipe.preprocess, catalog, chosen.rows["image_id"].tolist(), workspace.cache
        ),
    )
    probabilities = _predict(run, recipe, catalog, chosen.rows, cache, predict)
    table, report = _report(run, recipe, chosen.rows, probabilities)
    notes = _describe(catalog, match, chosen, cache)
    notes["n_images"], notes["keeps_seen"] = n_images, keep_seen
    asked = {"task": match.task, "classes": match.classes, "n": n_images, "seen": keep_seen}
    return write_external(run, name_external(catalog.root, asked), notes, table, report)


def _report(
    run: Run, recipe: Recipe, rows: pd.DataFrame, probabilities: dict[str, NDArray[np.float64]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return predictions and report; findings are called at the thresholds of the run."""
    classes = list(recipe.class_names)
    if recipe.multilabel:
        thresholds = read_thresholds(run)
        limits = thresholds["thresholds"] if thresholds else {}
        table = findings_table(rows, classes, probabilities, limits)
        # Its subset is called "test" as well, but is not where thresholds were chosen.
        return table, report_findings(table, thresholds) | {"chosen_here": False}
    table = prediction_table(rows, classes, probabilities)
    return table, build_report(table, find_majority(run.read_split()))


def _step(progress: Report | None, number: int) -> Report | None:
    """Return a function that says how far the step `number`, from 0, of `STEPS` is."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, len(STEPS) * total)


def _predict(
    run: Run,
    recipe: Recipe,
    catalog: Catalog,
    rows: pd.DataFrame,
    cache: ImageCache,
    progress: Report | None,
) -> dict[str, NDArray[np.float64]]:
    """Return the probabilities of each image that could be decoded, by image_id."""
    if progress is not None:
        progress(0, max(int(cache.readable.sum()), 1))
    model = load_network(run, recipe)
    tabular = None
    if recipe.tabular:
        images = catalog.images.set_index("image_id").loc[rows["image_id"]]
        tabular = read_columns(run).encode(images)
    return predict_cached(
        model,
        cache,
        rows["image_id"],
        progress,
        views=[False, True] if recipe.test_time_augmentation else [False],
        tabular=tabular,
        calibration=read_calibration(run),
    )


def predict_cached(
    model: Any,
    cache: ImageCache,
    image_ids: pd.Series,
    progress: Report | None,
    *,
    views: Sequence[bool] = (False,),
    tabular: NDArray[np.float32] | None = None,
    calibration: Calibration | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return the probabilities of each image that could be decoded, by image_id.

    Args:
        model: the network.
        cache: decoded images.
        image_ids: of its rows.
        progress: called with (images done, of how many).
        views: of which the mean is taken: whether each is mirrored.
        tabular: of its rows, for a network that takes columns beside the image.
        calibration: applied to the mean, if any.
    """
    readable = np.flatnonzero(cache.readable)
    probabilities: dict[str, NDArray[np.float64]] = {}
    for start in range(0, len(readable), BLOCK):
        block = readable[start : start + BLOCK]
        batches = [PredictionBatches(cache, block, BATCH_SIZE, view, tabular) for view in views]
        answers = [model.predict(batch, verbose=0) for batch in batches]
        values = np.mean(answers, axis=0, dtype="float64")
        values = calibration.apply(values) if calibration else values
        probabilities |= dict(zip(image_ids.iloc[block], values, strict=True))
        if progress is not None:
            progress(start + len(block), len(readable))
    return probabilities


def _describe(catalog: Catalog, match: Match, chosen: Chosen, cache: ImageCache) -> Notes:
    return {
        "folder": str(catalog.root),
        "dataset": catalog.source,
        "task": match.task,
        "classes": dict(match.classes),
        "reasons": dict(match.reasons),
        "counts": chosen.counts,
        "left_out": chosen.left_out,
        "seen": chosen.seen,
        "keeps_seen": False,
        "n_images": 0,
        "remarks": chosen.remarks,
        "unreadable": [
            {"path": str(path), "reason": str(reason)}
            for path, reason in cache.unreadable.itertuples(index=False)
        ],
        "time": utc_now(),
    }
