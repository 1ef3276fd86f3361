"""What it costs to decode in child processes: 1,000 good files, there and in threads of this one.

Drawn images, so that it runs on any machine; or the first 1,000 images of a folder. Children are
begun before the clock, as they are in a running app; the time that takes stands apart.
Run it from the project folder: python -m benchmarks.bounded [FOLDER]
"""

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import cv2

from benchmarks.decode import draw_images
from xray_core.bounded import child, close_pool, map_bounded
from xray_core.imagefiles.images import is_image_name
from xray_core.preprocess.images import preprocess_here
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.thumbnails import encode_here

N_FILES, N_ROUNDS = 1000, 5
SPEC = asdict(PreprocessSpec(size=224))
WAYS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "preprocess to 224 px": (preprocess_here, (SPEC,)),
    "thumbnail of 256 px": (encode_here, (256, False)),
}


def list_files(folder: Path) -> list[Path]:
    """Return the first images below `folder`, or drawn ones where it is empty."""
    files = sorted(path for path in folder.rglob("*") if is_image_name(path.name))
    if not files:
        files = draw_images(folder, ".jpg", 256, 256) + draw_images(folder, ".png", 512, 512)
    return (files * (N_FILES // len(files) + 1))[:N_FILES]


def run_here(function: Callable[..., Any], items: list[tuple[Any, ...]]) -> float:
    """Return the seconds that threads of this process take."""
    child.is_child = True  # so that nothing is handed on
    try:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return measure(threads.map(lambda item: function(*item), items))
    finally:
        child.is_child = False


def measure(results: Iterator[Any]) -> float:
    """Return the seconds until the last result has come."""
    start = perf_counter()
    for _ in results:
        pass
    return perf_counter() - start


def main() -> None:
    """Print one table."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as temporary:
        files = list_files(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
        print(f"{'':<24}{'threads here':>14}{'children':>10}{'ratio':>7}   of {N_ROUNDS} rounds")
        for name, (function, more) in WAYS.items():
            items = [(str(path), *more) for path in files]
            close_pool()
            begun = measure(map_bounded(function, items[:32]))
            here, there = [], []
            for _ in range(N_ROUNDS):
                here.append(run_here(function, items))
                there.append(measure(map_bounded(function, items)))
            ratio = median(b / a for a, b in zip(here, there, strict=True))
            print(f"{name:<24}{median(here):>12.2f} s{median(there):>8.2f} s{ratio:>7.2f}")
            print(f"{'  begun in':<24}{begun:>12.2f} s")
        close_pool()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"\nmemory of a child at most {memory / 1024:.0f} MB")


if __name__ == "__main__":
    main()
