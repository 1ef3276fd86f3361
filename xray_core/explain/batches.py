"""What goes into a network in batches, and how its maps are scaled."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-30  # below it a map is empty; an untrained network answers very little

Images = NDArray[np.float32] | Mapping[str, NDArray[np.float32]]


def cut(images: Images, start: int, stop: int) -> Images:
    """Return the images from `start` to before `stop`, of a mapping those of each of its inputs."""
    if isinstance(images, Mapping):
        return {name: values[start:stop] for name, values in images.items()}
    return images[start:stop]


def normalise(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return maps, (n, height, width), at least 0, each divided by its highest value."""
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.where(highest > LEAST, maps / np.maximum(highest, LEAST), 0).astype(np.float32)
