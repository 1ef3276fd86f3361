"""How long one page of Explore takes to put together, on a catalog of 112,120 images.

Run it from the project folder, with a folder of image files:
python -m benchmarks.thumbnails FOLDER
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.open_catalog import make_catalog
from xray_core.eda.order import list_sorts, sort_images
from xray_core.imagefiles.images import is_image_name
from xray_core.preprocess.thumbnails import create_thumbnails
from xray_core.selection import find_passing, parse_filters

N_PAGE, SIDE, N_REPEATS = 40, 256, 9
FILTERS = (
    "",
    "gender=F",
    "age:20..60",
    "findings~FINDING 12",
    "gender=F;age:20..60;findings~finding 12",
)


def time_ms(work: Callable[[], object]) -> float:
    """Return the median time of `work` in ms."""
    times = []
    for _ in range(N_REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return 1000 * median(times)


def time_thumbnails(folder: Path) -> list[tuple[str, float]]:
    """Time one page of thumbnails that are made, then found."""
    files = [path for path in sorted(folder.rglob("*")) if is_image_name(path.name)][:N_PAGE]
    with tempfile.TemporaryDirectory() as temporary:
        start = perf_counter()
        create_thumbnails(files, SIDE, Path(temporary))
        made = 1000 * (perf_counter() - start)
        reused = time_ms(lambda: create_thumbnails(files, SIDE, Path(temporary)))
    return [(f"{len(files)} thumbnails, made", made), (f"{len(files)} thumbnails, found", reused)]


def time_choices() -> list[tuple[str, float]]:
    """Time each filter, and each order of all images."""
    rng = np.random.default_rng(0)
    catalog = make_catalog(Path("nowhere"), rng)
    n_images = len(catalog.images)
    catalog.images["age"] = pd.array(rng.integers(0, 95, n_images), dtype="Float64")
    catalog.images["gender"] = pd.array(rng.choice(["F", "M"], n_images), dtype="string")
    labels = catalog.images["findings"]

    def find(text: str) -> None:
        find_passing(catalog, parse_filters(text), lambda name: labels.eq(name).to_numpy(bool))

    rows = []
    for text in FILTERS:
        duration = time_ms(lambda chosen=text: find(chosen))
        rows.append((f"filter {text or 'nothing'}", duration))
    images = catalog.present
    for name in list_sorts(catalog):
        duration = time_ms(lambda by=name: sort_images(catalog, images, by, reverse=True))
        rows.append((f"sort by {name}, reversed", duration))
    return rows


def main() -> None:
    """Print one table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{'step':<56}{'ms':>8}")
    for step, duration in [*time_thumbnails(Path(sys.argv[1])), *time_choices()]:
        print(f"{step:<56}{duration:>8.1f}")


if __name__ == "__main__":
    main()
