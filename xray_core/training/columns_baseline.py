"""The columns-only baseline: what can be predicted without looking at the image.

A logistic regression on what the catalog says of each image beside its label. A network that does
no better has read nothing off the pixels that age, view or image size do not tell.
"""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import COLUMNS, TABULAR, Catalog
from xray_core.datasets import open_dataset
from xray_core.datasets.measure import measure_images
from xray_core.evaluation.columns_baseline import NOTES, PREDICTIONS, ColumnsNotes
from xray_core.evaluation.findings import UNKNOWN_STATE, known_loss
from xray_core.evaluation.metrics import cross_entropy
from xray_core.evaluation.multilabel import choose_thresholds, findings_table, states_of
from xray_core.evaluation.report import prediction_table
from xray_core.runs import Run
from xray_core.tasks import STATE
from xray_core.training.tabular import fit_columns
from xray_core.workspace import Workspace

CANDIDATES = (*TABULAR, "site", "width", "height")
# How weakly the weights are held at 0, the inverse of the penalty: chosen on the validation set.
STRENGTHS = (0.001, 0.03, 1.0, 30.0)
MAX_STEPS = 1000
NOTHING_KNOWN = "The dataset says nothing of its images that differs between them."
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnsBaseline:
    """Predictions of the baseline.

    Attributes:
        notes: which columns it is given, and which not.
        table: on every image of the split but those of the training set, as `prediction_table` or
            `findings_table` returns it; None where there is no column to go by.
    """

    notes: ColumnsNotes
    table: pd.DataFrame | None


def predict_columns(
    catalog: Catalog, split: pd.DataFrame, classes: Sequence[str]
) -> ColumnsBaseline:
    """Fit on the training set, choose on the validation set, and predict what is not for training.

    Where there is no validation set, as where the test set is watched, it is chosen on the test
    set, as the network was.

    Args:
        catalog: of the images.
        split: as `splits.split_catalog` returns it.
        classes: of the task, in the order of its predictions.
    """
    images = _with_sizes(catalog, split).set_index("image_id").loc[split["image_id"]]
    is_training = (split["subset"] == "training").to_numpy()
    columns, left_out = choose_columns(images[is_training], classes)
    if not columns:
        return ColumnsBaseline(ColumnsNotes(left_out=left_out, missing=NOTHING_KNOWN), None)
    features = fit_columns(images[is_training], columns).encode(images).astype("float64")
    targets = _read_targets(split, classes)
    has_validation = (split["subset"] == "validation").any()
    chosen_on = (split["subset"] == ("validation" if has_validation else "test")).to_numpy()
    measure = known_loss if targets.ndim == 2 else cross_entropy
    best = None
    for strength in STRENGTHS:
        values = _fit(features[is_training], targets[is_training], len(classes), strength, features)
        loss = measure(targets[chosen_on], values[chosen_on]) if chosen_on.any() else 0.0
        if best is None or loss < best[0]:
            best = loss, strength, values
    assert best is not None
    _, strength, values = best
    rows = split[~is_training].reset_index(drop=True)
    answers = dict(zip(rows["image_id"], values[~is_training], strict=True))
    notes = ColumnsNotes(columns=columns, left_out=left_out, strength=strength)
    if targets.ndim == 1:
        return ColumnsBaseline(notes, prediction_table(rows, list(classes), answers))
    limits = choose_thresholds(findings_table(rows, classes, answers, {}))["thresholds"]
    return ColumnsBaseline(notes, findings_table(rows, classes, answers, limits))


def choose_columns(
    training: pd.DataFrame, classes: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Return which columns are used, and of each other one why not.

    Args:
        training: rows of `Catalog.images`, of the training set alone.
        classes: of the task.
    """
    columns, left_out = [], {}
    names = {_plain(name) for name in classes}
    for name in CANDIDATES:
        known = training[name].dropna()
        if known.empty:
            left_out[name] = "not known of any training image"
        elif known.nunique() == 1 and len(known) == len(training):
            left_out[name] = "the same for all training images"
        elif COLUMNS[name] == "string" and known.map(_plain).isin(names).mean() > 0.5:
            left_out[name] = "names the class itself"
        else:
            columns.append(name)
    return columns, left_out


def write_columns_baseline(run: Run, baseline: ColumnsBaseline) -> None:
    """Keep the baseline in the run folder, from which a report takes its figures."""
    if baseline.table is not None:
        run.write_table(PREDICTIONS, baseline.table)
    run.write_json(NOTES, asdict(baseline.notes))


def add_columns_baseline(run: Run, workspace: Workspace) -> None:
    """Compute the baseline of a finished run anew from its dataset, and keep it in the run folder.

    Raises:
        XrayError: the dataset is gone or has changed, or a file of the run is damaged.
    """
    recipe, split = run.read_recipe(), run.read_split()
    catalog = open_dataset(Path(recipe.data_folder), workspace.cache)
    there = split["image_id"].isin(catalog.images["image_id"])
    write_columns_baseline(run, predict_columns(catalog, split[there], recipe.class_names))


def _plain(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))


def _with_sizes(catalog: Catalog, split: pd.DataFrame) -> pd.DataFrame:
    """Return the images of the split; width and height those of the original where it is known."""
    images = catalog.images[catalog.images["image_id"].isin(split["image_id"])]
    if (images["original_width"].isna() & images["width"].isna()).any():
        images = measure_images(replace(catalog, images=images)).images
    return images.assign(
        **{side: images[f"original_{side}"].fillna(images[side]) for side in ("width", "height")}
    )


def _read_targets(split: pd.DataFrame, classes: Sequence[str]) -> Ints:
    """Return classes, (n,), or of a multi-label task states, (n, n_classes)."""
    if all(STATE + name in split for name in classes):
        return states_of(split, classes)
    return pd.Categorical(split["class"], categories=list(classes)).codes.astype("int64")


def _fit(features: Floats, targets: Ints, n_classes: int, strength: float, every: Floats) -> Floats:
    """Return probabilities of `every`, (n, n_classes), of a regression fitted to the others."""
    if targets.ndim == 1:
        return _regress(features, targets, n_classes, strength, every)
    values = np.empty((len(every), n_classes))
    for k in range(n_classes):
        known = targets[:, k] != UNKNOWN_STATE
        values[:, k] = _regress(features[known], targets[known, k], 2, strength, every)[:, 1]
    return values


def _regress(
    features: Floats, targets: Ints, n_classes: int, strength: float, every: Floats
) -> Floats:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    values = np.zeros((len(every), n_classes))
    shown = np.unique(targets)
    if len(shown) < 2:  # of a finding that all training images have, or none, or nobody knows
        values[:, shown if len(shown) else slice(None)] = 1.0 if len(shown) else 1 / n_classes
        return values
    model = LogisticRegression(C=strength, max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly there is near enough
        model.fit(features, targets)
    values[:, shown] = model.predict_proba(every)
    return values
