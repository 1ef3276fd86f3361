"""Earlier runs for the tests of starting weights: folders made by hand, on films of noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.datasets.fakes import write_image
from xray_core.datasets import open_dataset
from xray_core.datasets.phantom import COLUMN_OF
from xray_core.home import Home
from xray_core.labels import encode_catalog, find_view
from xray_core.recipes import PUBLISHED, Recipe, bind_recipe
from xray_core.runs import Run, Status, create_run
from xray_core.splits import split_catalog

DEMO = PUBLISHED["demo_cnn"]
APPEARANCES = list(COLUMN_OF.values())


def write_films(folder: Path, n_patients: int = 60, seed: int = 0) -> Path:
    """Write films of noise in the layout of SIIM, one to three of each patient, all different."""
    rng = np.random.default_rng(seed)
    images, studies, sizes, patients = [], [], [], []
    for patient in range(n_patients):
        study = f"{seed:04x}{patient:08x}"
        studies.append((f"{study}_study", *(int(patient % 4 == kind) for kind in range(4))))
        for film in range(rng.integers(1, 4)):
            name = f"{seed:02x}{patient:08x}{film:02x}"
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


def split_of(recipe: Recipe, data: Path, home: Home) -> pd.DataFrame:
    """Return the split that a training of `recipe` draws."""
    catalog = open_dataset(data, home.cache)
    return split_catalog(
        catalog, encode_catalog(catalog, find_view(recipe.label_view)), recipe.split
    )


def finish_run(recipe: Recipe, data: Path, home: Home, split: pd.DataFrame | None = None) -> Run:
    """Write what a finished training of `recipe` leaves, with a checkpoint of its own."""
    run = create_run(bind_recipe(recipe, open_dataset(data, home.cache)), home.runs)
    run.write_table("split.parquet", split_of(recipe, data, home) if split is None else split)
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.write_bytes(f"The weights of {run.name}.".encode())
    run.write_status(Status("done"))
    return run


def seen_by(run: Run, *parts: str) -> set[str]:
    """Return the images of these parts of a run."""
    split = run.read_split()
    return set(split.loc[split["part"].isin(parts), "image_id"])


def with_split(recipe: Recipe = DEMO, **changes: object) -> Recipe:
    """Return `recipe` with another split."""
    return replace(recipe, split=replace(recipe.split, **changes))  # type: ignore[arg-type]
