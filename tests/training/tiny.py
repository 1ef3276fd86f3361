"""Trainings of seconds: a drawn dataset of 60 images, a network on 32 px, two epochs."""

import io
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xray_core import cli
from xray_core.datasets import open_dataset
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.splits import split_catalog
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import encode_catalog, find_task
from xray_core.workspace import Workspace

N_IMAGES = 60
CHANGES = {
    "preprocess.size": 32,
    "phases.train.epochs": 2,
    "phases.train.schedule": "cosine",
    "batch_size": 8,
    "split.validation": 0.25,
    "split.test": 0.25,
    "class_weights": "balanced",
}


@dataclass(frozen=True)
class Finished:
    """A training that ended well.

    Attributes:
        answer: what `train --json` printed.
        broken: a test image whose file is truncated.
    """

    run: Run
    workspace: Workspace
    data: Path
    answer: dict[str, Any]
    broken: str


def tiny_recipe() -> Recipe:
    """Return the recipe of every training here."""
    return change_recipe(PUBLISHED["demo_cnn"], CHANGES)


@contextmanager
def as_it_was() -> Iterator[None]:
    """Undo what a training does to its process, which here is that of the tests."""
    from xray_core.training import runner

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "lower_priority", lambda: None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def train_tiny(folder: Path) -> Finished:
    """Draw the data in `folder`, break one test image, and train by the command line."""
    workspace, data = Workspace(folder / "home"), folder / "data"
    write_synthetic_dataset(data, N_IMAGES, size=64, seed=1)
    broken = _break_a_test_image(data, folder / "cache of its own")
    arguments = ["train", "demo_cnn", "--data", str(data), "--json"]
    for key, value in CHANGES.items():
        arguments += ["--set", f"{key}={value}"]
    printed = io.StringIO()
    write_always_open(workspace, True)  # what is closed has tests of its own
    with as_it_was(), pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("XRAY_HOME", str(workspace.folder))
        status = cli.main(arguments)
    assert status == 0
    answer = json.loads(printed.getvalue())
    return Finished(Run(Path(answer["folder"])), workspace, data, answer, broken)


def _break_a_test_image(data: Path, cache: Path) -> str:
    catalog, recipe = open_dataset(data, cache), tiny_recipe()
    targets = encode_catalog(catalog, find_task(recipe.task))
    split = split_catalog(catalog, targets, recipe.split)
    row = split[split["subset"] == "test"].iloc[0]
    path = data / row["path"]
    path.write_bytes(path.read_bytes()[:200])
    return str(row["image_id"])
