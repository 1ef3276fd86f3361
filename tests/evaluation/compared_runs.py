"""Finished runs made by hand, of few images, to be compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from tests.run_files import report_of
from xray_core.evaluation.report import prediction_table
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run, Status, Submission
from xray_core.workspace import Workspace

CLASSES = list(PUBLISHED["demo_cnn"].class_names)
RECIPE = replace(PUBLISHED["demo_cnn"], data_folder="/data/demo")


def recipe_of(**changes: Any) -> Recipe:
    """Return the recipe with some fields changed, dots written as two underscores."""
    return change_recipe(RECIPE, {key.replace("__", "."): value for key, value in changes.items()})


def write_finished(
    workspace: Workspace,
    name: str,
    answers: Mapping[str, Sequence[float]],
    recipe: Recipe = RECIPE,
    *,
    truth: str = "0101",
    n_trained: int = 4,
    patients: str = "",
) -> Run:
    """Write a run that is done.

    Args:
        workspace: the folders.
        name: of the run, also its nickname.
        answers: subset -> the probability of the second class, of each of its images; NaN where
            there is none. An image is called by its subset and its number, such as "test 2".
        recipe: of the run.
        truth: the class of each image of a subset, over and over.
        n_trained: images of the training set.
        patients: whose image each is, over and over; "" for a patient an image.
    """
    run = Run(workspace.runs / name)
    run.folder.mkdir(parents=True)
    run.write_json("recipe.json", json.loads(json.dumps(asdict(recipe))))
    sizes = {subset: len(values) for subset, values in answers.items()} | {"training": n_trained}
    rows = [
        {
            "image_id": f"{subset} {n}",
            "path": f"{subset} {n}.png",
            "group": f"{subset} {patients[n % len(patients)] if patients else n}",
            "class": CLASSES[int(truth[n % len(truth)])],
            "subset": subset,
        }
        for subset, size in sizes.items()
        for n in range(size)
    ]
    split = pd.DataFrame(rows).astype("string")
    said = {
        f"{subset} {n}": np.array([1 - p, p])
        for subset, values in answers.items()
        for n, p in enumerate(values)
        if p == p  # a number
    }
    table = prediction_table(split[split["subset"] != "training"], CLASSES, said)
    run.write_table("split.parquet", split)
    run.write_table("predictions.parquet", table)
    evaluated = "test" if "test" in answers else "validation"
    run.write_json("report.json", report_of([[3, 1], [1, 9]], CLASSES, evaluated))
    run.write_submission(Submission(nickname=name))
    run.write_status(Status("done", created_at="2026-03-01T10:00:00+00:00"))
    return run
