"""How long a catalog of 112,120 images (the size of NIH ChestX-ray14) takes to write and open.

Run it from the project folder: python -m benchmarks.open_catalog
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog, build_catalog, read_catalog, write_catalog
from xray_core.datasets import READERS, open_dataset

N_IMAGES, N_BOXES, N_PATIENTS, N_FINDINGS = 112_120, 10_000, 30_805, 836
N_REPEATS = 5


def make_catalog(root: Path, rng: np.random.Generator) -> Catalog:
    """Return a catalog as large and as varied as that of NIH ChestX-ray14."""
    number = np.arange(N_IMAGES)
    patient = rng.integers(0, N_PATIENTS, N_IMAGES)
    images = pd.DataFrame(
        {
            "image_id": [f"{p:08}_{i:06}" for p, i in zip(patient, number, strict=True)],
            "path": [f"images_{i % 12 + 1:03}/images/{i:08}.png" for i in number],
            "patient_id": patient.astype(str),
            "findings": [f"finding {f}" for f in rng.integers(0, N_FINDINGS, N_IMAGES)],
            "width": 1024,
            "height": 1024,
            "file_size": rng.integers(200_000, 600_000, N_IMAGES),
        }
    )
    boxes = pd.DataFrame(rng.uniform(0, 512, (N_BOXES, 4)), columns=["x", "y", "width", "height"])
    boxes["finding"] = "Mass"
    boxes["image_id"] = rng.choice(images["image_id"], N_BOXES)
    return build_catalog(root, "kermany", images, boxes)


def make_empty_files(root: Path) -> None:
    """Write a Kermany tree of `N_IMAGES` empty files: only their names matter here."""
    folder = root / "train" / "NORMAL"
    folder.mkdir(parents=True)
    for number in range(N_IMAGES):
        (folder / f"IM-{number:06}-0001.jpeg").touch()


def time_median(work: Callable[[], object]) -> float:
    """Return the median time of `work` in s."""
    times = []
    for _ in range(N_REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        catalog = make_catalog(folder, np.random.default_rng(0))
        rows = [
            ("write_catalog", time_median(lambda: write_catalog(catalog, folder / "kept"))),
            ("read_catalog", time_median(lambda: read_catalog(folder / "kept"))),
        ]
        size = sum(path.stat().st_size for path in (folder / "kept").iterdir())

        make_empty_files(folder / "data")
        start = perf_counter()
        READERS["kermany"].read(folder / "data")
        rows.append(("list and read, no cache", perf_counter() - start))
        start = perf_counter()
        open_dataset(folder / "data", folder / "cache")
        rows.append(("open_dataset, first, no pixels", perf_counter() - start))
        again = time_median(lambda: open_dataset(folder / "data", folder / "cache"))
        rows.append(("open_dataset, later times", again))
    print(f"{N_IMAGES:,} images; {size / 1e6:.1f} MB on disk; median of {N_REPEATS}\n")
    print(f"{'step':<32}{'s':>8}")
    for step, seconds in rows:
        print(f"{step:<32}{seconds:>8.3f}")


if __name__ == "__main__":
    main()
