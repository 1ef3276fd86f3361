"""Occlusion: how much less probable a class becomes while a part of the image is covered.

Source: Zeiler and Fergus 2014, arXiv:1311.2901. It asks the network alone, no gradient, and so
says what really happens; but each image is asked about some 200 times.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from xray_core.explain.batches import Images, cut

GRID = 14  # places along either side, as far as there are so many pixels
BATCH_SIZE = 28  # covered copies of an image at once

Square = tuple[slice, slice]  # rows, columns


def occlude_images(
    model: Any,
    images: Images,
    targets: NDArray[np.int64],
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return by how much a class' probability falls while a square covers each place of an image.

    The square has the image's own mean as its gray level, and is two places wide and high, so that
    it goes on by half its width; at the border a part of it lies outside.

    Args:
        model: see `gradcam.map_images`.
        images: likewise.
        targets: likewise.
        progress: called with (images done, n), after each batch.

    Returns:
        float32 (n, height, width), at most `GRID` on either side, in [0, 1]: the fall; 0 where the
        class becomes no less probable.
    """
    pixels = images["image"] if isinstance(images, Mapping) else images
    n, side = len(targets), pixels.shape[1]
    squares, places = list_squares(side), min(GRID, side)
    falls = np.zeros((n, places * places), np.float32)
    for k in range(n):
        alone = cut(images, k, k + 1)
        before = keras.ops.convert_to_numpy(model(alone, training=False))[0, targets[k]]
        for start in range(0, len(squares), BATCH_SIZE):
            part = squares[start : start + BATCH_SIZE]
            # Compiled once for all batches, which halves the time.
            answers = model.predict_on_batch(_cover(alone, part))
            falls[k, start : start + len(part)] = before - answers[:, targets[k]]
            if progress is not None:
                progress(k, n)
        if progress is not None:
            progress(k + 1, n)
    return np.maximum(falls, 0).reshape(n, places, places)


def list_squares(side: int) -> list[Square]:
    """Return what is covered at each place, row by row, in an image of `side` px."""
    places = min(GRID, side)
    edges = np.rint(np.arange(places + 1) * side / places).astype(int)
    half = max(1, round(side / places / 2))
    spans = [
        slice(max(0, low - half), min(side, high + half))
        for low, high in zip(edges[:-1], edges[1:], strict=True)
    ]
    return [(rows, columns) for rows in spans for columns in spans]


def _cover(alone: Images, squares: list[Square]) -> Images:
    """Return one image, as it is given to a network, once for each square, which covers it."""
    if isinstance(alone, Mapping):
        repeated = {name: np.repeat(values, len(squares), axis=0) for name, values in alone.items()}
        return repeated | {"image": np.asarray(_cover(alone["image"], squares))}
    copies = np.repeat(alone, len(squares), axis=0)
    for copy, (rows, columns) in zip(copies, squares, strict=True):
        copy[rows, columns] = alone.mean()
    return copies
