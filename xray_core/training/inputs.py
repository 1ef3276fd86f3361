"""Batches for Keras: rows of the image cache, augmented, in a repeatable order."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from xray_core.preprocess.augment import augment_batch
from xray_core.preprocess.cache import ImageCache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.training.finer import FINE, GATHERED


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled, augmented (images, targets, sample weights).

    Order and augmentation depend on `seed`, the epoch and the image alone, so an epoch can be
    repeated. Images: float32 (batch, size, size, 1) in [0, 255]; targets: float32
    (batch, n_classes); weights: float32 (batch,).

    Args:
        cache: decoded images.
        rows: int, shape (n,): row of each image in the cache.
        targets: float32, shape (n, n_classes), 0 or 1.
        class_weights: float, shape (n_classes,): weight of an image by its class.
        batch_size: images per step; the last batch may be smaller.
        augment: random changes.
        seed: of order and augmentation.
        finer: float32, shape (n, n_combinations), where finer targets are learnt; the targets
            of a batch are then a mapping, as `training.finer` names the outputs.
    """

    def __init__(
        self,
        cache: ImageCache,
        rows: NDArray[np.int64],
        targets: NDArray[np.float32],
        class_weights: NDArray[np.float32],
        batch_size: int,
        augment: AugmentSpec,
        seed: int,
        finer: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__()
        self._finer = finer
        self._cache, self._rows, self._targets = cache, rows, targets
        self._weights = (targets * class_weights).sum(axis=1).astype("float32")
        self._batch_size, self._augment, self._seed = batch_size, augment, seed
        self.start_epoch(1)

    @property
    def n_images(self) -> int:
        """Images of an epoch."""
        return len(self._rows)

    @property
    def n_batches(self) -> int:
        """Batches of a whole epoch."""
        return -(-len(self._rows) // self._batch_size)

    def start_epoch(self, epoch: int, first_batch: int = 0) -> None:
        """Draw the order of `epoch`, counted from 1 through all phases.

        Args:
            epoch: whose order and augmentation are dealt from now on.
            first_batch: where it begins; above 0 where the batches before it are trained already.
        """
        self._epoch, self._first = epoch, first_batch
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._rows))

    def __len__(self) -> int:
        return self.n_batches - self._first

    def batch_length(self, batch: int) -> int:
        """Return how many images the batch numbered `batch`, from 0 in the epoch, holds."""
        return min(self._batch_size, len(self._rows) - batch * self._batch_size)

    def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
        batch = self._first + number
        chosen = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        rows = self._rows[chosen]
        images = augment_batch(
            self._cache.pixels[rows], rows, self._augment, self._seed, self._epoch
        )
        targets: Any = self._targets[chosen]
        if self._finer is not None:
            targets = {FINE: self._finer[chosen], GATHERED: targets}
        return images[..., np.newaxis], targets, self._weights[chosen]


class PredictionBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Images in the order given, unaugmented: float32 (batch, size, size, 1) in [0, 255].

    Args:
        cache: decoded images.
        rows: int, shape (n,): row of each image in the cache.
        batch_size: images per step; the last batch may be smaller.
        mirrored: whether left and right change places.
    """

    def __init__(
        self, cache: ImageCache, rows: NDArray[np.int64], batch_size: int, mirrored: bool = False
    ) -> None:
        super().__init__()
        self._cache, self._rows, self._batch_size = cache, rows, batch_size
        self._step = -1 if mirrored else 1

    def __len__(self) -> int:
        return -(-len(self._rows) // self._batch_size)

    def __getitem__(self, batch: int) -> tuple[Any]:
        rows = self._rows[batch * self._batch_size : (batch + 1) * self._batch_size]
        return (self._cache.pixels[rows][:, :, :: self._step, np.newaxis].astype("float32"),)
