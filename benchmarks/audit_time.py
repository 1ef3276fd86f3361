"""How long an audit takes: by the size of files, by their number, and a second time.

Run it from the project folder:

    python -m benchmarks.audit_time [--against CLONE] [FOLDER …]

Draws files of three kinds, audits them and each FOLDER here and in another clone, in turns, each
time in a process of its own, with an empty cache and again. Then it times what grows with the
number of images. All are seconds of processor time, of both cores and all processes together, so
that other work on the machine counts little: on two idle cores, about half as long passes.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pandas as pd
from PIL import Image

from xray_core.audit.near_identical import find_near_identical
from xray_core.audit.poses import find_poses
from xray_core.preprocess.fingerprint_file import SIGNATURE_SIDE
from xray_core.preprocess.images import resize_square
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case

# Name -> px of a side, suffix, how many are drawn, how many files they make with other noise.
KINDS = {
    "JPEG of 256 px": (256, "jpg", 20, 400),
    "PNG of 1024 px": (1024, "png", 4, 80),
    "JPEG of 2000 px": (2000, "jpg", 3, 40),
}
SIZES = (6_000, 20_000)
N_ROUNDS = 3
CHILD = """
import sys
from pathlib import Path
from xray_core.audit import run_audit
from xray_core.datasets import open_dataset
run_audit(open_dataset(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[2]))
"""


def draw_files(folder: Path, side: int, suffix: str, n_drawn: int, n_files: int) -> None:
    """Write radiographs in two class folders."""
    rng = np.random.default_rng(0)
    drawn = [draw_case(case, side).image for case in plan_cases(n_drawn, 0)]
    for number in range(n_files):
        path = folder / ("normal", "opacity")[number % 2] / f"image{number}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        noisy = drawn[number % n_drawn] + rng.normal(0, 2, (side, side))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)


def audit(clone: Path, folder: Path, cache: Path) -> float:
    """Return seconds of processor time of an audit in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", CHILD, str(folder), str(cache)], cwd=clone, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(clones: list[Path], name: str, folder: Path, n_files: int) -> None:
    """Print what one folder takes in each clone, the first time and again."""
    times: dict[tuple[Path, str], list[float]] = {}
    for _ in range(N_ROUNDS):
        for clone in clones:
            with tempfile.TemporaryDirectory() as cache:
                for step in ("first", "again"):
                    seconds = audit(clone, folder, Path(cache))
                    times.setdefault((clone, step), []).append(seconds)
    for clone in clones:
        first, again = (median(times[clone, step]) for step in ("first", "again"))
        each = (first - again) / n_files * 1000
        where = "here" if clone == clones[0] else "against"
        print(f"{name:<24}{where:<9}{first:>8.1f}{again:>8.1f}{each:>12.1f}", flush=True)


def time_growth() -> None:
    """Print what the search for near-identical images and for poses takes."""
    rng = np.random.default_rng(0)
    drawn = [draw_case(case, 64).image for case in plan_cases(60, 1)]
    small = np.stack([resize_square(image, SIGNATURE_SIDE, "stretch") for image in drawn])
    for size in SIZES:
        noise = rng.normal(0, 25, (size, SIGNATURE_SIDE, SIGNATURE_SIDE))
        images = np.clip(small[rng.integers(len(small), size=size)] + noise, 0, 255)
        signatures = pd.Series([image.tobytes() for image in images.astype(np.uint8)])
        table = pd.DataFrame({"digest": signatures.index.astype(str), "signature": signatures})
        start = process_time()
        find_near_identical(table, table["digest"])
        between = process_time()
        find_poses(table["signature"])
        print(f"near-identical among {size:,} images: {between - start:.1f} s")
        print(f"poses of {size:,} images: {process_time() - between:.1f} s", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="CLONE")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    clones = [Path.cwd()] + ([options.against.resolve()] if options.against else [])
    print(f"{os.cpu_count()} cores; s{'':<27}{'first':>8}{'again':>8}{'1,000 files':>12}")
    with tempfile.TemporaryDirectory() as temporary:
        for name, (side, suffix, n_drawn, n_files) in KINDS.items():
            folder = Path(temporary) / suffix / str(side)
            draw_files(folder, side, suffix, n_drawn, n_files)
            compare(clones, name, folder, n_files)
    for folder in options.folders:
        n_files = sum(path.is_file() for path in folder.rglob("*"))
        compare(clones, folder.name, folder.resolve(), n_files)
    time_growth()


if __name__ == "__main__":
    main()
