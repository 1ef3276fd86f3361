"""How long a phase with a frozen base takes: its features computed once, or anew in each epoch.

    python -m benchmarks.features [mobilenet_v2 | xception [IMAGES]]

Images are drawn; MobileNetV2 0.35 at 224 px, or Xception at 299 px, with random weights is trained
on three quarters of them and evaluated on the others, as a run does it: metric log, validation,
checkpoints. Both sides take turns. The time is that of the whole phase, the tracing of its graphs
included.
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
from xray_core.models import build_model
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, Status
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.training import phases
from xray_core.training.checkpoint import TrainingState
from xray_core.training.data import Prepared, training_batches
from xray_core.training.freezing import inner_layers
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.inputs import PredictionBatches
from xray_core.training.phases import fit_phases
from xray_core.training.progress import Progress
from xray_core.training.recorder import Recorder

EPOCHS = 10
# Network -> its options, px, images, rounds.
CASES: dict[str, tuple[dict[str, float], int, int, int]] = {
    "mobilenet_v2": ({"alpha": 0.35}, 224, 1200, 3),
    "xception": ({}, 299, 400, 1),
}
CLASSES = ["one", "other"]


def make_recipe(name: str) -> Recipe:
    """Return ten frozen epochs without augmentation."""
    recipe = PUBLISHED["siim_mobilenet_opacity"]
    options, size, _, _ = CASES[name]
    return replace(
        recipe,
        model=name,
        model_options=options,
        weights="random",
        preprocess=replace(recipe.preprocess, size=size),
        augment=AugmentSpec(),
        combined_labels=False,
        phases=(Phase("head", EPOCHS, trainable="head"),),
    )


def prepare(folder: Path, recipe: Recipe, n_images: int) -> Prepared:
    """Draw and decode images; every fourth is for validation."""
    write_synthetic_dataset(folder / "data", n_images, size=recipe.preprocess.size, seed=0)
    catalog = open_dataset(folder / "data", folder / "catalogs")
    paths = catalog.images["path"].tolist()
    images = open_image_cache(catalog.root, paths, recipe.preprocess, folder / "images")
    number = np.arange(len(paths))
    split = pd.DataFrame(
        {
            "image_id": catalog.images["image_id"],
            "class": pd.Categorical.from_codes(number // 4 % 2, CLASSES),
            "subset": pd.Categorical(np.where(number % 4, "training", "validation")),
        }
    )
    return Prepared(catalog, split, images, CLASSES)


def make_images_differ(base: Any) -> None:
    """Give the normalisation of `base` weights and statistics under which all features count."""
    rng = np.random.default_rng(1)
    for layer in inner_layers(base):
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
        TrainingState(),
    )
    size = recipe.preprocess.size
    model = build_model(recipe.model, len(CLASSES), size, **recipe.model_options)
    make_images_differ(model.get_layer("base"))
    fuse_batch_norm(model)  # as a training does without a GPU
    began = time.perf_counter()
    fit_phases(model, recipe, run, training, recorder, on_gpu=False, resumes=False)
    return time.perf_counter() - began


def largest_difference(first_folder: Path, second_folder: Path) -> float:
    """Return the largest difference of two trainings' variables, of model and optimizer."""
    paths = (Run(folder).last_checkpoint for folder in (first_folder, second_folder))
    first, second = (np.load(path) for path in paths)
    names = [name for name in first.files if name != "position"]
    return max(float(np.abs(first[name] - second[name]).max(initial=0.0)) for name in names)


def main() -> None:
    """Print the seconds of both sides and their ratio."""
    name = sys.argv[1] if len(sys.argv) > 1 else "mobilenet_v2"
    _, size, n_images, n_rounds = CASES[name]
    n_images = int(sys.argv[2]) if len(sys.argv) > 2 else n_images
    recipe, cut_model = make_recipe(name), phases.cut_model
    seconds: dict[str, list[float]] = {"anew in each epoch": [], "once (ours)": []}
    with tempfile.TemporaryDirectory() as place:
        data = prepare(Path(place), recipe, n_images)
        for turn in range(n_rounds):
            for way, durations in seconds.items():
                phases.cut_model = cut_model if way.startswith("once") else _never
                durations.append(train(Path(place) / f"{way} {turn}", recipe, data))
        difference = largest_difference(*(Path(place) / f"{way} 0" for way in seconds))
    print(f"{name}, {n_images} images, {size} px\n")
    print("| features computed | s, median (all) |\n|---|---|")
    for way, durations in seconds.items():
        each = ", ".join(f"{duration:.1f}" for duration in durations)
        print(f"| {way} | {statistics.median(durations):.1f} ({each}) |")
    plain, once = (statistics.median(durations) for durations in seconds.values())
    print(f"\nratio {plain / once:.1f}, largest difference of a weight {difference:.1e}")


def _never(*_: Any) -> tuple[None, str]:
    return None, "the benchmark compares"


if __name__ == "__main__":
    main()
