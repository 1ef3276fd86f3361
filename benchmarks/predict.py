"""How many files a second the command `predict` manages, beside `model.predict` on ready arrays.

    python -m benchmarks.predict [--suffix .png] [--rounds 3] [--size 224]

1,269 radiographs of 256 px are drawn, and a run with MobileNetV2 0.35 of random weights. Each round
times three processes, one after the other: the command on the files of one batch, which is its
start-up; the command on all of them, with checks, decoding and the table as CSV; and plain
`model.predict` on float32 arrays that lie ready in memory, after a first batch. Throughput is that
of the images after the first batch. On a machine that is shared, trust the processor time.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np

from xray_core.recipes import PUBLISHED
from xray_core.runs import create_run
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case
from xray_core.workspace import Workspace

N_IMAGES, SIDE, FIRST = 1269, 256, 64
N_DRAWN = 60  # radiographs; the others are these with other noise
PLAIN = """
import sys, time
import numpy as np
from xray_core.models.saved import load_saved_model
from pathlib import Path
model = load_saved_model(Path(sys.argv[1]))
images = np.load(sys.argv[2]).astype("float32")
model.predict(images[:64], verbose=0)
images = images[64:]
wall, busy = time.perf_counter(), time.process_time()
model.predict(images, verbose=0)
print(time.perf_counter() - wall, time.process_time() - busy)
"""


def draw_files(folder: Path, suffix: str) -> list[Path]:
    """Write drawn radiographs."""
    rng = np.random.default_rng(0)
    drawn = [draw_case(case, SIDE).image for case in plan_cases(N_DRAWN, seed=0)]
    paths = [folder / f"{number:05d}{suffix}" for number in range(N_IMAGES)]
    for number, path in enumerate(paths):
        noisy = drawn[number % N_DRAWN] + rng.normal(0, 2, (SIDE, SIDE))
        cv2.imwrite(str(path), np.clip(noisy, 0, 255).astype(np.uint8))
    return paths


def make_run(workspace: Workspace, data: Path, size: int) -> Path:
    """Return the folder of a run whose network has random weights."""
    from xray_core.models import build_model

    recipe = PUBLISHED["siim_mobilenet_opacity"]
    recipe = replace(
        recipe,
        data_folder=str(data),
        model="mobilenet_v2",
        model_options={"alpha": 0.35},
        weights="random",
        combined_labels=False,
        test_time_augmentation=False,
        preprocess=replace(recipe.preprocess, size=size),
    )
    run = create_run(recipe, workspace.runs)
    run.best_checkpoint.parent.mkdir(parents=True, exist_ok=True)
    build_model("mobilenet_v2", 2, size, alpha=0.35).save(run.best_checkpoint)
    return run.folder


def spend(command: list[str]) -> tuple[float, float]:
    """Return the seconds and the processor seconds of a process and those that it begins."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suffix", default=".jpg")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        every, first = folder / "all", folder / "first"
        for each in (every, first):
            each.mkdir()
        paths = draw_files(every, options.suffix)
        for path in paths[:FIRST]:
            shutil.copy(path, first)
        os.environ["XRAY_HOME"] = str(folder / "home")
        run = make_run(Workspace(folder / "home"), every, options.size)
        small = [
            cv2.resize(
                cv2.imread(str(path), cv2.IMREAD_GRAYSCALE),
                (options.size, options.size),
                interpolation=cv2.INTER_AREA,
            )
            for path in paths
        ]
        np.save(folder / "ready.npy", np.stack(small)[..., None])
        command = [sys.executable, "-m", "xray_core", "predict", run.name]
        checkpoint = str(next(run.rglob("best.keras")))
        plain = [sys.executable, "-c", PLAIN, checkpoint, str(folder / "ready.npy")]
        rows = []
        print(f"{'round':<8}{'command':>22}{'model.predict':>22}{'ratio':>16}")
        print(f"{'':<8}{'images/s (per CPU s)':>22}{'images/s (per CPU s)':>22}{'wall   CPU':>16}")
        for number in range(options.rounds):
            begun = spend([*command, str(first)])
            done = spend([*command, str(every), "--csv", str(folder / "out.csv")])
            said = subprocess.run(
                plain, check=True, capture_output=True, text=True, cwd=Path.cwd()
            ).stdout.split()
            ours = [(N_IMAGES - FIRST) / (b - a) for a, b in zip(begun, done, strict=True)]
            theirs = [(N_IMAGES - FIRST) / float(seconds) for seconds in said[-2:]]
            ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
            rows.append(ratios)
            print(
                f"{number + 1:<8}{ours[0]:>12.0f} ({ours[1]:.0f}){theirs[0]:>16.0f} "
                f"({theirs[1]:.0f}){ratios[0]:>12.2f}{ratios[1]:>7.2f}",
                flush=True,
            )
        wall, busy = (median(row[kind] for row in rows) for kind in (0, 1))
        print(f"median ratio: {wall:.2f} by the clock, {busy:.2f} by processor time")


if __name__ == "__main__":
    main()
