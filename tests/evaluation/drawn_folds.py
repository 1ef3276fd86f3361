"""A cross-validation without a training: real folds of drawn data, predictions made by hand."""

import shutil
from collections.abc import Collection
from dataclasses import asdict

import numpy as np
import pandas as pd

from xray_core.datasets import open_dataset
from xray_core.evaluation.doubts.folds import list_fold_recipes
from xray_core.evaluation.report import build_report, prediction_table
from xray_core.jobs.submit import check_recipe
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.runs import Run, Status, Submission
from xray_core.splits import split_catalog
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import encode_catalog, find_task
from xray_core.workspace import Workspace

N_IMAGES, N_FOLDS = 60, 3
SWEEP = "20260302-090000-demo_cnn-abcd"
TIMES = {"started_at": "2026-03-02T09:00:00+00:00", "ended_at": "2026-03-02T09:01:00+00:00"}


def draw_data(workspace: Workspace) -> None:
    """Draw the demo data of a workspace, unless it is there."""
    if not workspace.demo_data.exists():
        write_synthetic_dataset(workspace.demo_data, N_IMAGES, size=64, seed=1)


def write_run(workspace: Workspace, recipe: Recipe, name: str, wrong: Collection[str] = ()) -> Run:
    """Write a finished run of a recipe, sure and right but for the images in `wrong`."""
    recipe = check_recipe(recipe, workspace.demo_data, workspace)
    catalog = open_dataset(workspace.demo_data, workspace.cache)
    classes = list(recipe.class_names)
    targets = encode_catalog(catalog, find_task(recipe.task))
    split = split_catalog(catalog, targets, recipe.split, read_files=False)
    rows = split[split["subset"] != "training"].reset_index(drop=True)
    codes = pd.Categorical(rows["class"], categories=classes).codes
    rng, said = np.random.default_rng(len(name)), {}
    for image_id, code in zip(rows["image_id"], codes, strict=True):
        at_code = rng.uniform(0.01, 0.03) if image_id in wrong else rng.uniform(0.85, 0.97)
        values = np.full(len(classes), (1 - at_code) / (len(classes) - 1))
        values[code] = at_code
        said[image_id] = values
    table = prediction_table(rows, classes, said)
    run = Run(workspace.runs / name)
    run.write_json("recipe.json", asdict(recipe))
    run.write_status(Status("done", **TIMES))
    run.write_table("split.parquet", split)
    run.write_table("predictions.parquet", table)
    report = build_report(table[table["subset"] == "test"], classes[1], n_rounds=20)
    held = table[table["subset"] == "validation"]
    run.write_json("report.json", report | {"validation": build_report(held, classes[1], 20)})
    return run


def write_folds(
    workspace: Workspace,
    wrong: Collection[str] = (),
    recipe: Recipe = PUBLISHED["demo_cnn"],
    n_folds: int = N_FOLDS,
    sweep: str = SWEEP,
) -> list[Run]:
    """Write the runs of a cross-validation, whose networks answer otherwise for `wrong` alone."""
    draw_data(workspace)
    runs = []
    for fold, one in enumerate(list_fold_recipes(recipe, n_folds), 1):
        run = write_run(workspace, one, f"{sweep[:15]}-demo_cnn-{fold}", wrong)
        run.write_submission(Submission("ann", sweep=sweep, nickname=f"calm otter {fold}"))
        runs.append(run)
    return runs


def copy_folds(drawn: Workspace, workspace: Workspace) -> None:
    """Copy the runs of a workspace into another one, whose demo data is the same."""
    shutil.copytree(drawn.runs, workspace.runs)
    for run in workspace.runs.iterdir():
        text = (run / "recipe.json").read_text(encoding="utf-8")
        moved = text.replace(str(drawn.demo_data), str(workspace.demo_data))
        (run / "recipe.json").write_text(moved, encoding="utf-8")


def list_images(workspace: Workspace) -> list[str]:
    """Return the ids of the demo images."""
    return list(open_dataset(workspace.demo_data, workspace.cache).images["image_id"])
