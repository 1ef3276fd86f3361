"""The size of images that boxes were drawn on, where nothing but the file says it."""

from pathlib import Path

import pandas as pd

from xray_core.errors import XrayError
from xray_core.imagefiles.images import read_sizes

SIZES = ["original_width", "original_height"]


def add_original_sizes(root: Path, images: pd.DataFrame, wanted: pd.Series) -> None:
    """Fill `SIZES`, px, of the images that are `wanted`, there, and have none, from their files.

    Args:
        root: the dataset folder.
        images: `path` and `SIZES`; changed.
        wanted: shape (n,), bool, index of `images`.
    """
    rows = wanted & images["path"].notna() & images[SIZES].isna().any(axis=1)
    paths = images.loc[rows, "path"]
    sizes = read_sizes([root / path for path in paths])
    for place, size in zip(paths.index, sizes, strict=True):
        if not isinstance(size, XrayError):  # measuring names it; its boxes count as unplaced
            images.loc[place, SIZES] = list(size)
