"""What the nearest training images cost: reading the features of a run, and one image's neighbours.

python benchmarks/nearest.py [--images 22000] [--width 1280] [--rounds 20]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.pages.fake_features import about_of
from xray_core.evaluation.nearest import Features, find_nearest, read_features
from xray_core.runs import Run
from xray_core.runs.explained import stamp_network
from xray_core.runs.features import write_features


def write_drawn(folder: Path, n_images: int, width: int) -> Run:
    """Write a run whose features are drawn at random; all images are training images."""
    run = Run(folder / "run")
    run.best_checkpoint.parent.mkdir(parents=True)
    run.best_checkpoint.write_bytes(b"weights")
    rng = np.random.default_rng(0)
    names = [f"image {n}" for n in range(n_images)]
    images = pd.DataFrame({"image_id": names, "subset": "training", "label": "x"})
    images = images.assign(
        group=[f"patient {n // 3}" for n in range(n_images)], predicted="x", nearest=pd.NA
    )
    images = images.astype("string").assign(distance=np.nan)
    vectors = rng.random((n_images, width), "float32")
    write_features(run, vectors, images, about_of(checkpoint=stamp_network(run)))
    return run


def time_it(what: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median of wall time and of processor time, in ms."""
    walls, busy = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        what()
        walls.append(1000 * (time.perf_counter() - wall))
        busy.append(1000 * (time.process_time() - processor))
    return statistics.median(walls), statistics.median(busy)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=22_000)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = write_drawn(Path(folder), options.images, options.width)
        known: list[Features | None] = []
        reading = time_it(lambda: known.append(read_features(run)), 3)
    features = known[-1]
    assert features is not None
    single, many = features.vectors[:1], features.vectors[:100]
    groups = features.images["group"].tolist()
    find_nearest(features, single)  # the training images are laid out once
    rows = {
        "reading the features": reading,
        "one image": time_it(lambda: find_nearest(features, single), options.rounds),
        "one image of a known patient": time_it(
            lambda: find_nearest(features, single, groups=groups[:1]), options.rounds
        ),
        "100 images": time_it(lambda: find_nearest(features, many), options.rounds),
    }
    print("| what | wall time, ms | processor time, ms |\n|---|---|---|")
    for name, (wall, processor) in rows.items():
        print(f"| {name} | {wall:,.0f} | {processor:,.0f} |")


if __name__ == "__main__":
    main()
