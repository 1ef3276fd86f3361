"""A table of predictions as a run: which images count, and the folder that keeps it all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.audit.issue import count_of
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RunError
from xray_core.evaluation.elsewhere.table import Given, read_predictions
from xray_core.evaluation.untrained import NO_PHASES, Untrained, write_untrained
from xray_core.paths import open_file
from xray_core.recipes import Recipe, bind_recipe, recipes_for
from xray_core.runs import Run
from xray_core.runs.origin import PREDICTIONS, Origin, name_predictions
from xray_core.splits import (
    SUBSETS,
    SplitSpec,
    describe_absent,
    describe_groups,
)
from xray_core.splits.as_said import split_as_said
from xray_core.tasks import describe_left_out, encode_catalog, find_task
from xray_core.workspace import Workspace

QUICK = "quick_cnn"  # the recipe for any dataset, whose fields stand where none has a meaning
ALL_TESTED = "Which images are tested, the file says: all that it has are the test set"
AS_SAID = "Which image is in which subset, the file says"


@dataclass(frozen=True)
class Division:
    """Which image is in which subset.

    Attributes:
        split: as `splits.split_catalog` returns it.
        words: who says so, a sentence without its full stop.
        spec: the method, where one divided.
    """

    split: pd.DataFrame
    words: str
    spec: SplitSpec


def create_predictions(
    file: Path,
    folder: Path,
    task: str,
    workspace: Workspace,
    template: Run | None = None,
    by_hand: Mapping[str, str] | None = None,
    subset_column: str = "",
    title: str = "",
    name: str = "",
    by: str = "",
) -> Run:
    """Evaluate a table of predictions like a run; return the run.

    Args:
        file: see `table.read_predictions`.
        folder: of the dataset.
        task: what was predicted, of that dataset.
        workspace: the folders.
        template: a run with the same split; without one the table says which image is in which
            subset, and if it does not, all of its images are the test set.
        by_hand: column -> class.
        subset_column: of the table; "" to look for one.
        title: name of the file, where it is kept under another.
        name: what to call the run; "" for the file's name.
        by: who asked.

    Raises:
        XrayError: the folder is no dataset, the task not its own, the file no such table, or none
            of its images is evaluated.
    """
    catalog = open_dataset(folder, workspace.cache)
    recipe = describe_elsewhere(catalog, task)
    division = split_like(template, recipe) if template is not None else None
    classes = list(recipe.class_names)
    given = read_predictions(
        file, catalog, classes, by_hand, subset_column, multilabel=recipe.multilabel
    )
    targets = encode_catalog(catalog, find_task(task))
    division = division or _divide(given, catalog, targets)
    remarks = [*given.remarks, f"{division.words}.", *_count(given, division, catalog, targets)]
    called = title or file.name
    origin = Origin(
        PREDICTIONS,
        name_predictions(called),
        file=called,
        sha256=digest_file(file),
        by=by,
        remarks=tuple(remarks),
        unchecked=True,
        as_said=template is None,
    )
    parts = Untrained(
        recipe=replace(
            recipe, name=PREDICTIONS, title=origin.words, source=called, split=division.spec
        ),
        origin=origin,
        split=division.split,
        answers=given.answers,
        data=describe_data(catalog, task, targets, division.split, division.spec),
        nickname=name or called,
        files={f"given{''.join(file.suffixes[-2:])}": file},
    )
    return write_untrained(parts, workspace)


def describe_elsewhere(catalog: Catalog, task: str) -> Recipe:
    """Return what recipe.json says where nothing was trained: data, task and classes.

    Raises:
        LabelError: the task is not one of the dataset's.
    """
    if find_task(task).dataset != catalog.source:
        encode_catalog(catalog, find_task(task))  # which says what fits
    recipe = bind_recipe(recipes_for(catalog.source, task)[QUICK], catalog)
    return replace(
        recipe,
        about="",
        phases=NO_PHASES,
        selected_epoch="last",
        published={},
        parent="",
        changes={},
    )


def describe_data(
    catalog: Catalog, task: str, targets: pd.DataFrame, split: pd.DataFrame, spec: SplitSpec
) -> dict[str, Any]:
    """Return what data.json says of the dataset and its division."""
    n_subsets = split.groupby("group")["subset"].nunique()
    return {
        "folder": str(catalog.root.resolve()),
        "remarks": [remark.message for remark in catalog.remarks],
        "unreadable": [],
        "grouped_by": describe_groups(catalog, spec),
        "groups_in_several_subsets": int((n_subsets > 1).sum()),
        "absent": describe_absent(split, list(targets.columns)),
        "left_out": describe_left_out(catalog, find_task(task), targets),
    }


def digest_file(file: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with open_file(file) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def split_like(run: Run, recipe: Recipe) -> Division:
    """Return the division of a run, where it is of the same data and task.

    Raises:
        RunError: it is of others.
    """
    own = run.read_recipe()
    if (own.data_folder, own.task) != (recipe.data_folder, recipe.task):
        raise RunError(
            f"{run.read_nickname()} is of the task {own.task} on {own.data_folder}, not of "
            f"{recipe.task} on {recipe.data_folder}. Choose a run of the same."
        )
    return Division(run.read_split(), f"Divided as {run.read_nickname()}", own.split)


def _divide(given: Given, catalog: Catalog, targets: pd.DataFrame) -> Division:
    """Return the division that the table names; all of its images are tested if it names none."""
    said = given.subsets
    words = AS_SAID if said is not None else ALL_TESTED
    if said is None:
        said = dict.fromkeys(given.answers, "test")
    # An image without a prediction is in a subset all the same, where the table puts it there.
    split = split_as_said(catalog, targets, pd.Series(said, dtype="object"))
    spec = SplitSpec()
    if not (split["subset"] == "validation").any():
        words += ", and there is no validation set on which anything could be chosen"
    return Division(split, words, spec)


def _count(given: Given, division: Division, catalog: Catalog, targets: pd.DataFrame) -> list[str]:
    """Return sentences on predictions that are not evaluated, and images without one.

    Raises:
        RunError: none is evaluated.
    """
    split, remarks = division.split, []
    subset = split.set_index("image_id")["subset"].astype("object")
    images = catalog.images.set_index("image_id")
    labelled = set(catalog.images["image_id"][catalog.images.index.isin(targets.index)])
    here = set(catalog.present["image_id"])
    place = pd.Series({name: subset.get(name) for name in given.answers}, dtype="object")
    ids = place.index
    known = ids.isin(images.index)
    reasons = {
        "their file is not here": known & ~ids.isin(here),
        "they have no label for the task": known & ids.isin(here) & ~ids.isin(labelled),
        "they are in the training set": (place == "training").to_numpy(),
    }
    counted = reasons["their file is not here"] | reasons["they have no label for the task"]
    reasons["they are in no subset"] = place.isna().to_numpy() & ~counted
    for why, rows in reasons.items():
        if n := int(rows.sum()):
            remarks.append(
                f"{count_of(n, 'prediction')} not evaluated, such as {ids[rows][0]}: {why}."
            )
    for name in SUBSETS[1:]:
        own = subset.index[subset == name]
        if n := int((~own.isin(ids)).sum()):
            remarks.append(f"{count_of(n, 'image')} of the {name} set without a prediction.")
    if not place.isin(SUBSETS[1:]).any():
        raise RunError(
            "None of the predictions is of an image of the validation or test set. "
            + " ".join(remarks)
        )
    return remarks
