"""Earlier runs for the tests of starting weights: folders made by hand, on images of noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.datasets.fakes import write_image
from xray_core.datasets import open_dataset
from xray_core.recipes import PUBLISHED, Recipe, bind_recipe
from xray_core.runs import Run, Status, create_run
from xray_core.splits import split_catalog
from xray_core.synthetic.dataset import COLUMN_OF
from xray_core.tasks import encode_catalog, find_task
from xray_core.workspace import Workspace

DEMO = PUBLISHED["demo_cnn"]
APPEARANCES = list(COLUMN_OF.values())


def write_images(folder: Path, n_patients: int = 60, seed: int = 0) -> Path:
    """Write images of noise in the layout of SIIM, one to three of each patient, all different."""
    rng = np.random.default_rng(seed)
    images, studies, sizes, patients = [], [], [], []
    for patient in range(n_patients):
        study = f"{seed:04x}{patient:08x}"
        studies.append((f"{study}_study", *(int(patient % 4 == kind) for kind in range(4))))
        for image in range(rng.integers(1, 4)):
            name = f"{seed:02x}{patient:08x}{image:02x}"
            images.append((f"{name}_image", "", "none 1 0 0 1 1", study))
            sizes.append((name, 8, 12, "train"))
            patients.append((name, study, f"patient{seed}-{patient}"))
            write_image(folder / f"train/{name}.png", seed=10_000 * seed + len(images))
    for name, columns, rows in (
        ("train_image_level", ("id", "boxes", "label", "StudyInstanceUID"), images),
        ("train_study_level", ("id", *APPEARANCES), studies),
        ("meta", ("image_id", "dim0", "dim1", "split"), sizes),
        ("patients", ("imageid", "studyid", "patientid"), patients),
    ):
        pd.DataFrame(rows, columns=list(columns)).to_csv(folder / f"{name}.csv", index=False)
    return folder


def split_of(recipe: Recipe, data: Path, workspace: Workspace) -> pd.DataFrame:
    """Return the split that a training of `recipe` draws."""
    catalog = open_dataset(data, workspace.cache)
    return split_catalog(catalog, encode_catalog(catalog, find_task(recipe.task)), recipe.split)


def finish_run(
    recipe: Recipe, data: Path, workspace: Workspace, split: pd.DataFrame | None = None
) -> Run:
    """Write what a finished training of `recipe` leaves, with a checkpoint of its own."""
    run = create_run(bind_recipe(recipe, open_dataset(data, workspace.cache)), workspace.runs)
    run.write_table("split.parquet", split_of(recipe, data, workspace) if split is None else split)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.write_bytes(f"The weights of {run.name}.".encode())
    run.write_status(Status("done"))
    return run


def seen_by(run: Run, *subsets: str) -> set[str]:
    """Return the images of these subsets of a run."""
    split = run.read_split()
    return set(split.loc[split["subset"].isin(subsets), "image_id"])


def with_split(recipe: Recipe = DEMO, **changes: object) -> Recipe:
    """Return `recipe` with another split."""
    return replace(recipe, split=replace(recipe.split, **changes))  # type: ignore[arg-type]
