"""Predictions of a finished run, or of several as one, on image files of the user."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xray_core.errors import ImageError, RecipeError, RunError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.multilabel import call_findings, read_thresholds
from xray_core.evaluation.thresholds import KeptThreshold, read_threshold
from xray_core.models.saved import load_saved_model
from xray_core.preprocess.images import read_preprocessed
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.runs.members import find_members
from xray_core.runs.origin import AVERAGE, Origin, read_origin
from xray_core.tasks import label_in_words
from xray_core.training.tabular import read_columns, table_of


def predict_images(
    run: Run, paths: list[Path], given: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Predict image files with the weights that a run has kept.

    An average gives the mean of what the networks of its members say, each with its own
    preprocessing and calibration.

    Args:
        run: with a finished epoch, or an average of such.
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
        RunError: the run has no finished epoch, its network is damaged, or a member of an average
            is missing.
        RecipeError: a value was given that the network cannot take.
    """
    origin = read_origin(run)
    if run.read_recipe().asks_masks:
        raise RunError(
            f"{run.name} draws masks and predicts no class. `xray lungs {run.name} IMAGE … --out "
            "FOLDER` draws those of image files."
        )
    if origin is not None and origin.kind == AVERAGE:
        return _predict_average(run, origin, paths, given or {})
    if not run.best_checkpoint.is_file():
        what = "finished epoch" if origin is None else "network"
        raise RunError(f"{run.name} has no {what} to predict with.")
    recipe = run.read_recipe()
    classes = list(recipe.class_names)
    model = load_network(run, recipe)
    calibration = read_calibration(run)
    kept = _read_kept(run, recipe)
    name_answer = _name_answers(run, recipe, kept)
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


def _predict_average(
    run: Run, origin: Origin, paths: list[Path], given: Mapping[str, str]
) -> pd.DataFrame:
    """Return the mean of the members' predictions; see `predict_images`."""
    recipe, members = run.read_recipe(), find_members(run, origin)
    taken = [member.read_recipe().tabular for member in members]
    if strange := [name for name in given if not any(name in columns for columns in taken)]:
        raise RecipeError(
            f"{', '.join(strange)} was given, but no network of {run.read_nickname()} takes it. "
            "Leave it out."
        )
    tables = [
        predict_images(member, paths, {name: given[name] for name in columns if name in given})
        for member, columns in zip(members, taken, strict=True)
    ]
    table = tables[0][["path", "predicted", "error"]].assign(predicted=None)
    for other in tables[1:]:
        table["error"] = table["error"].fillna(other["error"])
    classes, read = list(recipe.class_names), table["error"].isna().to_numpy()
    if any(taken):
        wanted = dict.fromkeys(name for columns in taken for name in columns)
        table["missing"] = ", ".join(name for name in wanted if name not in given)
    columns = [PROBABILITY + name for name in classes]
    if read.any():
        mean = np.mean([own.loc[read, columns].to_numpy("float64") for own in tables], axis=0)
        table.loc[read, columns] = mean
        kept = _read_kept(run, recipe)
        table.loc[read, "predicted"] = list(map(_name_answers(run, recipe, kept), mean))
        if kept:
            table["threshold"] = kept.value
    return table


def _read_kept(run: Run, recipe: Recipe) -> KeptThreshold | None:
    """Return the threshold of a run with two classes; None where the most probable is predicted."""
    two = len(recipe.class_names) == 2 and not recipe.multilabel
    return read_threshold(run) if two else None


def _name_answers(run: Run, recipe: Recipe, kept: KeptThreshold | None) -> Callable[[Any], str]:
    """Return what names the answer that probabilities, shape (n_classes,), come to."""
    classes = list(recipe.class_names)
    if recipe.multilabel:
        return _name_by_thresholds(run, classes)
    return _name_by_threshold(classes, kept.value) if kept else _name_best(classes)


def _name_best(classes: list[str]) -> Callable[[Any], str]:
    """Return what names the most probable class."""
    return lambda values: classes[int(predict_classes(values))]


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
    wanted = (None, side, side, 1) if recipe.asks_masks else (None, n_classes)
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    answers = [tuple(tensor.shape) for tensor in model.outputs]
    if (None, side, side, 1) not in shapes or answers != [wanted]:
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
