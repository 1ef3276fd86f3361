"""What a run's network sees of its images, as files in the run folder.

<run>/explained/features/
    features.npy      float32 (n, d): of each image what the last layer before the classes sees
    images.parquet    the n images, in the same order
    map.parquet       those that were drawn for the map of images, with their places on it
    about.json        of which checkpoint, and what was measured

The folder is there as a whole or not at all, whatever is killed. What another checkpoint saw counts
as absent.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict, TypeVar
from uuid import uuid4

import numpy as np
import pandas as pd
from filelock import FileLock
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.files import open_plain
from xray_core.records import build_record, read_table
from xray_core.runs.explained import find_explained, read_array, read_explained
from xray_core.runs.folder import Run

PLACE = "features"  # a folder; see `runs.explained`
ABOUT = f"{PLACE}/about.json"
# What computing them does, step by step; each counts the images of all.
STEPS = ("preparing images", "looking at them", "comparing them", "laying out the map")
IMAGE_COLUMNS = ("image_id", "subset", "group", "label")  # of images.parquet, without a gap
WITH_GAPS = ("predicted", "nearest")

T = TypeVar("T")


class Share(TypedDict):
    """A share of images with its interval; see `evaluation.shares`."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_patients: int


class Alike(Share):
    """How often the nearest image is of the same kind; see `evaluation.neighbours`."""

    chance: float | None


class MapNotes(TypedDict):
    """How the map was drawn.

    Attributes:
        n: images on it.
        n_all: of how many, before the draw.
        perplexity: of t-SNE.
        seed: of the draw and of t-SNE.
    """

    n: int
    n_all: int
    perplexity: float
    seed: int


class About(TypedDict):
    """about.json.

    Attributes:
        checkpoint: time of change in nanoseconds and size in bytes of the weights.
        subsets: whose images are there.
        unreadable: images that could not be decoded and are left out.
        limit: distance from which an image counts as unlike the training images; None where there
            are none to compare with.
        called_unlike: subset -> share of its images that count so.
        alike: column of images.parquet -> subset -> how often the nearest training image has the
            same entry.
        map: None where none was drawn yet.
    """

    checkpoint: list[int]
    subsets: list[str]
    unreadable: int
    limit: float | None
    called_unlike: dict[str, Share]
    alike: dict[str, dict[str, Alike]]
    map: MapNotes | None


def read_about(run: Run) -> About | None:
    """Return what is known of the features; None where there are none of the present weights.

    Raises:
        RunError: the file is damaged.
    """
    values = read_explained(run, ABOUT)
    if values is None:
        return None
    try:
        return build_record(About, values, "about")
    except ValueError as error:
        raise RunError(
            f"{find_explained(run, ABOUT)} is damaged: {error}. Compute the features again."
        ) from error


def read_images(run: Run) -> pd.DataFrame:
    """Return the images that the features are of; see `write_features`. Raises RunError."""

    def read(path: Path) -> pd.DataFrame:
        with open_plain(path) as file:
            return read_table(file, IMAGE_COLUMNS, WITH_GAPS, "distance")

    return _read(run, "images.parquet", read)


def read_vectors(run: Run, n_images: int) -> NDArray[np.float32]:
    """Return the features, float32 (n_images, d). Raises RunError."""

    def read(path: Path) -> NDArray[np.float32]:
        vectors = read_array(path)
        if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != n_images:
            raise ValueError(f"it holds {vectors.dtype} {vectors.shape} for {n_images:,} images")
        return np.asarray(vectors)

    return _read(run, "features.npy", read)


def read_map(run: Run) -> pd.DataFrame:
    """Return the map: image_id, x and y, without unit. Raises RunError."""

    def read(path: Path) -> pd.DataFrame:
        with open_plain(path) as file:
            return read_table(file, ("image_id",), (), "x")[["image_id", "x", "y"]]

    return _read(run, "map.parquet", read)


def write_features(
    run: Run,
    vectors: NDArray[np.float32],
    images: pd.DataFrame,
    about: About,
    places: pd.DataFrame | None = None,
) -> None:
    """Write the features of a run, replacing those that it had.

    Args:
        run: whose they are.
        vectors: float32 (n, d).
        images: of them: image_id, subset, group, label, predicted (<NA> where unknown), nearest
            (image_id of the nearest training image of another patient), distance (to the one that
            `about.limit` is of) and what else is known.
        about: of them.
        places: see `read_map`; None where no map was drawn.

    Raises:
        RunError: the disk refuses.
    """
    place = find_explained(run, PLACE)
    folder = place.parent
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / f".{PLACE}.lock"):
            for left in folder.glob(f".{PLACE}-*.partial"):  # of a process that was killed
                shutil.rmtree(left)
            draft = Run(folder / f".{PLACE}-{uuid4().hex}.partial")
            draft.folder.mkdir()
            np.save(draft.folder / "features.npy", vectors)
            draft.write_table("images.parquet", images)
            if places is not None:
                draft.write_table("map.parquet", places)
            draft.write_json("about.json", about)
            shutil.rmtree(place, ignore_errors=True)
            draft.folder.rename(place)
    except OSError as error:
        raise RunError(f"{folder} cannot be written to: {error.strerror or error}.") from error


def write_map(run: Run, places: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Write the map beside features that are there. Raises RunError: the disk refuses."""
    kept = Run(find_explained(run, PLACE))
    try:
        kept.write_table("map.parquet", places)
        kept.write_json("about.json", about)  # last: without its word the map counts as absent
    except OSError as error:
        raise RunError(f"{kept.folder} cannot be written to: {error.strerror or error}.") from error


def _read(run: Run, name: str, read: Callable[[Path], T]) -> T:
    """Return what `read` makes of a file; whatever is wrong with it leaves as a RunError."""
    path = find_explained(run, PLACE) / name
    try:
        return read(path)
    except (ValueError, KeyError) as error:
        words = f"is damaged: {str(error).rstrip('.')}"
        raise RunError(f"{path} {words}. Compute the features again.") from error
    except OSError as error:
        words = f"cannot be read: {error.strerror or error}"
        raise RunError(f"{path} {words}. Compute the features again.") from error
