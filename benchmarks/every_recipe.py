"""Whether every recipe trains: one short epoch a phase on a drawn dataset of its layout.

    python -m benchmarks.every_recipe [--step] [NAME ...]

Images are noise, as small as the network takes, one epoch a phase, batches of 32, random weights in
the place of ImageNet's; all else is the recipe's: network, head, phases, optimizer, split, task,
what it begins with. Without names those of the thesis, of the notebooks, of X-Net and of NIH's
findings, and our own. `--step` runs operations one by one on TensorFlow instead of compiling each
phase, which takes longer than to train it. With KERAS_BACKEND=jax the same on JAX.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.datasets.fakes import write_image
from tests.runs.earlier import write_images
from xray_core.datasets.union import create_union
from xray_core.jobs.submit import check_recipe
from xray_core.models import MODELS
from xray_core.recipes import ANY_DATASET, CORRECTED, PUBLISHED, Recipe
from xray_core.runs import Run, create_run
from xray_core.splits import SUBSETS
from xray_core.tasks.table import NIH_CLASSES
from xray_core.workspace import Workspace

SIZE, BATCH = 32, 32  # px where the network takes so few; images
N_IMAGES, FEW_CLASSES = 64, 4  # of the networks that take larger images, where classes are few
FINDINGS = [*(names[0] for names in NIH_CLASSES.values()), "No Finding"]
UNCHANGED = "tang2020"  # tried by the tests of every recipe
RADIOGRAPHY = ("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia")
HEAD = "| recipe | network | phases | images (training, validation, test) | s | result |\n"


def draw_siim(folder: Path) -> None:
    """Draw the SIIM layout: about 80 images of 40 patients, each study of one appearance.

    The last fifth has ids that begin with "f": only ids of the end are in the thesis' test set.
    """
    write_images(folder, n_patients=40)
    names = sorted(path.stem for path in (folder / "train").iterdir())
    tested = {name: f"f{name[1:]}" for name in names[-len(names) // 5 :]}
    for name, changed in tested.items():
        (folder / f"train/{name}.png").rename(folder / f"train/{changed}.png")
    for path in folder.glob("*.csv"):
        text = path.read_text("utf-8")
        for name, changed in tested.items():
            text = text.replace(name, changed)
        path.write_text(text, "utf-8")


def draw_union(folder: Path) -> None:
    """Draw a union of the SIIM and the COVID-19 Radiography layout, its members beside it."""
    siim, radiography = (folder.with_name(f"{folder.name}-{name}") for name in ("siim", "other"))
    draw_siim(siim)
    for number in range(80):
        kind = RADIOGRAPHY[number % 4]
        path = radiography / f"{kind}/images/{kind}-{number}.png"
        write_image(path, seed=50_000 + number)
    create_union(folder, [siim, radiography])


def draw_kermany(folder: Path) -> None:
    """Draw the Kermany layout: 80 images for training and 40 for testing, of three causes."""
    for subset, patients in (("train", range(80)), ("test", range(100, 140))):
        for number in patients:
            name = (
                f"NORMAL/IM-{number:04}-0001",
                f"PNEUMONIA/person{number}_bacteria_{number}",
                f"PNEUMONIA/person{number}_virus_{number}",
            )[number % 3]
            write_image(folder / subset / f"{name}.jpeg", seed=number)


def draw_coronahack(folder: Path) -> None:
    """Draw the CoronaHack layout: 60 images for training and 30 for testing."""
    images = folder / "Coronahack-Chest-XRay-Dataset/Coronahack-Chest-XRay-Dataset"
    rows = []
    for number in range(90):
        subset = "TEST" if number >= 60 else "TRAIN"
        healthy = number % 2 == 0
        name = f"IM-{number:04}-0001.jpeg" if healthy else f"person{number}_virus_{number}.jpeg"
        rows.append((name, "Normal" if healthy else "Pnemonia", subset, "" if healthy else "Virus"))
        write_image(images / subset.lower() / name, seed=number)
    columns = ["X_ray_image_name", "Label", "Dataset_type", "Label_1_Virus_category"]
    table = pd.DataFrame(rows, columns=columns).assign(Label_2_Virus_category="")
    table.to_csv(folder / "Chest_xray_Corona_Metadata.csv")


def draw_nih(folder: Path) -> None:
    """Draw the NIH layout: 150 images of as many patients; every other shows a second finding."""
    rng = np.random.default_rng(0)
    rows, lists = [], {"train_val": list[str](), "test": list[str]()}
    for number in range(150):
        name, first = f"{number:08d}_000.png", FINDINGS[number % 15]
        second = FINDINGS[(number + 5) % 14] if number % 2 and first != FINDINGS[-1] else ""
        labels = "|".join(filter(None, dict.fromkeys((first, second))))
        rows.append((name, labels, 0, number, int(rng.integers(20, 90)), "FM"[number % 2], "PA"))
        lists["test" if number >= 105 else "train_val"].append(name)
        write_image(folder / "images_001/images" / name, seed=number)
    columns = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender"
    table = pd.DataFrame(rows, columns=[*columns.split(","), "View Position"])
    table.to_csv(folder / "Data_Entry_2017_v2020.csv", index=False)
    for name, images in lists.items():
        (folder / f"{name}_list.txt").write_text("\n".join(images), "utf-8")


def draw_rsna(folder: Path) -> None:
    """Draw the RSNA layout: 90 images of three classes."""
    classes = ("Normal", "No Lung Opacity / Not Normal", "Lung Opacity")
    rows = []
    for number in range(90):
        rows.append((f"{number:08x}-14fd-4e49-80ba-63a80b6bddd6", classes[number % 3]))
        write_image(folder / "stage_2_train_images" / f"{rows[-1][0]}.png", seed=number)
    table = pd.DataFrame(rows, columns=["patientId", "class"])
    table.to_csv(folder / "stage_2_detailed_class_info.csv", index=False)
    boxes = table[["patientId"]].assign(x=np.nan, y=np.nan, width=np.nan, height=np.nan)
    boxes["Target"] = (table["class"] == classes[2]).astype(int)
    boxes.loc[boxes["Target"] == 1, ["x", "y", "width", "height"]] = 4.0
    boxes.to_csv(folder / "stage_2_train_labels.csv", index=False)


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "siim_covid19": draw_siim,
    "siim_radiography": draw_union,
    "kermany": draw_kermany,
    "coronahack": draw_coronahack,
    "nih_chestxray14": draw_nih,
    "rsna_pneumonia": draw_rsna,
}


def shrink(recipe: Recipe) -> Recipe:
    """Return a recipe as small as it can be without being another one."""
    size = max(SIZE, MODELS[recipe.model].min_size)
    few = N_IMAGES if size > SIZE and len(recipe.class_names) <= FEW_CLASSES else 0
    begins_anew = recipe.weights in ("imagenet", "ask")
    return replace(
        recipe,
        preprocess=replace(recipe.preprocess, size=size),
        split=replace(recipe.split, n_images=few),
        phases=tuple(replace(phase, epochs=1, warm_up=0) for phase in recipe.phases),
        weights="random" if begins_anew else recipe.weights,
        batch_size=BATCH,
    )


def chosen(names: list[str]) -> list[str]:
    """Return the recipes to train, those that others begin with first."""
    if names:
        return names
    listed = [
        name
        for name, recipe in PUBLISHED.items()
        if not name.startswith(UNCHANGED)
        and name not in ANY_DATASET
        and (not name.endswith(CORRECTED) or recipe.dataset == "siim_radiography")
    ]
    return sorted(listed, key=lambda name: PUBLISHED[name].weights.startswith("run:"))


def train(recipe: Recipe, workspace: Workspace) -> tuple[Run, str]:
    """Train a recipe on a drawn dataset of its layout; return its run and how it ended."""
    from xray_core.training.runner import train_run

    data = workspace.data / recipe.dataset
    if not data.exists():
        LAYOUTS[recipe.dataset](data)
    # What a submit checks, and finds out of the run to begin with, is checked here as well.
    run = create_run(check_recipe(recipe, data, workspace), workspace.runs)
    return run, train_run(run, workspace)


def describe(run: Run, state: str) -> str:
    """Return what came of a training in words."""
    if state != "done":
        return f"{state}: {run.read_status().message}"
    report = run.read_report()
    metrics = report["metrics"]
    figures = [
        f"{name} {metrics[name]['value']:.2f}"
        for name in ("accuracy", "auc")
        if name in metrics and metrics[name]["value"] is not None
    ]
    phases = ", ".join(phase["name"] for phase in report.get("phases", []))
    return f"{report['subset']}, n {report['n']}: {', '.join(figures)}; phases reported: {phases}"


def main() -> None:
    """Train the recipes one after the other and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--step", action="store_true")
    arguments = parser.parse_args()
    import keras

    if arguments.step and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
    print(f"Keras on {keras.backend.backend()}, {os.cpu_count()} cores\n")
    print(HEAD + "|---|---|---|---|---|---|", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace(Path(home))
        for name in chosen(arguments.names):
            recipe = shrink(PUBLISHED[name])
            start = time.perf_counter()
            run, state = train(recipe, workspace)
            keras.utils.clear_session(free_memory=True)
            failed += state != "done"
            subsets = run.read_split()["subset"].tolist() if state == "done" else []
            images = ", ".join(str(subsets.count(subset)) for subset in SUBSETS)
            phases = ", ".join(phase.name for phase in recipe.phases)
            cells = (
                f"`{name}`",
                f"{recipe.model}, {recipe.preprocess.size} px",
                phases,
                images,
                f"{time.perf_counter() - start:.0f}",
                describe(run, state),
            )
            print(f"| {' | '.join(cells)} |", flush=True)
    print(json.dumps({"failed": failed}))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
