"""Predictions of a finished run on image files of the user."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from xray_core.errors import ImageError, RunError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.preprocess.images import read_preprocessed
from xray_core.runs import Run


def predict_images(run: Run, paths: list[Path]) -> pd.DataFrame:
    """Predict image files with the weights that a run has kept.

    Returns:
        One row per path: path, predicted class, one probability per class, and error (<NA>,
        or why the file could not be read).

    Raises:
        RunError: the run has no finished epoch.
    """
    if not run.best_checkpoint.is_file():
        raise RunError(f"{run.name} has no finished epoch to predict with.")
    recipe = run.read_recipe()
    classes = list(recipe.class_names)
    model = keras.models.load_model(run.best_checkpoint, compile=False, safe_mode=True)
    calibration = read_calibration(run)
    rows: list[dict[str, Any]] = []
    for path in paths:
        row: dict[str, Any] = {"path": str(path), "predicted": pd.NA, "error": pd.NA}
        try:
            image = read_preprocessed(path, recipe.preprocess)
            views = [image, image[:, ::-1]] if recipe.average_mirror else [image]
            batch = np.stack(views)[..., np.newaxis].astype("float32")
            values = model.predict(batch, verbose=0).mean(axis=0, dtype="float64")
            if calibration:
                values = calibration.apply(values[None])[0]
            row["predicted"] = classes[int(values.argmax())]
            row |= {f"p_{name}": float(v) for name, v in zip(classes, values, strict=True)}
        except ImageError as error:
            row["error"] = str(error)
        rows.append(row)
    return pd.DataFrame(rows)
