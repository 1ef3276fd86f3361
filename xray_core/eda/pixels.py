"""How bright and how rich in contrast the images of each class are, and their mean image.

Files must be decoded for it, so it is done on a sample, and what was found is kept:

<folder>/<key>/numbers.npz   written last; the pictures drawn from it may lie beside it
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.eda.labels import UNLABELLED
from xray_core.files import replaced_file
from xray_core.preprocess.cache import open_image_cache
from xray_core.preprocess.spec import PreprocessSpec

VERSION = 4  # raise it when the same sample gives other numbers than before
SPEC = PreprocessSpec(size=128, resize="stretch")  # black borders would count as dark pixels
N_PER_CLASS = 400
NUMBERS = "numbers.npz"


@dataclass(frozen=True, eq=False)
class PixelNumbers:
    """What was found in the pixels of a sample.

    Attributes:
        images: one row per image and class: image_id, class, site, brightness (mean gray level)
            and contrast (its standard deviation over the image), both in [0, 255].
        means: class -> its mean image, float32 (128, 128), in [0, 255].
        n_unreadable: sampled files that could not be read and are left out.
    """

    images: pd.DataFrame
    means: dict[str, NDArray[np.float32]]
    n_unreadable: int


def sample_images(
    catalog: Catalog, members: pd.Series, seed: int = 0, n_per_class: int = N_PER_CLASS
) -> pd.DataFrame:
    """Draw up to `n_per_class` present images of each class; the same seed draws the same.

    Args:
        catalog: the dataset.
        members: as `list_members` returns them; unlabelled images are not drawn.
        seed: of the draw.
        n_per_class: images of a class at most.

    Returns:
        Columns image_id, path, file_size, site, class; by class, then in the catalog's order.
        An image may be drawn for several of its classes.
    """
    rng = np.random.default_rng(seed)
    readable = (catalog.images["path"].notna() & catalog.images["width"].notna()).to_numpy()
    codes = members.cat.codes.to_numpy()
    position = catalog.images.index.get_indexer(members.index)
    parts = []
    for number, name in enumerate(members.cat.categories):
        if name == UNLABELLED:
            continue
        rows = position[(codes == number) & readable[position]]
        drawn = np.sort(rng.permutation(rows)[:n_per_class])
        columns = ["image_id", "path", "file_size", "site"]
        parts.append(catalog.images[columns].iloc[drawn].assign(**{"class": str(name)}))
    return pd.concat(parts, ignore_index=True)


def find_numbers(catalog: Catalog, sample: pd.DataFrame, folder: Path) -> Path:
    """Return the folder in `folder` that stands for this sample; nothing is read or written."""
    state = sample[["path", "file_size", "class"]].to_csv(index=False)
    text = json.dumps([VERSION, str(catalog.root), SPEC.size, state])
    return folder / hashlib.sha256(text.encode()).hexdigest()[:20]


def measure_pixels(
    catalog: Catalog,
    sample: pd.DataFrame,
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
) -> PixelNumbers:
    """Decode the sampled files at 128 px and measure them; goes on where it was stopped.

    Args:
        catalog: the dataset.
        sample: as `sample_images` returns it.
        cache: where decoded images are kept, see `open_image_cache`.
        progress: called with (images done, images in all).

    Raises:
        DatasetError: no image is drawn or none can be read, or the disk is full.
    """
    paths = list(dict.fromkeys(sample["path"]))
    decoded = open_image_cache(catalog.root, paths, SPEC, cache, progress)
    row_of = pd.Series(np.arange(len(paths)), index=paths)
    rows = row_of.loc[sample["path"]].to_numpy()
    sample, rows = sample[decoded.readable[rows]], rows[decoded.readable[rows]]
    pixels = decoded.pixels.reshape(len(paths), -1)
    images = sample[["image_id", "class", "site"]].reset_index(drop=True)
    images["brightness"] = pixels.mean(axis=1, dtype=np.float32)[rows].astype(np.float64)
    images["contrast"] = pixels.std(axis=1, dtype=np.float32)[rows].astype(np.float64)
    means = {
        str(name): decoded.pixels[rows[images["class"] == name]].mean(axis=0, dtype=np.float32)
        for name in images["class"].unique()
    }
    return PixelNumbers(images, means, int((~decoded.readable).sum()))


def write_numbers(numbers: PixelNumbers, folder: Path) -> None:
    """Write `numbers` into the folder that `find_numbers` names."""
    images = numbers.images
    with replaced_file(folder / NUMBERS) as partial, partial.open("wb") as file:
        np.savez(
            file,
            image_id=images["image_id"].to_numpy(dtype="U"),
            of_class=images["class"].to_numpy(dtype="U"),
            site=images["site"].fillna("").to_numpy(dtype="U"),
            brightness=images["brightness"].to_numpy(),
            contrast=images["contrast"].to_numpy(),
            classes=np.array(list(numbers.means), dtype="U"),
            means=np.stack(list(numbers.means.values())),
            n_unreadable=np.array(numbers.n_unreadable),
        )


def read_numbers(folder: Path) -> PixelNumbers | None:
    """Read what `write_numbers` wrote; None if it is not there or damaged."""
    try:
        # Opened here, for NumPy would leave a damaged file open.
        with (folder / NUMBERS).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            images = pd.DataFrame(
                {
                    "image_id": pd.array(kept["image_id"], dtype="string"),
                    "class": kept["of_class"],
                    "site": pd.Series(kept["site"], dtype="string").replace("", pd.NA),
                    "brightness": kept["brightness"],
                    "contrast": kept["contrast"],
                }
            )
            means = dict(zip(kept["classes"].tolist(), kept["means"], strict=True))
            return PixelNumbers(images, means, int(kept["n_unreadable"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
