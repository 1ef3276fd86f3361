"""A drawn dataset on which two findings are easy to learn, and a third is mostly unknown."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from xray_core.datasets.folder.mapping import FolderMapping, MappedTable, write_mapping

SIDE = 32  # px
FINDINGS = ("Blob", "Bar", "Rare")


def write_blobs(folder: Path, n_images: int = 160) -> None:
    """Write images with bright blobs and dark bars, two of each patient, and their table.

    "Rare" is drawn by chance and shown by nothing; of two thirds of the images it is unknown.
    """
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    down, right = np.mgrid[:SIDE, :SIDE]
    rows = []
    for number in range(n_images):
        has_blob, has_bar = rng.random(2) < (0.45, 0.3)
        image = rng.normal(100, 8, (SIDE, SIDE))
        y, x = rng.uniform(8, SIDE - 8, 2)
        image += 130 * has_blob * np.exp(-((down - y) ** 2 + (right - x) ** 2) / 12)
        y, x = rng.uniform(8, SIDE - 8, 2)
        image -= 90 * has_bar * ((np.abs(down - y) < 2) & (np.abs(right - x) < 8))
        name = f"{number:03d}.png"
        cv2.imwrite(str(folder / "images" / name), image.clip(0, 255).astype("uint8"))
        rare = rng.random() < 0.4
        known = number % 3 == 0
        rows.append(
            (name, f"p{number // 2}", int(has_blob), int(has_bar), int(rare) if known else None)
        )
    table = pd.DataFrame(rows, columns=["image", "patient", *FINDINGS])
    table.convert_dtypes().to_csv(folder / "labels.csv", index=False)
    columns = {"path": "image", "patient": "patient"}
    mapped = MappedTable("labels.csv", columns, findings=FINDINGS, images="images")
    write_mapping(folder, FolderMapping(tables=(mapped,)))
