"""Fingerprints and near-identical images: how fast, how much memory, and what is found.

Times are seconds of processor time, of all cores together, so that other work on the machine
counts little: on two idle cores, about half as long passes.

Run it from the project folder: python -m benchmarks.near_identical FOLDER
FOLDER is any dataset that the app reads; its images are only read.
"""

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

import cv2
import numpy as np
import pandas as pd

from xray_core.audit.near_identical import BLOCK, THRESHOLD, describe_structure, find_near_identical
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.imagefiles.images import read_image
from xray_core.preprocess.fingerprint_file import fingerprint_image
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.preprocess.images import Pixels

N_ROUNDS, N_TIMED, N_CHANGED = 5, 1000, 300
N_LARGE = 112_120  # images of NIH ChestX-ray14


def crop(image: Pixels, share: float) -> Pixels:
    """Cut `share` off each side."""
    height, width = image.shape
    top, left = round(height * share), round(width * share)
    return image[top : height - top, left : width - left]


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG at quality 60": lambda image: encode(image, 60),
    "JPEG at quality 20": lambda image: encode(image, 20),
    "half the size": lambda image: cv2.resize(
        image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    ),
    "other proportions": lambda image: cv2.resize(image, (300, 224)),
    "brighter": lambda image: np.clip(image * 1.15 + 10, 0, 255).astype(np.uint8),
    "gamma 0.8": lambda image: (255 * (image / 255) ** 0.8).astype(np.uint8),
    "CLAHE": lambda image: cv2.createCLAHE(2.0).apply(image),
    "histogram equalised": lambda image: cv2.equalizeHist(image),
    "letters written on it": lambda image: cv2.putText(
        image.copy(), "L AP", (5, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2
    ),
    "1% cut off each side": lambda image: crop(image, 0.01),
    "2% cut off each side": lambda image: crop(image, 0.02),
    "5% cut off each side": lambda image: crop(image, 0.05),
}


def encode(image: Pixels, quality: int) -> Pixels:
    """Return the image after a JPEG encoding."""
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)


def time_reading(catalog: Catalog) -> None:
    """Print images for each second of fingerprints and of decoding alone, in turn."""
    rows = catalog.present.head(N_TIMED)
    some = replace(catalog, images=rows)
    speeds: dict[str, list[float]] = {"decoding alone": [], "fingerprints": [], "read again": []}
    for _ in range(N_ROUNDS):
        with tempfile.TemporaryDirectory() as temporary:
            start = process_time()
            with ThreadPoolExecutor(2) as pool:
                for _image in pool.map(lambda path: read_image(catalog.root / path), rows["path"]):
                    pass
            speeds["decoding alone"].append(len(rows) / (process_time() - start))
            for name in ("fingerprints", "read again"):
                start = process_time()
                read_fingerprints(some, Path(temporary))
                speeds[name].append(len(rows) / (process_time() - start))
    for name, values in speeds.items():
        print(f"{name:<28}{median(values):>10,.0f} images/s")


def time_search(fingerprints: pd.DataFrame, image_ids: pd.Series) -> None:
    """Print how long the search takes, and what it would take for `N_LARGE` images."""
    times = []
    for _ in range(N_ROUNDS):
        start = process_time()
        pairs = find_near_identical(fingerprints, image_ids)
        times.append(process_time() - start)
    print(
        f"{f'search of {len(image_ids):,} images':<28}{median(times):>10.2f} s, {len(pairs)} pairs"
    )

    signatures = fingerprints["signature"].dropna()
    start = process_time()
    structure = describe_structure(signatures)
    each = (process_time() - start) / len(signatures)
    block = np.resize(structure, (BLOCK, structure.shape[1]))
    blocks = []
    for _ in range(N_ROUNDS):
        start = process_time()
        _ = np.nonzero(block.astype(np.float32) @ block.astype(np.float32).T >= 2)
        blocks.append(process_time() - start)
    n_blocks = -(-N_LARGE // BLOCK)
    seconds = N_LARGE * each + n_blocks * (n_blocks + 1) / 2 * median(blocks)
    print(f"{f'estimate for {N_LARGE:,}':<28}{seconds:>10.0f} s")
    megabytes = N_LARGE * structure.shape[1] * 2 / 1e6 + 3 * BLOCK**2 * 4 / 1e6
    print(f"{'  its memory':<28}{megabytes:>10.0f} MB")


def count_found(catalog: Catalog, fingerprints: pd.DataFrame) -> None:
    """Print which share of changed copies is found, and how similar different patients get."""
    rng = np.random.default_rng(0)
    known = catalog.images[fingerprints["signature"].notna()]
    rows = known.iloc[np.sort(rng.permutation(len(known))[:N_CHANGED])]
    originals = describe_structure(fingerprints.loc[rows.index, "signature"]).astype(np.float32)
    images = [read_image(catalog.root / path) for path in rows["path"]]
    print(f"\n{f'changed copies of {len(rows)}':<28}{'found':>10}{'median':>10}{'lowest':>10}")
    for name, change in CHANGES.items():
        copies = pd.Series([fingerprint_image(change(image))["signature"] for image in images])
        similarity = (originals * describe_structure(copies)).sum(axis=1)
        share = (similarity >= THRESHOLD).mean()
        print(f"{name:<28}{share:>10.0%}{np.median(similarity):>10.3f}{similarity.min():>10.3f}")

    pairs = find_near_identical(fingerprints, catalog.images["image_id"], threshold=0.85)
    patients = catalog.images.set_index("image_id")["patient_id"]
    same = (pairs["image_id_a"].map(patients) == pairs["image_id_b"].map(patients)).fillna(False)
    print(f"\n{'pairs at least this similar':<28}{'pairs':>10}{'of one patient':>16}")
    for threshold in (0.85, 0.88, 0.9, 0.92, 0.95, 0.99):
        above = pairs["similarity"] >= threshold
        print(f"{threshold:<28}{above.sum():>10,}{(above & same).sum():>16,}")


def main() -> None:
    """Print three tables."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.near_identical FOLDER")
    with tempfile.TemporaryDirectory() as temporary:
        catalog = open_dataset(Path(sys.argv[1]), Path(temporary))
        time_reading(catalog)
        fingerprints = read_fingerprints(catalog, Path(temporary))
        time_search(fingerprints, catalog.images["image_id"])
        count_found(catalog, fingerprints)


if __name__ == "__main__":
    main()
