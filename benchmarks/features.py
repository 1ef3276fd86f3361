"""How long a phase with a frozen base takes: its features computed once, or anew in each epoch.

    python -m benchmarks.features [FILMS]

Films are drawn; MobileNetV2 0.35 with random weights is trained on three quarters of them and
judged on the others, as a run does it: metric log, validation, checkpoints. Both sides take turns.
The time is that of the whole phase, the tracing of its graphs included.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from xray_core.datasets import open_dataset
from xray_core.datasets.phantom import write_phantom_dataset
from xray_core.models import build_model
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, Status
from xray_core.training import phases
from xray_core.training.checkpoint import Position
from xray_core.training.data import Prepared, training_batches
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.inputs import PredictionBatches
from xray_core.training.phases import fit_phases
from xray_core.training.progress import Progress
from xray_core.training.recorder import Recorder

SIZE, EPOCHS, ROUNDS, FILMS = 224, 10, 3, 1200
CLASSES = ["one", "other"]


def make_recipe() -> Recipe:
    """Return ten frozen epochs without augmentation."""
    recipe = PUBLISHED["siim_mobilenet_opacity"]
    return replace(
        recipe,
        preprocess=replace(recipe.preprocess, size=SIZE),
        augment=AugmentSpec(),
        finer_targets=False,
        phases=(Phase("head", EPOCHS, trainable="head"),),
    )


def prepare(folder: Path, recipe: Recipe, n_films: int) -> Prepared:
    """Draw and decode films; every fourth is for validation."""
    write_phantom_dataset(folder / "data", n_films, size=SIZE, seed=0)
    catalog = open_dataset(folder / "data", folder / "catalogs")
    paths = catalog.images["path"].tolist()
    images = open_image_cache(catalog.root, paths, recipe.preprocess, folder / "images")
    number = np.arange(len(paths))
    split = pd.DataFrame(
        {
            "image_id": catalog.images["image_id"],
            "class": pd.Categorical.from_codes(number // 4 % 2, CLASSES),
            "part": pd.Categorical(np.where(number % 4, "train", "validation")),
        }
    )
    return Prepared(catalog, split, images, CLASSES)


def make_images_differ(base: Any) -> None:
    """Give the normalisation of `base` weights and statistics under which all features count."""
    rng = np.random.default_rng(1)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            ranges = ((1.0, 2.0), (-0.5, 0.5), (-0.1, 0.1), (0.1, 0.5))
            layer.set_weights([rng.uniform(low, high, shape) for low, high in ranges])


def train(folder: Path, recipe: Recipe, data: Prepared) -> float:
    """Return the seconds of the phase: all epochs with their validation, and the features."""
    run, rows = Run(folder), data.rows("validation")
    run.write_status(Status("queued", n_epochs=EPOCHS))
    keras.utils.set_random_seed(0)
    training = training_batches(recipe, data)
    recorder = Recorder(
        run,
        Progress(run),
        training,
        PredictionBatches(data.cache, rows, 64),
        data.actual(rows),
        data.split["image_id"].iloc[rows].tolist(),
        CLASSES,
        Position(),
    )
    model = build_model("mobilenet_v2", len(CLASSES), SIZE, alpha=0.35)
    make_images_differ(model.get_layer("base"))
    fuse_batch_norm(model)  # as a training does without a GPU
    began = time.perf_counter()
    fit_phases(model, recipe, run, training, recorder, on_gpu=False, resumes=False)
    return time.perf_counter() - began


def largest_difference(one: Path, other: Path) -> float:
    """Return the largest difference of two trainings' variables, of model and optimizer."""
    paths = (Run(folder).last_checkpoint for folder in (one, other))
    first, second = (np.load(path) for path in paths)
    names = [name for name in first.files if name != "position"]
    return max(float(np.abs(first[name] - second[name]).max(initial=0.0)) for name in names)


def main() -> None:
    """Print the seconds of both sides and their ratio."""
    n_films = int(sys.argv[1]) if len(sys.argv) > 1 else FILMS
    recipe, cut_model = make_recipe(), phases.cut_model
    seconds: dict[str, list[float]] = {"anew in each epoch": [], "once (ours)": []}
    with tempfile.TemporaryDirectory() as place:
        data = prepare(Path(place), recipe, n_films)
        for turn in range(ROUNDS):
            for name, found in seconds.items():
                phases.cut_model = cut_model if name.startswith("once") else _never
                found.append(train(Path(place) / f"{name} {turn}", recipe, data))
        difference = largest_difference(*(Path(place) / f"{name} 0" for name in seconds))
    print(f"{n_films} films\n\n| features computed | s, median (all) |\n|---|---|")
    for name, found in seconds.items():
        each = ", ".join(f"{one:.1f}" for one in found)
        print(f"| {name} | {statistics.median(found):.1f} ({each}) |")
    plain, once = (statistics.median(found) for found in seconds.values())
    print(f"\nratio {plain / once:.1f}, largest difference of a weight {difference:.1e}")


def _never(*_: Any) -> tuple[None, str]:
    return None, "the benchmark compares"


if __name__ == "__main__":
    main()
