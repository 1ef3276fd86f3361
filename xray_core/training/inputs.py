"""Batches for Keras: rows of the image cache, augmented, in a repeatable order."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from xray_core.preprocess.augment import augment_batch, augment_masks
from xray_core.preprocess.cache import ImageCache
from xray_core.preprocess.spec import AugmentSpec
from xray_core.training.combined_labels import COMBINED, MERGED

MIXING = 1  # makes the random numbers of mixup others than those of order and augmentation


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled, augmented (images, targets, sample weights).

    Order and augmentation depend on `seed`, the epoch and the image alone, and what is mixed on
    the batch as well, so an epoch can be repeated. Images: float32 (batch, size, size, 1) in
    [0, 255]; targets: float32 (batch, n_classes), or (batch, n_classes, 2) where an image may
    have several classes; weights: float32 (batch,).

    Args:
        cache: decoded images.
        rows: int, shape (n,): row of each image in the cache.
        targets: float32, shape (n, n_classes), 0 or 1; each class has an image at least. Or, where
            an image may have several classes, shape (n, n_classes, 2), see `losses.find_masses`.
        class_weights: float, shape (n_classes,), above 0: weight of an image by its class; None:
            1 each.
        batch_size: images per step; the last batch may be smaller.
        augment: random changes.
        seed: of order and augmentation.
        combined: float32, shape (n, n_combinations), where combined labels are learnt; the targets
            of a batch are then a mapping, as `training.combined_labels` names the outputs.
        balanced: whether an epoch shows as many images of each class; see `n_images`.
        mixup: of the Beta distribution, in which proportion a batch is mixed with itself; 0: not.
            What a mixed image costs is the same mix of what its two targets cost, each by its own
            weight.
        tabular: float32, shape (n_cached, n_features), of each image in the cache, where the
            model takes tabular features; the images of a batch are then a mapping of "image"
            and "tabular".
        finding_weights: of a multi-label task, for its loss; see `losses.weigh_findings`.
        masks: uint8, shape (n_cached, size, size), 1 inside, where they are what is learnt: the
            targets are then float32 (batch, size, size, 1), moved with their images, and `targets`
            counts for nothing.
    """

    def __init__(
        self,
        cache: ImageCache,
        rows: NDArray[np.int64],
        targets: NDArray[np.float32],
        class_weights: NDArray[np.float32] | None,
        batch_size: int,
        augment: AugmentSpec,
        seed: int,
        combined: NDArray[np.float32] | None = None,
        *,
        balanced: bool = False,
        mixup: float = 0.0,
        tabular: NDArray[np.float32] | None = None,
        finding_weights: NDArray[np.float32] | None = None,
        masks: NDArray[np.uint8] | None = None,
    ) -> None:
        super().__init__()
        self._masks = masks
        self.finding_weights = finding_weights
        self._combined, self._mixup, self._tabular = combined, mixup, tabular
        self._classes: list[NDArray[np.int64]] | None = None
        self._n_images = len(rows)
        if balanced:
            self._classes = [np.flatnonzero(column) for column in targets.T]
            self._n_images = -(-len(rows) // len(self._classes)) * len(self._classes)
        self._cache, self._rows, self._targets = cache, rows, targets
        self._features: NDArray[np.floating[Any]] | None = None
        self._weights = np.ones(len(rows), "float32")
        if class_weights is not None:
            self._weights = (targets * class_weights).sum(axis=1).astype("float32")
        self._batch_size, self._augment, self._seed = batch_size, augment, seed
        self.start_epoch(1)

    @property
    def n_images(self) -> int:
        """Images of an epoch: those of the training set, balanced up to a multiple of classes."""
        return self._n_images

    @property
    def n_training(self) -> int:
        """Images of the training set."""
        return len(self._rows)

    @property
    def n_batches(self) -> int:
        """Batches of a whole epoch."""
        return -(-self._n_images // self._batch_size)

    def unchanged_images(self, batch_size: int) -> "PredictionBatches":
        """Return the images of the training set in their order, without any change."""
        return PredictionBatches(self._cache, self._rows, batch_size, tabular=self._tabular)

    def replace_images(self, features: NDArray[np.floating[Any]] | None) -> None:
        """Deal out features in the place of images, otherwise as before.

        Args:
            features: float, shape (n_training, …), in the order of `unchanged_images`; None: the
                images again. Only where images are neither augmented nor mixed.
        """
        self._features = features

    def start_epoch(self, epoch: int, first_batch: int = 0) -> None:
        """Draw the order of `epoch`, counted from 1 through all phases.

        Args:
            epoch: whose order and augmentation are dealt from now on.
            first_batch: where it begins; above 0 where the batches before it are trained already.
        """
        self._epoch, self._first = epoch, first_batch
        rng = np.random.default_rng([self._seed, epoch])
        if self._classes:
            self._order = self._draw_balanced(rng, self._classes)
        else:
            self._order = rng.permutation(self.n_training)

    def _draw_balanced(
        self, rng: np.random.Generator, classes: list[NDArray[np.int64]]
    ) -> NDArray[np.int64]:
        """Return the images of an epoch: int (n_images,), those of each class equally many.

        All images of a class are shown before one is shown again. The second time the number of
        images is added to an image's own, the third time twice as much, and so on.
        """
        each, drawn = self._n_images // len(classes), []
        for own in classes:
            times = range(-(-each // len(own)))
            shown = [rng.permutation(own) + again * self.n_training for again in times]
            drawn.append(np.concatenate(shown)[:each])
        return rng.permutation(np.concatenate(drawn))

    def __len__(self) -> int:
        return self.n_batches - self._first

    def batch_length(self, batch: int) -> int:
        """Return how many images the batch numbered `batch`, from 0 in the epoch, holds."""
        return min(self._batch_size, self._n_images - batch * self._batch_size)

    def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
        batch = self._first + number
        drawn = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        again, chosen = np.divmod(drawn, self.n_training)
        mix = self._draw_mixing(batch, len(drawn))
        weights = self._weights[chosen]
        mixed_weights = mix(weights)

        def mix_targets(targets: NDArray[np.float32]) -> Any:
            # Each weight goes with its own target. The losses are straight lines in the target, so
            # this target, weighed by the mixed weight, costs what the two cost, mixed.
            if not self._mixup:
                return targets
            more = (1,) * (targets.ndim - 1)
            weighed = weights.reshape(-1, *more) * targets
            return mix(weighed) / mixed_weights.reshape(-1, *more)

        images: Any
        if self._features is None:
            images = mix(self._draw_images(chosen, again))[..., np.newaxis]
        else:
            images = self._features[chosen]
        if self._tabular is not None:
            images = _join(images, mix(self._tabular[self._rows[chosen]]))
        if self._masks is not None:
            return images, self._draw_masks(chosen, again), mixed_weights
        targets: Any = mix_targets(self._targets[chosen])
        if self._combined is not None:
            targets = {COMBINED: mix_targets(self._combined[chosen]), MERGED: targets}
        return images, targets, mixed_weights

    def _draw_images(self, chosen: NDArray[np.int64], again: NDArray[np.int64]) -> Any:
        """Return images as they are shown for the time numbered `again`, from 0, in the epoch."""
        rows, numbers = self._number(chosen, again)
        return augment_batch(
            self._cache.pixels[rows], numbers, self._augment, self._seed, self._epoch
        )

    def _draw_masks(self, chosen: NDArray[np.int64], again: NDArray[np.int64]) -> Any:
        """Return the masks of these images, moved as `_draw_images` moves them."""
        assert self._masks is not None
        rows, numbers = self._number(chosen, again)
        moved = augment_masks(self._masks[rows], numbers, self._augment, self._seed, self._epoch)
        return moved[..., np.newaxis]

    def _number(
        self, chosen: NDArray[np.int64], again: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return rows in the cache, and numbers: one shown again is changed otherwise."""
        rows = self._rows[chosen]
        return rows, rows + again * len(self._cache.pixels)

    def _draw_mixing(self, batch: int, size: int) -> Callable[[NDArray[np.float32]], Any]:
        """Return the function that mixes what belongs to the images of a batch, row by row."""
        if not self._mixup:
            return lambda values: values
        rng = np.random.default_rng([self._seed, self._epoch, batch, MIXING])
        share = np.float32(rng.beta(self._mixup, self._mixup))
        other = rng.permutation(size)
        return lambda values: share * values + (1 - share) * values[other]


class PredictionBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Images in the order given, unaugmented: float32 (batch, size, size, 1) in [0, 255].

    Args:
        cache: decoded images.
        rows: int, shape (n,): row of each image in the cache.
        batch_size: images per step; the last batch may be smaller.
        mirrored: whether left and right change places.
        tabular: as `TrainingBatches` takes it.
    """

    def __init__(
        self,
        cache: ImageCache,
        rows: NDArray[np.int64],
        batch_size: int,
        mirrored: bool = False,
        tabular: NDArray[np.float32] | None = None,
    ) -> None:
        super().__init__()
        self._tabular = tabular
        self._cache, self._rows, self.batch_size = cache, rows, batch_size
        self._step = -1 if mirrored else 1

    def __len__(self) -> int:
        return -(-len(self._rows) // self.batch_size)

    def __getitem__(self, batch: int) -> tuple[Any]:
        rows = self._rows[batch * self.batch_size : (batch + 1) * self.batch_size]
        images = self._cache.pixels[rows][:, :, :: self._step, np.newaxis].astype("float32")
        if self._tabular is None:
            return (images,)
        return (_join(images, self._tabular[rows]),)


def _join(images: Any, tabular: Any) -> dict[str, Any]:
    """Return a batch for a model of two inputs, under their names."""
    return {"image": images, "tabular": tabular}
