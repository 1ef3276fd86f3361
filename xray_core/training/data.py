"""Training data: the dataset read, split, decoded, and dealt out in batches."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.same_picture import gather_copies
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RunError
from xray_core.evaluation.findings import UNKNOWN_STATE
from xray_core.preprocess.cache import ImageCache, open_image_cache
from xray_core.preprocess.lung_masks import LungMasks
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.preprocess.mask_cache import open_mask_cache
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.seen import read_past
from xray_core.runs.starting_weights import check_past, read_record
from xray_core.selection import select_catalog
from xray_core.splits import (
    Copies,
    check_leaks,
    count_leaks,
    count_subsets,
    describe_absent,
    describe_groups,
    describe_unused,
    split_catalog,
)
from xray_core.tasks import STATE, combine_labels, describe_left_out, encode_catalog, find_task
from xray_core.training.combined_labels import CombinedLabels, find_combinations
from xray_core.training.inputs import TrainingBatches
from xray_core.training.losses import find_masses, weigh_findings
from xray_core.training.progress import Progress
from xray_core.training.tabular import fit_columns, read_columns, write_columns
from xray_core.workspace import Workspace


@dataclass(frozen=True)
class Prepared:
    """What a training works on, once the data is read, divided and decoded."""

    catalog: Catalog
    split: pd.DataFrame  # see `splits.split_catalog`; row i is row i of the cache
    cache: ImageCache
    classes: list[str]
    tabular: NDArray[np.float32] | None = None  # row i is row i of the cache
    validates_on_test: bool = False  # whether the test set is watched as the validation set
    masks: NDArray[np.uint8] | None = None  # of a task that asks for them; likewise, 1 inside

    @property
    def multilabel(self) -> bool:
        """Whether an image may have several classes."""
        return all(STATE + name in self.split for name in self.classes)

    @property
    def catalog_rows(self) -> pd.DataFrame:
        """The images of the split in the catalog, in the order of the split."""
        return self.catalog.images.set_index("image_id").loc[self.split["image_id"]]

    def rows(self, subset: str) -> NDArray[np.int64]:
        """Return the cache rows of a subset, those that could not be decoded left out."""
        if subset == "validation" and self.validates_on_test:
            subset = "test"
        return np.flatnonzero((self.split["subset"] == subset).to_numpy() & self.cache.readable)

    def actual(self, rows: NDArray[np.int64]) -> Any:
        """Return what is true of these rows.

        Returns:
            int64, shape (n,): their classes as 0..n_classes-1; of a multi-label task shape
            (n, n_classes): 1 present, 0 absent, -1 unknown; of a task that asks for masks uint8,
            shape (n, size, size).
        """
        if self.masks is not None:
            return self.masks[rows]
        if self.multilabel:
            states = self.split[[STATE + name for name in self.classes]].iloc[rows]
            return states.fillna(UNKNOWN_STATE).to_numpy("int64")
        codes = pd.Categorical(self.split["class"], categories=self.classes).codes
        return codes[rows].astype("int64")


def prepare_data(
    recipe: Recipe, run: Run, workspace: Workspace, progress: Progress, *, resumes: bool
) -> Prepared:
    """Read, divide and decode the dataset of `recipe`, and tell of it in the run folder.

    Args:
        recipe: with its data folder.
        run: written to: split.parquet and data.json, and tabular.json where the model takes
            tabular features.
        workspace: its cache is used.
        progress: told of it; raises StopRequested through it.
        resumes: whether the split is the one that the run has, rather than drawn, and how
            tabular features become numbers is read, rather than fitted.

    Raises:
        XrayError: the folder is no dataset, the selection leaves a class empty, or the split or
            the starting weights leak and the recipe does not allow it.
    """
    progress.update(now=True, step="preparing", message="Reading the dataset.")
    catalog = open_dataset(Path(recipe.data_folder), workspace.cache)
    catalog = select_catalog(catalog, recipe.selection, recipe.task)
    task = find_task(recipe.task)
    targets = encode_catalog(catalog, task)
    copies = _read_copies(catalog, recipe, run, workspace, progress)
    if resumes:
        split = run.read_split()
        # What was allowed when it began goes on; the count is of the files as they are now.
        leaks = count_leaks(split, catalog, copies)
    else:
        split = split_catalog(catalog, targets, recipe.split, copies)
        leaks = check_leaks(split, catalog, recipe.split, copies)
        split["source"] = split["image_id"].map(catalog.images.set_index("image_id")["source"])
        run.write_table("split.parquet", split)
    weights = _check_weights(recipe, split, catalog, run, workspace, resumes=resumes)

    def report_progress(done: int, total: int) -> None:
        progress.update(done=done, total=total, message=f"Decoding images: {done:,} of {total:,}.")

    lungs = find_lung_places(
        recipe.preprocess, catalog, split["image_id"].tolist(), workspace.cache, report_progress
    )
    cache = open_image_cache(
        catalog.root,
        split["path"].tolist(),
        recipe.preprocess,
        workspace.cache / "images",
        report_progress,
        should_stop=run.stop_path.exists,
        lungs=lungs,
    )
    masks = None
    if recipe.asks_masks:
        cache, masks = _add_masks(cache, catalog, split, recipe, run, workspace, progress)
    run.write_json(
        "data.json",
        {
            "folder": recipe.data_folder,
            "remarks": [remark.message for remark in catalog.remarks],
            "unreadable": cache.unreadable.to_dict("records"),
            "grouped_by": describe_groups(catalog, recipe.split),
            "joined": _describe_joined(recipe, copies),
            "groups_in_several_subsets": leaks.groups,
            "leaks": leaks.to_dict(),
            "starting_weights": weights,
            "absent": describe_absent(split, list(targets.columns)),
            "left_out": [
                *describe_left_out(catalog, task, targets),
                *describe_unused(catalog, targets, split, recipe.split),
            ],
            **count_subsets(split, list(targets.columns)),
        },
    )
    data = Prepared(
        catalog,
        split,
        cache,
        list(targets.columns),
        validates_on_test=recipe.split.validate_on_test,
        masks=masks,
    )
    if not recipe.tabular:
        return data
    return replace(data, tabular=_encode_tabular(data, recipe, run, resumes=resumes))


def _check_weights(
    recipe: Recipe,
    split: pd.DataFrame,
    catalog: Catalog,
    run: Run,
    workspace: Workspace,
    *,
    resumes: bool,
) -> dict[str, Any] | None:
    """Return what the starting weights have seen of this split; see `check_past`.

    A run that goes on keeps what was found when it began: the file, or an earlier run, may have
    gone since, and is no longer needed.
    """
    if resumes:
        with suppress(KeyError, RunError):
            return read_record(run)
    past = read_past(recipe, workspace)
    return check_past(past, split, catalog, recipe, workspace) if past else None


def _encode_tabular(
    data: Prepared, recipe: Recipe, run: Run, *, resumes: bool
) -> NDArray[np.float32]:
    """Return the tabular features of each row of the split as numbers."""
    images = data.catalog_rows
    if resumes:
        columns = read_columns(run)
    else:
        columns = fit_columns(images.iloc[data.rows("training")], recipe.tabular)
        write_columns(run, columns)
    return columns.encode(images)


def _add_masks(
    cache: ImageCache,
    catalog: Catalog,
    split: pd.DataFrame,
    recipe: Recipe,
    run: Run,
    workspace: Workspace,
    progress: Progress,
) -> tuple[ImageCache, NDArray[np.uint8]]:
    """Return the cache without images whose mask cannot be read, and the masks, row for row."""

    def report_progress(done: int, total: int) -> None:
        progress.update(done=done, total=total, message=f"Reading masks: {done:,} of {total:,}.")

    masks = open_mask_cache(
        LungMasks(catalog),
        split["image_id"].tolist(),
        recipe.preprocess,
        workspace.cache / "masks",
        report_progress,
        should_stop=run.stop_path.exists,
    )
    paths = split["path"].tolist()
    broken = {row: why for row, why in masks.reasons.items() if cache.readable[row]}
    readable = cache.readable.copy()
    readable[list(masks.reasons)] = False
    added = pd.DataFrame(
        {"path": [paths[row] for row in broken], "reason": list(broken.values())}, dtype="string"
    )
    unreadable = pd.concat([cache.unreadable, added], ignore_index=True)
    return replace(cache, readable=readable, unreadable=unreadable), masks.pixels


def _read_copies(
    catalog: Catalog, recipe: Recipe, run: Run, workspace: Workspace, progress: Progress
) -> Copies | None:
    """Return which images show the same picture: a clean split joins them, others count them.

    None where nobody has read them yet, they are many, and the split does not need it.
    """

    def report_progress(done: int, total: int) -> None:
        progress.update(
            done=done, total=total, message=f"Looking for copies: {done:,} of {total:,} images."
        )

    clean = recipe.split.method == "clean"
    return gather_copies(
        catalog, workspace.cache, report_progress, run.stop_path.exists, needed=clean
    )


def _describe_joined(recipe: Recipe, copies: Copies | None) -> dict[str, int] | None:
    """Return how many copies a clean split has kept together, and how many it could not."""
    if copies is None or recipe.split.method != "clean":
        return None
    return {
        "identical": copies.n_identical,
        "near_identical": len(copies.joined),
        "left_apart": copies.n_left_apart,
    }


def combined_labels(data: Prepared) -> CombinedLabels:
    """Return the combinations of published labels in the training set."""
    labels = combine_labels(data.catalog).set_axis(data.catalog.images["image_id"])
    rows = data.rows("training")
    own = labels.loc[data.split["image_id"].iloc[rows]]
    return find_combinations(own, data.actual(rows))


def training_batches(
    recipe: Recipe, data: Prepared, combined: CombinedLabels | None = None
) -> TrainingBatches:
    """Return the batches of the training set, with combined labels if there are any.

    Raises:
        RunError: no training image of some class is readable.
    """
    rows = data.rows("training")
    if data.masks is not None:
        if not len(rows):
            raise RunError("No training image has a mask that can be read. See the bad files.")
        none = np.zeros((len(rows), 1), "float32")
        return TrainingBatches(
            *(data.cache, rows, none, None, recipe.batch_size, recipe.augment, recipe.seed),
            masks=data.masks,
        )
    actual = data.actual(rows)
    n_classes = len(data.classes)
    balanced, several = recipe.class_weights == "balanced", data.multilabel
    counts = (actual == 1).sum(axis=0) if several else np.bincount(actual, minlength=n_classes)
    if not counts.all():
        missing = ", ".join(np.array(data.classes)[counts == 0])
        raise RunError(f"No readable training image of: {missing}. See the list of bad files.")
    weights = None
    if balanced and not several:
        weights = (counts.sum() / (n_classes * counts)).astype("float32")
    return TrainingBatches(
        data.cache,
        rows,
        find_masses(actual) if several else np.eye(n_classes, dtype="float32")[actual],
        weights,
        recipe.batch_size,
        recipe.augment,
        recipe.seed,
        combined.targets if combined else None,
        balanced=recipe.sampling == "balanced",
        mixup=recipe.mixup,
        tabular=data.tabular,
        finding_weights=weigh_findings(actual) if balanced and several else None,
    )
