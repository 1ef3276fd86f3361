"""A disk that really runs full in the midst of a training: a small one of its own, in memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.training.tiny import CHANGES
from xray_core.jobs import resume_run, submit_recipe, worker_is_running
from xray_core.processes import is_alive, start_detached, terminate, xray_command
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.training.checkpoint import read_training_state
from xray_core.workspace import Workspace

SLOW = 120.0  # seconds that nothing here should take
EPOCHS = 12


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a disk takes Linux and its administrator")
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + SLOW
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def fill(disk: Path) -> Path:
    """Write a file that takes all that is free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:  # smaller pieces may still fit
                continue
    return filler


def test_a_training_whose_disk_runs_full_fails_in_words_and_goes_on_once_there_is_space(
    tiny_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_CHECKPOINT_SECONDS", "0")
    data, workspace = tmp_path / "data", Workspace(tiny_disk / "home")
    write_synthetic_dataset(data, 60, size=64, seed=1)
    recipe = change_recipe(PUBLISHED["demo_cnn"], CHANGES | {"phases.train.epochs": EPOCHS})
    here = {"XRAY_HOME": str(workspace.folder)}
    worker = start_detached(xray_command("worker", "--stay"), tmp_path / "worker.log", here)
    try:
        wait_for(lambda: worker_is_running(workspace))
        run = submit_recipe(recipe, data, workspace)
        wait_for(lambda: read_training_state(run.last_checkpoint) and run.best_checkpoint.is_file())

        filler = fill(tiny_disk)

        wait_for(lambda: run.read_status().has_ended)
        assert run.read_status().state == "failed"
        assert run.read_status().message.startswith("The disk is full")
        reached = read_training_state(run.last_checkpoint)
        assert reached
        assert (0, 0) < (reached.epoch, reached.batch) < (EPOCHS, 0)
        model = keras.models.load_model(run.best_checkpoint, safe_mode=True)
        assert all(np.isfinite(weights).all() for weights in model.get_weights())

        filler.unlink()
        assert "goes on from its last checkpoint" in resume_run(run, workspace)
        wait_for(lambda: run.read_status().has_ended)
    finally:
        terminate(worker)
        wait_for(lambda: not is_alive(worker))

    assert run.read_status().state == "done", run.read_status().message
    assert read_training_state(run.last_checkpoint).epoch == EPOCHS  # type: ignore[union-attr]
    check_log(run)


def check_log(run: Run) -> None:
    """Assert that each batch and each epoch was logged once and in order."""
    lines = run.read_metrics()
    assert [line["epoch"] for line in lines if "val_loss" in line] == list(range(1, EPOCHS + 1))
    steps = [line["step"] for line in lines if line["kind"] == "batch"]
    assert steps == list(range(1, len(steps) + 1))
