"""A training killed in each of its phases, beside the same one that nothing interrupted.

    python benchmarks/resume.py [--seed 0]

Trains two networks on synthetic images: the published pneumonia CNN with augmentation, stopping
early, and MobileNetV2 with a frozen and a free phase. The second time each, its process is killed
with SIGKILL once or twice within each phase, and started again on the same run folder. Prints the
largest difference between the weights, and how the metric logs compare.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.processes import PROJECT, xray_command
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, create_run
from xray_core.splits import SplitSpec
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

N_IMAGES = 240
SPLIT = SplitSpec("patient", validation=0.2, test=0.2)
AUGMENT = AugmentSpec(horizontal_flip=True, rotation=10, zoom=0.1, shift=0.1, brightness_min=0.8)


def recipes() -> dict[str, Recipe]:
    """Return the two trainings by name."""
    base = PUBLISHED["siim_mobilenet_opacity"]
    shared = {"split": SPLIT, "augment": AUGMENT, "batch_size": 16, "weights": "random"}
    return {
        "pneumonia CNN": replace(
            base,
            **shared,
            model="pneumonia_cnn",
            model_options={},
            combined_labels=False,
            preprocess=PreprocessSpec(size=96),
            phases=(Phase("train", 8, patience=2),),
        ),
        "MobileNetV2": replace(
            base,
            **shared,
            preprocess=PreprocessSpec(size=96),
            phases=(
                Phase("head", 3, trainable="head", schedule="cosine"),
                Phase("all", 6, learning_rate=3e-4, optimizer="nadam", patience=2),
            ),
        ),
    }


def train(
    run: Run, workspace: Workspace, rng: np.random.Generator, kills_per_phase: int
) -> list[str]:
    """Train to the end, killing on the way; return where it was killed."""
    killed: list[str] = []
    names = [phase.name for phase in run.read_recipe().phases]
    left = {name: kills_per_phase for name in names}
    while True:
        run.write_status(replace(run.read_stored_status(), state="queued"))
        process = subprocess.Popen(
            xray_command("run", str(run.folder)),
            cwd=PROJECT,
            env={
                **os.environ,
                "XRAY_HOME": str(workspace.folder),
                "XRAY_CHECKPOINT_SECONDS": "0.5",
                "TF_CPP_MIN_LOG_LEVEL": "3",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        n_lines = len(run.read_metrics())
        wait_for = int(rng.integers(2, 12))
        while process.poll() is None:
            lines = run.read_metrics()
            phase = lines[-1]["phase"] if lines else ""
            if len(lines) >= n_lines + wait_for and left.get(phase):
                process.send_signal(signal.SIGKILL)
                process.wait()
                left[phase] -= 1
                last = run.read_metrics()[-1]
                killed.append(f"{phase} {last['epoch']}/{last.get('batch', 'end')}")
                break
            time.sleep(0.01)
        else:
            status = run.read_status()
            if status.state != "done":
                raise SystemExit(f"{run.name}: {status.state}. {status.message}")
            return killed


def compare(has: Run, had: Run) -> str:
    """Return in words how two trainings differ."""
    with np.load(had.last_checkpoint) as a, np.load(has.last_checkpoint) as b:
        names = [name for name in a.files if name != "position"]
        weights = max(float(np.abs(a[name] - b[name]).max()) for name in names if a[name].size)
    lines, expected = has.read_metrics(), had.read_metrics()
    rows = [(x["kind"], x["epoch"], x["step"]) for x in lines]
    same = rows == [(x["kind"], x["epoch"], x["step"]) for x in expected]
    loss = max(abs(x["loss"] - y["loss"]) for x, y in zip(lines, expected, strict=False))
    epochs = [x for x in lines if x["kind"] == "epoch"]
    validation = max(
        abs(x["val_loss"] - y["val_loss"])
        for x, y in zip(epochs, (y for y in expected if y["kind"] == "epoch"), strict=False)
    )
    return (
        f"{len(names)} | {weights:g} | {len(lines)} / {len(expected)} rows, "
        f"{'the same' if same else 'NOT the same'} | {loss:.1e} | {validation:.1e}"
    )


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    rng = np.random.default_rng(seed)
    print(f"seed {seed}, Python {sys.version.split()[0]}")
    print(
        "| training | killed in (phase epoch/batch) | arrays | largest weight difference | "
        "metric rows | largest difference of a batch's loss | of a validation loss |"
    )
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        workspace, data = Workspace(Path(folder) / "home"), Path(folder) / "data"
        write_synthetic_dataset(data, N_IMAGES, size=96, seed=seed)
        for name, recipe in recipes().items():
            bound = replace(recipe, data_folder=str(data))
            whole, killed = create_run(bound, workspace.runs), create_run(bound, workspace.runs)
            train(whole, workspace, rng, kills_per_phase=0)
            places = train(killed, workspace, rng, kills_per_phase=2)
            print(f"| {name} | {', '.join(places)} | {compare(killed, whole)} |", flush=True)


if __name__ == "__main__":
    main()
