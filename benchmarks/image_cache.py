"""How fast a folder's images are decoded into the cache, and how fast the cache opens again.

    python benchmarks/image_cache.py FOLDER [FOLDER ...]

Decoding is measured against the same work without reduced decoding, taking turns, each into a
new folder; the page cache is warmed first, so that the disk is left out of both.
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.imagefiles.images import read_image
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.images import apply_preprocess
from xray_core.preprocess.spec import PreprocessSpec

SUFFIXES = {".jpg", ".jpeg", ".png"}
SPEC = PreprocessSpec(size=299)
ROUNDS = 3


def measure(root: Path) -> dict[str, object]:
    """Return one row of the table: best of `ROUNDS`, images/s at 299 px and ms."""
    paths = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    for path in paths:
        (root / path).read_bytes()
    build, full, opening = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            open_image_cache(root, paths, SPEC, Path(folder))
            build.append(time.perf_counter() - started)
            started = time.perf_counter()
            cache = open_image_cache(root, paths, SPEC, Path(folder))
            opening.append(time.perf_counter() - started)
        readable = [path for path, usable in zip(paths, cache.readable, strict=True) if usable]
        started = time.perf_counter()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _image in pool.map(
                lambda p: apply_preprocess(read_image(root / p), SPEC), readable
            ):
                pass
        full.append(time.perf_counter() - started)
    return {
        "folder": root.name,
        "images": len(paths),
        "build, images/s": round(len(paths) / min(build)),
        "full decode alone, images/s": round(len(paths) / min(full)),
        "open again, ms": round(min(opening) * 1000, 1),
    }


def main() -> None:
    """Measure each folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    folders = parser.parse_args().folders
    print(pd.DataFrame([measure(folder) for folder in folders]).to_string(index=False))


if __name__ == "__main__":
    main()
