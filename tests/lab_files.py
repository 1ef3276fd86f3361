"""Runs of a lab made by hand: recipe, split, drawn predictions and report, without any training."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog, build_catalog
from xray_core.evaluation import build_report
from xray_core.evaluation.report import prediction_table
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.workspace import Workspace

CLEAR, ILL = "Negative for Pneumonia", "Typical Appearance"
N_PATIENTS, N_EACH = 60, 2


def fake_catalog(root: Path, view_tells: bool = True) -> Catalog:
    """Return a catalog of 60 patients with two images each, half of them ill; no file is there.

    Args:
        root: its folder.
        view_tells: whether the ill lay (AP) and the others stood (PA), all but a few.
    """
    rows = []
    for patient in range(N_PATIENTS):
        ill = patient % 2 == 0
        lay = (ill if view_tells else patient % 4 < 2) != (patient % 15 == 0)
        rows += [
            {
                "image_id": f"{patient:02}-{number}",
                "path": f"{patient:02}-{number}.png",
                "patient_id": f"p{patient:02}",
                "study_id": f"s{patient:02}",
                "findings": ILL if ill else CLEAR,
                "view_position": "AP" if lay else "PA",
            }
            for number in range(N_EACH)
        ]
    return build_catalog(root, "siim_covid19", rows)


def write_lab_run(
    workspace: Workspace,
    catalog: Catalog,
    recipe: Recipe,
    name: str,
    skill: float = 0.0,
    state: str = "done",
) -> Run:
    """Write a run of a recipe on a catalog.

    Args:
        workspace: the folders.
        catalog: the dataset.
        recipe: with the settings of the run.
        name: of its folder.
        skill: by how many standard deviations the scores of a class lie apart; 0 is guessing.
        state: "done", or "queued".
    """
    run = Run(workspace.runs / name)
    run.folder.mkdir(parents=True)
    targets = encode_catalog(catalog, find_task(recipe.task))
    own = find_task(recipe.task).classes
    bound = replace(
        recipe,
        dataset=catalog.source,
        data_folder=str(catalog.root),
        classes=() if own else tuple(targets.columns),
    )
    run.write_json("recipe.json", asdict(bound))
    times = {"started_at": "2026-03-01T10:00:00+00:00", "ended_at": "2026-03-01T10:01:00+00:00"}
    run.write_status(Status(state, **(times if state == "done" else {})))
    if state != "done":
        return run
    images = catalog.images.loc[targets.index]
    by = images["patient_id"] if recipe.split.method != "image" else images["image_id"]
    rng = np.random.default_rng(recipe.split.seed)
    chance = dict(zip(by.unique(), rng.permutation(by.nunique()) / by.nunique(), strict=True))
    share = by.map(chance).astype(float)
    split = pd.DataFrame(
        {
            "image_id": images["image_id"],
            "path": images["path"],
            "group": images["patient_id"],
            "class": class_of(targets),
            "subset": np.select([share < 0.3, share < 0.6], ["test", "validation"], "training"),
        }
    ).reset_index(drop=True)
    run.write_table("split.parquet", split)
    classes = list(bound.class_names)
    held = split[split["subset"] != "training"]
    codes = pd.Categorical(held["class"], categories=classes).codes
    noise = np.random.default_rng(recipe.seed).normal(0, 1, len(held))
    score = 1 / (1 + np.exp(-(noise + skill * (codes - 0.5))))
    answers = {
        image_id: np.array([1 - value, value])
        for image_id, value in zip(held["image_id"], score, strict=True)
    }
    table = prediction_table(held, classes, answers)
    run.write_table("predictions.parquet", table)
    report = build_report(table, classes[1], n_rounds=50)
    report["validation"] = build_report(table, classes[1], n_rounds=50, subset="validation")
    run.write_json("report.json", report)
    return run
