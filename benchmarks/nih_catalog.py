"""How long the tables of NIH ChestX-ray14 take to become a catalog.

Run it from the project folder: python -m benchmarks.nih_catalog [FOLDER]

FOLDER holds the published tables; without it, tables of the same size are made up, and
`N_IMAGES` empty files beside them.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from xray_core.datasets import READERS, open_dataset

N_IMAGES, N_PATIENTS, N_BOXES, N_TRAIN = 112_120, 30_805, 984, 86_524
N_REPEATS = 5
HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
FINDINGS = ("No Finding", "Mass", "Nodule|Mass", "Effusion|Infiltration|Pneumonia", "Hernia")


def write_tables(folder: Path, rng: np.random.Generator) -> list[str]:
    """Write the table of images, the boxes and the official list; return the image names."""
    patients = np.sort(rng.integers(1, N_PATIENTS + 1, N_IMAGES))
    follow_ups = np.arange(N_IMAGES) - np.searchsorted(patients, patients)
    names = [f"{p:08}_{f:03}.png" for p, f in zip(patients, follow_ups, strict=True)]
    rows = [
        f"{name},{finding},{follow_up},{patient},{age:03}Y,M,PA,2682,2749,0.143,0.143"
        for name, finding, follow_up, patient, age in zip(
            names,
            rng.choice(FINDINGS, N_IMAGES),
            follow_ups,
            patients,
            rng.integers(0, 95, N_IMAGES),
            strict=True,
        )
    ]
    boxes = [f"{name},Mass,225.08,547.02,86.78,79.19,,," for name in rng.choice(names, N_BOXES)]
    for file, lines in (
        ("Data_Entry_2017_v2020.csv", [HEADER, *rows]),
        ("BBox_List_2017.csv", ["Image Index,Finding Label,Bbox [x,y,w,h],,,", *boxes]),
        ("train_val_list.txt", names[:N_TRAIN]),
    ):
        (folder / file).write_text("\n".join(lines) + "\n")
    return names


def time_openings(folder: Path, cache: Path) -> tuple[float, float]:
    """Return the median times in s of the first opening, its cache empty, and of a later one."""
    first, later = [], []
    for number in range(N_REPEATS):
        for times in (first, later):
            start = perf_counter()
            open_dataset(folder, cache / str(number))
            times.append(perf_counter() - start)
    return median(first), median(later)


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, cache = Path(temporary, "data"), Path(temporary, "cache")
        folder.mkdir()
        names = []
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
        else:
            names = write_tables(folder, np.random.default_rng(0))
        first, later = time_openings(folder, cache)
        rows = [("open_dataset, first", first), ("open_dataset, later", later)]
        for number, name in enumerate(names):
            inner = folder / f"images_{number % 12 + 1:03}" / "images"
            inner.mkdir(parents=True, exist_ok=True)
            (inner / name).touch()
        start = perf_counter()
        n_rows = len(READERS["nih_chestxray14"].read(folder).images)
        rows.append(("read, with all files" if names else "read", perf_counter() - start))
    print(f"{n_rows:,} rows; median of {N_REPEATS} openings\n")
    print(f"{'step':<24}{'s':>8}{'rows/s':>12}")
    for step, seconds in rows:
        print(f"{step:<24}{seconds:>8.3f}{n_rows / seconds:>12,.0f}")


if __name__ == "__main__":
    main()
