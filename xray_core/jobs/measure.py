"""The cost of a training on this machine, measured by a short process of its own.

The result is kept as cache/models/<key>.json, so each model is measured once. One measurement
runs at a time: two would slow each other down and both come out wrong.
"""

import hashlib
import json
import math
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import psutil
from filelock import FileLock

from xray_core.files import read_json, write_json
from xray_core.jobs.background import last_words
from xray_core.machine import allocator_variables, name_machine
from xray_core.processes import is_alive, start_detached, terminate, xray_command
from xray_core.recipes import Recipe
from xray_core.workspace import Workspace

# An estimate is a range. Steps are measured while no training runs, so others may slow them down;
# and the shortest training finds its images decoded and a process ready.
FASTEST_FACTOR, SLOWEST_FACTOR = 0.8, 2.0  # times what was measured
DECODE_SECONDS = 0.005  # an image, once; large JPEGs on two cores
STEP_SECONDS, EPOCH_SECONDS = 0.02, 0.5  # beside the network: images changed, figures written
TABLES_SECONDS = 5.0  # reading and dividing the dataset
# The same on a machine that has nothing else to do, the images decoded and changed meanwhile.
LIKELY_STEP_SECONDS, LIKELY_EPOCH_SECONDS, LIKELY_TABLES_SECONDS = 0.002, 0.15, 1.0
CONTENT_VERSION = 3  # of a description; another number where it says more than older ones did


@dataclass(frozen=True)
class Description:
    """What is known of a recipe's model on this machine.

    Attributes:
        state: "missing", "waiting" (for another measurement), "measuring", "ready", "failed".
        values: as `training.describe.describe_recipe` returns them, once ready.
        reason: why it failed.
    """

    state: str
    values: dict[str, Any]
    reason: str = ""


@dataclass(frozen=True)
class Estimate:
    """What a training costs.

    Attributes:
        seconds_least: it stops as early as its patience lets it, and nothing slows it down.
        seconds_likely: on a machine that has nothing else to do, once its turn has come.
        seconds_most: all epochs of all phases on a busy machine, and what comes before and after.
        steps_per_epoch: batches.
        memory_mb: of the training process.
        disk_mb: of the decoded images.
    """

    seconds_least: float
    seconds_likely: float
    seconds_most: float
    steps_per_epoch: int
    memory_mb: float
    disk_mb: float


def read_description(recipe: Recipe, workspace: Workspace) -> Description:
    """Return what is known of the recipe's model by now; starts nothing."""
    places = _Places(workspace, _key_of(recipe))
    try:
        values = read_json(places.result)
    except (OSError, ValueError):
        values = None  # not there yet, or damaged: then it is measured again
    if isinstance(values, dict):
        return Description("ready", values)
    key, handle = places.read_current()
    busy = is_alive(handle)
    if busy and key == places.key:
        return Description("measuring", {})
    if places.log.is_file() and not places.result.is_file():
        return Description("failed", {}, last_words(places.log.read_text("utf-8", "replace")))
    return Description("waiting" if busy else "missing", {})


def start_description(recipe: Recipe, workspace: Workspace) -> None:
    """Start measuring, unless it is done, under way, or another measurement runs.

    After a failure it starts anew.

    Raises:
        OSError: the disk refuses.
    """
    places = _Places(workspace, _key_of(recipe))
    places.folder.mkdir(parents=True, exist_ok=True)
    # Two browsers may ask at once; one process is enough.
    with FileLock(places.folder / ".lock"):
        if read_description(recipe, workspace).state in ("ready", "measuring"):
            return
        if is_alive(places.read_current()[1]):
            return
        places.log.unlink(missing_ok=True)
        places.result.unlink(missing_ok=True)
        changes = [f"--set={key}={value}" for key, value in recipe.changes.items()]
        command = xray_command(
            "describe",
            recipe.name,
            *changes,
            f"--classes={len(recipe.class_names)}",
            "--json",
            "--save",
            str(places.result),
        )
        handle = start_detached(command, places.log, {"XRAY_HOME": str(workspace.folder)})
        write_json(places.current, [places.key, handle])


def stop_description(workspace: Workspace) -> None:
    """End a measurement that is under way, so that a training has the machine to itself."""
    places = _Places(workspace, "")
    key, handle = places.read_current()
    if is_alive(handle):
        terminate(handle)
        # No log, no result: it was never measured, which is what happened as far as it matters.
        (places.folder / f"{key}.log").unlink(missing_ok=True)


def estimate_training(
    values: dict[str, Any], recipe: Recipe, n_training: int, n_validation: int, n_test: int
) -> Estimate:
    """Return between which bounds a training is likely to cost.

    Where the base is frozen an image takes as long as its prediction, in every epoch: whether its
    features can be stored is known when the training has the memory before it. A head alone takes
    next to nothing. A base of which some layers are frozen is counted as if all were trained.

    Args:
        values: of a description that is ready.
        recipe: what is trained.
        n_training: images of the training set.
        n_validation: those of validation, predicted after each epoch.
        n_test: those of the test set, predicted at the end.
    """
    steps = math.ceil(n_training / recipe.batch_size)
    n_images = n_training + n_validation + n_test
    predicting = values["seconds_per_image"]
    views = 2 if recipe.test_time_augmentation else 1
    compiling = values["seconds_to_compile"] * len(recipe.phases)
    least = compiling + views * (n_validation + n_test) * predicting
    # Of the training images some are predicted at the end, too.
    most = compiling + values["seconds_to_start"] + views * n_images * predicting
    likely = most + LIKELY_TABLES_SECONDS
    beside = 0.0
    for phase in recipe.phases:
        training = steps * values["seconds_per_step"]
        if phase.trainable == "head":
            training = n_training * predicting
        epoch = training + n_validation * predicting
        fewest = min(phase.epochs, phase.patience + 1) if phase.patience else phase.epochs
        # The features of a frozen base may be computed once.
        least += epoch if phase.trainable == "head" else fewest * epoch
        most += phase.epochs * epoch
        beside += phase.epochs * (steps * STEP_SECONDS + EPOCH_SECONDS)
        # With patience the end is anywhere between the first epoch it may come at and the last.
        epochs = (fewest + phase.epochs) / 2
        likely += epochs * (epoch + steps * LIKELY_STEP_SECONDS + LIKELY_EPOCH_SECONDS)
    return Estimate(
        seconds_least=FASTEST_FACTOR * least,
        seconds_likely=likely,
        seconds_most=SLOWEST_FACTOR * most + beside + TABLES_SECONDS + n_images * DECODE_SECONDS,
        steps_per_epoch=steps,
        memory_mb=values["memory_mb"],
        disk_mb=n_images * recipe.preprocess.size**2 / 2**20,
    )


def find_lacks(cost: Estimate, workspace: Workspace) -> list[str]:
    """Return in words what this machine has too little of for a training; empty if it fits.

    What the training of somebody else takes at this moment counts as taken.
    """
    lacks = []
    memory = psutil.virtual_memory().available / 2**20
    if cost.memory_mb > memory:
        lacks.append(
            f"about {cost.memory_mb:,.0f} MB of memory, and {memory:,.0f} MB are free. Choose a "
            "smaller batch_size, preprocess.size or model"
        )
    workspace.folder.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(workspace.folder).free / 2**20
    if cost.disk_mb > disk:
        lacks.append(
            f"about {cost.disk_mb:,.0f} MB on the disk, and {disk:,.0f} MB are free. Free some, "
            "or choose a smaller preprocess.size"
        )
    return lacks


class _Places:
    """The files of one measurement."""

    def __init__(self, workspace: Workspace, key: str) -> None:
        self.key = key
        self.folder = workspace.cache / "models"
        self.result = self.folder / f"{key}.json"
        self.log = self.folder / f"{key}.log"
        self.current = self.folder / "current.json"  # [key, handle] of the newest process

    def read_current(self) -> tuple[str, str]:
        try:
            key, handle = read_json(self.current)
        except (OSError, ValueError, TypeError):
            return "", ""
        return str(key), str(handle)


def _key_of(recipe: Recipe) -> str:
    """Return a name for all that decides size and speed: the model, its input, the machine."""
    state = [
        CONTENT_VERSION,
        recipe.model,
        dict(sorted(recipe.model_options.items())),
        recipe.preprocess.size,
        len(recipe.class_names),
        recipe.batch_size,
        recipe.precision,
        *recipe.tabular,
        *(["multilabel"] if recipe.multilabel else []),
        name_machine(),
        os.cpu_count(),
        version("keras"),
        allocator_variables(),
        *(os.environ.get(name, "") for name in ("KERAS_BACKEND", "CUDA_VISIBLE_DEVICES")),
    ]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:20]
