"""Predictions of a finished run on image files of the user."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xray_core.errors import ImageError, RecipeError, RunError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.multilabel import call_findings, read_thresholds
from xray_core.evaluation.thresholds import read_threshold
from xray_core.models.saved import load_saved_model
from xray_core.preprocess.images import read_preprocessed
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.tasks import label_in_words
from xray_core.training.tabular import read_columns, table_of


def predict_images(
    run: Run, paths: list[Path], given: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Predict image files with the weights that a run has kept.

    Args:
        run: with a finished epoch.
        paths: image files.
        given: tabular column -> value, known of all of them, where the run's network takes
            such columns beside the image; what is not given counts as missing.

    Returns:
        One row per path: path, predicted class, one probability per class, and error (<NA>,
        or why the file could not be read). Of two classes the second is predicted where its
        probability reaches the threshold that the run keeps, and `threshold` is that; without one
        it is the most probable class. Of a multi-label task the predicted classes are those
        called at the run's thresholds, joined by "|", or "none"; at 0.5 where the run has not
        chosen any yet. With tabular features also `missing`, the names of
        those that were not given, with commas between.

    Raises:
        RunError: the run has no finished epoch, or its network is damaged.
        RecipeError: a value was given that the network cannot take.
    """
    if not run.best_checkpoint.is_file():
        raise RunError(f"{run.name} has no finished epoch to predict with.")
    recipe = run.read_recipe()
    classes = list(recipe.class_names)
    model = load_network(run, recipe)
    calibration = read_calibration(run)
    kept = read_threshold(run) if len(classes) == 2 and not recipe.multilabel else None
    if recipe.multilabel:
        name_answer = _name_by_thresholds(run, classes)
    else:
        name_answer = _name_by_threshold(classes, kept.value) if kept else _name_best(classes)
    beside = _encode_given(run, recipe, given or {})
    shared: dict[str, Any] = {"threshold": kept.value} if kept else {}
    if recipe.tabular:
        shared["missing"] = ", ".join(c for c in recipe.tabular if c not in (given or {}))
    rows: list[dict[str, Any]] = []
    for path in paths:
        row: dict[str, Any] = {"path": str(path), "predicted": pd.NA, "error": pd.NA, **shared}
        try:
            image = read_preprocessed(path, recipe.preprocess)
            views = [image, image[:, ::-1]] if recipe.test_time_augmentation else [image]
            batch: Any = np.stack(views)[..., np.newaxis].astype("float32")
            if beside is not None:
                batch = {"image": batch, "tabular": np.repeat(beside, len(views), axis=0)}
            values = model.predict(batch, verbose=0).mean(axis=0, dtype="float64")
            if calibration:
                values = calibration.apply(values[None])[0]
            row["predicted"] = name_answer(values)
            row |= {f"p_{name}": float(v) for name, v in zip(classes, values, strict=True)}
        except ImageError as error:
            row["error"] = str(error)
        rows.append(row)
    return pd.DataFrame(rows)


def _name_best(classes: list[str]) -> Callable[[Any], str]:
    """Return what names the most probable class."""
    return lambda values: classes[int(values.argmax())]


def _name_by_threshold(classes: list[str], threshold: float) -> Callable[[Any], str]:
    """Return what names the second class where its probability reaches the threshold."""
    return lambda values: classes[int(values[1] >= threshold)]


def _name_by_thresholds(run: Run, classes: list[str]) -> Callable[[Any], str]:
    """Return what names the findings that are called, by the thresholds of the run."""
    chosen = read_thresholds(run)
    limits = chosen["thresholds"] if chosen else {}

    def name_called(values: Any) -> str:
        return str(label_in_words(call_findings(values[None], classes, limits), classes)[0])

    return name_called


def load_network(run: Run, recipe: Recipe) -> Any:
    """Return the network that a run has kept, if it takes what the recipe says and answers so."""
    try:
        model = load_saved_model(run.best_checkpoint)
    except RecipeError as error:
        raise RunError(f"{error} Restart the run {run.name}.") from error
    side, n_classes = recipe.preprocess.size, len(recipe.class_names)
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    answers = [tuple(tensor.shape) for tensor in model.outputs]
    if (None, side, side, 1) not in shapes or answers != [(None, n_classes)]:
        raise RunError(
            f"{run.best_checkpoint} is not the network of its recipe: it takes {shapes} and "
            f"answers {answers}, for {n_classes} classes and images of {side} px. "
            f"Restart the run {run.name}."
        )
    return model


def _encode_given(run: Run, recipe: Recipe, given: Mapping[str, str]) -> Any:
    """Return what is known beside the images: float32 (1, n_features), or None."""
    if recipe.tabular:
        columns = read_columns(run)
        return columns.encode(table_of(columns, given))
    if given:
        raise RecipeError(
            f"{', '.join(given)} was given, but {recipe.model}, which {run.name} trained, takes "
            "the image alone. Leave it out."
        )
    return None
