"""Predictions of a run on image files of the user, as a table: one bad file is one bad row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xray_core.evaluation.conformal import Conformal
from xray_core.evaluation.nearest import Features
from xray_core.explain.predicting import Answer, Oracle
from xray_core.preprocess.uploads import Upload, read_sources
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.training.predict import BATCH_SIZE

JOINED = "|"  # between the classes of a set, and the names of images


def predict_images(
    run: Run,
    paths: Sequence[Path],
    given: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Predict image files with the weights that a run has kept.

    The next files are checked and decoded, in processes of their own, while the network is busy
    with these.

    Args:
        run: with a finished epoch, or an average of such.
        paths: image files; a zip stands for each file within.
        given: tabular column -> value, known of all of them, where the run's network takes
            such columns beside the image; what is not given counts as missing.
        progress: called with (files done, of how many).

    Returns:
        One row per file: path, predicted class, one probability per class, error (<NA>, or why the
        file is refused) and remarks (what is odd about it, or ""). Of two classes the second is
        predicted where its probability reaches the threshold that the run keeps, and `threshold` is
        that; without one it is the most probable class. Of a multi-label task the predicted
        classes are those called at the run's thresholds, joined by "|", or "none"; at 0.5 where the
        run has not chosen any yet. With tabular features also `missing`, the names of those that
        were not given, with commas between.

        Where the run has conformal sets `set`, its classes joined by "|"; where its features were
        computed `unlike` (whether the image is unlike the training images), `distance` (to the
        nearest of them) and `nearest` (their ids, joined by "|").

    Raises:
        XrayError: see `training.predict.load_predictor`.
    """
    oracle = Oracle(run, given)
    predictor = oracle.predictor
    shared: dict[str, Any] = {"threshold": predictor.kept.value} if predictor.kept else {}
    if any(network.recipe.tabular for network in predictor.networks):
        shared["missing"] = ", ".join(predictor.missing)
    rows: list[dict[str, Any]] = []
    uploads = read_sources(paths, predictor.specs, progress)
    while batch := list(islice(uploads, BATCH_SIZE)):
        rows += _predict_batch(oracle, batch, shared)
    wanted = ["path", "predicted", "error", *shared]
    wanted += [PROBABILITY + name for name in predictor.recipe.class_names]
    if isinstance(oracle.conformal, Conformal):
        wanted.append("set")
    if isinstance(oracle.features, Features):
        wanted += ["unlike", "distance", "nearest"]
    return pd.DataFrame(rows, columns=[*wanted, "remarks"])


def _predict_batch(
    oracle: Oracle, batch: Sequence[Upload], shared: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    there = [upload for upload in batch if upload.prepared is not None]
    answered: Iterator[dict[str, Any]] = iter(())
    if there:
        ways = zip(*((upload.prepared, *upload.more) for upload in there), strict=True)
        answer = oracle.answer([np.stack(way) for way in ways])
        answered = _list_rows(answer, oracle.predictor.recipe.class_names)
    for upload in batch:
        row: dict[str, Any] = {"path": upload.name, "predicted": pd.NA, "error": pd.NA, **shared}
        row["remarks"] = " ".join(upload.remarks)
        yield row | ({"error": upload.reason} if upload.prepared is None else next(answered))


def _list_rows(answer: Answer, classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    for place, predicted in enumerate(answer.predicted):
        row: dict[str, Any] = {"predicted": predicted}
        for name, value in zip(classes, answer.probabilities[place], strict=True):
            row[PROBABILITY + name] = float(value)
        if answer.sets is not None:
            row["set"] = JOINED.join(answer.sets[place])
        if answer.nearest is not None:
            assert answer.unlike is not None  # all three or none
            assert answer.distances is not None
            row["unlike"] = answer.unlike[place]
            row["nearest"] = JOINED.join(answer.nearest[place])
            near = answer.distances[place]
            row["distance"] = float(near[0]) if len(near) and np.isfinite(near[0]) else None
        yield row
