"""What a finished run's network sees of its images, computed once and kept with the run.

Other processes read it by `evaluation.nearest`, without Keras.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RunError
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.multilabel import call_findings, read_thresholds
from xray_core.evaluation.nearest import (
    NOBODY,
    TEST,
    TRAINING,
    VALIDATION,
    Features,
    K,
    count_called_unlike,
    find_limit,
    find_nearest,
    read_features,
    shorten,
)
from xray_core.evaluation.neighbours import LABEL, TRAITS, count_alike, list_traits
from xray_core.evaluation.shown import shown_subset
from xray_core.explain.cut import FEATURES, PROBABILITIES, build_with_features
from xray_core.explain.loaded import LoadedRun, check_classes, load_run
from xray_core.explain.places import lay_out
from xray_core.preprocess.cache import ImageCache, open_image_cache
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.explained import stamp_network
from xray_core.runs.features import (
    STEPS,
    About,
    MapNotes,
    read_map,
    write_features,
    write_map,
)
from xray_core.runs.origin import MODEL, read_origin
from xray_core.tasks import STATE, label_in_words
from xray_core.training.inputs import PredictionBatches
from xray_core.training.tabular import read_columns
from xray_core.workspace import Workspace

BATCH_SIZE, BLOCK = 64, 512  # images at once; images between two words on the progress

Report = Callable[[int, int], None]


def compute_features(
    run: Run,
    workspace: Workspace,
    progress: Report | None = None,
    *,
    with_map: bool = False,
) -> Features:
    """Compute what the run's network sees of its images, and keep it; return it.

    What is there already of the same weights and images is not computed again.

    Args:
        run: finished, with a network of its own.
        workspace: its cache is used. Where the test set is closed, its images are left out.
        progress: called with (steps done, of how many); see `runs.features.STEPS`.
        with_map: whether the map of images is drawn as well.

    Returns:
        See `evaluation.nearest`.

    Raises:
        XrayError: the run has no network, its dataset is gone, or a file of it is damaged.
        OSError: the disk refuses.
    """
    check_classes(run)
    subsets = list_subsets(run, workspace)
    known = None
    with suppress(RunError):  # damaged ones are computed anew
        known = read_features(run)
    if known is None or known.about["subsets"] != subsets:
        known = _compute(run, workspace, subsets, progress, with_map)
    elif with_map and not _has_map(run, known.about):
        _step(progress, 3)(0, len(known.images))
        if laid_out := _lay_out(known.vectors, known.images):
            places, notes = laid_out
            write_map(run, places, known.about | {"map": notes})
            known.about["map"] = notes
    return known


def _has_map(run: Run, about: About) -> bool:
    """Whether a map was drawn and can be read; a damaged one is drawn anew."""
    if about["map"] is None:
        return False
    try:
        read_map(run)
    except RunError:
        return False
    return True


def list_subsets(run: Run, workspace: Workspace) -> list[str]:
    """Return the subsets whose images are looked at.

    Of a network from elsewhere nobody knows what it learned from, so it has no training images.
    """
    origin = read_origin(run)
    first = [] if origin is not None and origin.kind == MODEL else [TRAINING]
    there = set(run.read_split()["subset"])
    opened = [TEST] if shown_subset(run, workspace) == TEST else []
    return [name for name in (*first, VALIDATION, *opened) if name in there]


def _compute(
    run: Run, workspace: Workspace, subsets: list[str], progress: Report | None, with_map: bool
) -> Features:
    checkpoint, loaded = stamp_network(run), load_run(run)
    recipe = loaded.recipe
    catalog = open_dataset(Path(recipe.data_folder), workspace.cache)
    split = _choose_rows(run)
    lungs = find_lung_places(
        recipe.preprocess, catalog, split["image_id"].tolist(), workspace.cache
    )
    cache = open_image_cache(
        catalog.root,
        split["path"].tolist(),
        recipe.preprocess,
        workspace.cache / "images",
        _step(progress, 0),
        lungs=lungs,
    )
    wanted = split["subset"].isin(subsets).to_numpy(bool)
    rows = np.flatnonzero(wanted & cache.readable)
    if not len(rows):
        raise RunError(f"{run.name}: none of its images can be read any more.")
    vectors, probabilities = _predict(loaded, catalog, split, cache, rows, _step(progress, 1))
    if stamp_network(run) != checkpoint:
        raise RunError(f"The weights of {run.name} were replaced meanwhile. Compute them again.")
    images = _describe(run, recipe, catalog, split.iloc[rows], probabilities)
    about = About(
        checkpoint=checkpoint,
        subsets=subsets,
        unreadable=int((wanted & ~cache.readable).sum()),
        limit=None,
        called_unlike={},
        alike={},
        map=None,
    )
    features = Features(images, shorten(vectors), about)
    _compare(features, _step(progress, 2))
    places = None
    _step(progress, 3)(0, len(rows))
    if with_map and (laid_out := _lay_out(features.vectors, images)):
        places, about["map"] = laid_out
    write_features(run, vectors, images, about, places)
    return features


def _choose_rows(run: Run) -> pd.DataFrame:
    """Return the rows of the split whose images are prepared: those that the run prepared."""
    split, origin = run.read_split(), read_origin(run)
    if origin is not None and origin.kind == MODEL:
        split = split[split["subset"] != TRAINING]
    return split.reset_index(drop=True)


def _predict(
    loaded: LoadedRun,
    catalog: Catalog,
    split: pd.DataFrame,
    cache: ImageCache,
    rows: NDArray[np.int64],
    progress: Report,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return features, float32 (n, d), and probabilities as the network gives them, (n, c)."""
    progress(0, len(rows))
    model = build_with_features(loaded.model)
    tabular = None
    if loaded.recipe.tabular:
        known = catalog.images.set_index("image_id").loc[split["image_id"]]
        tabular = read_columns(loaded.run).encode(known)
    seen, answers = [], []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        batches = PredictionBatches(cache, block, BATCH_SIZE, tabular=tabular)
        answer: dict[str, Any] = model.predict(batches, verbose=0)
        seen.append(answer[FEATURES].astype("float32"))
        answers.append(answer[PROBABILITIES].astype("float64"))
        progress(start + len(block), len(rows))
    return np.concatenate(seen), np.concatenate(answers)


def _describe(
    run: Run,
    recipe: Recipe,
    catalog: Catalog,
    rows: pd.DataFrame,
    probabilities: NDArray[np.float64],
) -> pd.DataFrame:
    """Return what is known of the images; see `runs.features.write_features`."""
    classes = list(recipe.class_names)
    images = rows[["image_id", "subset", "group"]].astype("string").reset_index(drop=True)
    if recipe.multilabel:
        states = rows[[STATE + name for name in classes]].reset_index(drop=True)
        present = states.fillna(0).to_numpy("int64") == 1
        images["label"] = pd.Series(label_in_words(present, classes), dtype="string")
        images = images.join(states)
        thresholds = read_thresholds(run)
        called = call_findings(
            probabilities, classes, thresholds["thresholds"] if thresholds else {}
        )
        said = label_in_words(called, classes)
    else:
        images["label"] = rows["class"].astype("string").to_numpy()
        if calibration := read_calibration(run):
            probabilities = calibration.apply(probabilities)
        said = np.array(classes, dtype=object)[predict_classes(probabilities)]
    # The run's own predictions count, which may be means of an image and its mirror.
    own = run.read_predicted().drop_duplicates("image_id").set_index("image_id")["predicted"]
    images["predicted"] = (
        images["image_id"].map(own).astype("string").fillna(pd.Series(said, dtype="string"))
    )
    images["nearest"] = pd.Series(pd.NA, index=images.index, dtype="string")
    images["distance"] = np.nan
    known = catalog.images.drop_duplicates("image_id").set_index("image_id")
    traits = list_traits(known.reindex(images["image_id"]).reset_index())
    return images.join(traits)


def _compare(features: Features, progress: Report) -> None:
    """Find the nearest training image of each other image, and measure what follows."""
    images, about = features.images, features.about
    others = np.flatnonzero((images["subset"] != TRAINING).to_numpy(bool))
    nearest = images["nearest"].to_numpy(object)
    distances = images["distance"].to_numpy("float64").copy()
    for start in range(0, len(others), BLOCK):
        block = others[start : start + BLOCK]
        places, near = find_nearest(
            features, features.vectors[block], K, images["group"].iloc[block].tolist()
        )
        if places.shape[1]:
            first = places[:, 0]
            names = images["image_id"].to_numpy(object)[first]
            names[first == NOBODY] = None
            nearest[block] = names
            distances[block] = near[:, -1]
        progress(start + len(block), len(others))
    images["nearest"] = pd.Series(nearest, dtype="string")
    images["distance"] = np.where(np.isfinite(distances), distances, np.nan)
    held = images.loc[images["subset"] == VALIDATION, "distance"].to_numpy("float64")
    about["limit"] = find_limit(held)
    about["called_unlike"] = {**count_called_unlike(images, about["limit"])}
    kept = [LABEL, *(name for name in TRAITS if name in images)]
    about["alike"] = {column: count_alike(images, column) for column in kept}


def _lay_out(
    vectors: NDArray[np.float32], images: pd.DataFrame
) -> tuple[pd.DataFrame, MapNotes] | None:
    """Return the table of the map, and how it was made; None of too few images."""
    laid_out = lay_out(vectors, images["group"].to_numpy(object))
    if laid_out is None:
        return None
    drawn, points, notes = laid_out
    names = images["image_id"].to_numpy(object)[drawn]
    table = pd.DataFrame({"image_id": pd.array(names, dtype="string")})
    return table.assign(x=points[:, 0], y=points[:, 1]), notes


def _step(progress: Report | None, number: int) -> Report:
    """Return a function that says how far the step `number`, from 0, of `STEPS` is."""

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(number * total + done, len(STEPS) * total)

    return report
