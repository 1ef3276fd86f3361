"""A synthetic NIH folder: 60 images of 30 patients, who tell as much as their images."""

from pathlib import Path

import numpy as np

from tests.datasets.fakes import write_image
from xray_core.recipes import PUBLISHED, Recipe, change_recipe

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position"
)
N_PATIENTS, N_IMAGES = 30, 2
CHANGES = {
    "task": "nih_abnormal",
    "preprocess.size": 32,
    "phases.train.epochs": 2,
    "batch_size": 8,
    "split.validation": 0.25,
    "split.test": 0.25,
}


def tiny_dual() -> Recipe:
    """Return the dual recipe, small enough for a test."""
    return change_recipe(PUBLISHED["xnet_dual"], CHANGES)


def draw_nih(folder: Path) -> None:
    """Draw the folder: ages, genders and views of some are unknown, and no image is wanting."""
    rng = np.random.default_rng(0)
    lines = [HEADER]
    for patient in range(1, N_PATIENTS + 1):
        ill = patient % 2 == 0
        age = "" if patient % 7 == 0 else str(int(rng.normal(70 if ill else 40, 8)))
        gender = "" if patient % 5 == 0 else "FM"[int(rng.integers(2))]
        view = "AP" if ill else "PA"
        for image in range(N_IMAGES):
            name = f"{patient:08d}_{image:03d}.png"
            finding = "Mass|Nodule" if ill else "No Finding"
            lines.append(f"{name},{finding},{image},{patient},{age},{gender},{view}")
            write_image(folder / "images" / name, (40, 40), seed=10 * patient + image)
    (folder / "Data_Entry_2017_v2020.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
