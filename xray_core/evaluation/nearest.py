"""Which training images look most alike to an image, as its run's network sees them.

Distances are those of features divided by their length, from 0 (alike) to 2. An image counts as
unlike the training images where its distance to the `K`-th nearest one is beyond the limit that
95 % of the validation images keep.

Source: Sun et al. 2022, arXiv:2204.06507 (deep nearest neighbours).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.shares import ShareFigure, measure_share
from xray_core.runs import Run
from xray_core.runs.features import About, read_about, read_images, read_vectors

Vectors = NDArray[np.float32]
Places = NDArray[np.int64]

K = 5  # the nearest training image whose distance counts
KEPT = 0.95  # share of the validation images within the limit
BLOCK = 512  # images that are compared at once
TRAINING, VALIDATION, TEST = "training", "validation", "test"
NOBODY = -1  # place of a training image that there is not


@dataclass(frozen=True, eq=False)
class Features:
    """What a run's network sees of its images.

    Attributes:
        images: image_id, subset, group, label, predicted and more; see `runs.features`.
        vectors: float32 (n, d), one row for each of `images`, of length 1, or 0 where the network
            sees nothing at all.
        about: what was measured of them.
    """

    images: pd.DataFrame
    vectors: Vectors
    about: About

    @property
    def limit(self) -> float | None:
        """The distance to the `K`-th training image from which on an image is unlike them."""
        return self.about["limit"]

    @property
    def called_unlike(self) -> ShareFigure | None:
        """The share of images of the test set beyond the limit; of the validation set without one.

        None where there is no limit.
        """
        shares = self.about["called_unlike"]
        return shares.get(TEST) or shares.get(VALIDATION)  # type: ignore[return-value]

    @cached_property
    def training(self) -> Places:
        """Places of the training images in `images`, int (n_training,)."""
        return np.flatnonzero((self.images["subset"] == TRAINING).to_numpy())

    @cached_property
    def training_vectors(self) -> Vectors:
        """Their rows of `vectors`, float32 (n_training, d)."""
        return np.ascontiguousarray(self.vectors[self.training])

    @cached_property
    def training_squares(self) -> NDArray[np.float32]:
        """Their squared lengths, float32 (n_training,): 1, or 0."""
        return np.asarray((self.training_vectors**2).sum(axis=1))

    @cached_property
    def training_groups(self) -> tuple[NDArray[np.int64], dict[str, int]]:
        """The patient of each as a number, int (n_training,), and what number each patient is."""
        codes, names = pd.factorize(self.images["group"].to_numpy(object)[self.training])
        return codes.astype("int64"), {str(name): code for code, name in enumerate(names)}

    @cached_property
    def places(self) -> dict[str, int]:
        """image_id -> its place in `images`."""
        return {name: place for place, name in enumerate(self.images["image_id"])}

    def is_unlike(self, distances: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which images are unlike the training images, bool (m,).

        Args:
            distances: to the nearest training images, (m, k) with at least `K` of them where there
                are so many, as `find_nearest` returns them.
        """
        if self.limit is None or not distances.shape[1]:
            return np.zeros(len(distances), bool)
        return np.asarray(distances[:, min(K, distances.shape[1]) - 1] > self.limit)


def read_features(run: Run) -> Features | None:
    """Return the features of a run; None where none were computed of its present weights.

    Raises:
        RunError: a file of them is damaged.
    """
    if (about := read_about(run)) is None:
        return None
    images = read_images(run)
    return Features(images, shorten(read_vectors(run, len(images))), about)


def shorten(vectors: Vectors) -> Vectors:
    """Return each row divided by its length, float32 (m, d); rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    shortened: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype("float32")
    return shortened


def find_nearest(
    features: Features, vectors: Vectors, k: int = K, groups: Sequence[str] | None = None
) -> tuple[Places, NDArray[np.float32]]:
    """Return the nearest training images of some images, the nearest first.

    Args:
        features: of the run.
        vectors: (m, d), as the network gives them or divided by their length.
        k: how many; fewer where there are not so many training images.
        groups: (m,), the patient of each, whose own images do not count; None: of strangers.

    Returns:
        Places in `features.images`, int (m, k), and distances from 0 to 2, float32 (m, k);
        `NOBODY` and infinity where there is no further image of another patient.
    """
    base = features.training_vectors
    k = min(k, len(base))
    places = np.zeros((len(vectors), k), "int64")
    distances = np.zeros((len(vectors), k), "float32")
    if not k:
        return places, distances
    vectors = shorten(vectors)
    for first in range(0, len(vectors), BLOCK):
        block = slice(first, first + BLOCK)
        lengths = (vectors[block] ** 2).sum(axis=1)[:, None]
        squares = features.training_squares + lengths - 2 * (vectors[block] @ base.T)
        if groups is not None:
            codes, numbers = features.training_groups
            own = np.array([numbers.get(str(name), NOBODY) for name in groups[block]])
            squares[own[:, None] == codes] = np.inf
        near = np.argpartition(squares, k - 1, axis=1)[:, :k]
        near_squares = np.take_along_axis(squares, near, axis=1)
        order = np.lexsort((near, near_squares), axis=1)  # of equal distances the first in order
        near = np.take_along_axis(near, order, axis=1)
        near_squares = np.take_along_axis(near_squares, order, axis=1)
        places[block] = np.where(np.isinf(near_squares), NOBODY, features.training[near])
        distances[block] = np.sqrt(np.maximum(near_squares, 0))
    return places, distances


def find_limit(distances: NDArray[np.floating]) -> float | None:
    """Return the limit from the validation images' distances, (n,); None of no image."""
    known = distances[np.isfinite(distances)]
    return float(np.quantile(known, KEPT)) if len(known) else None


def count_called_unlike(images: pd.DataFrame, limit: float | None) -> dict[str, ShareFigure]:
    """Return subset -> the share of its images beyond the limit, with its interval.

    Args:
        images: subset, group and distance, as `runs.features` keeps them.
        limit: see `find_limit`.
    """
    if limit is None:
        return {}
    shares = {}
    for subset in (VALIDATION, TEST):
        own = images[(images["subset"] == subset) & images["distance"].notna()]
        if len(own):
            shares[subset] = measure_share((own["distance"] > limit).to_numpy(bool), own["group"])
    return shares
