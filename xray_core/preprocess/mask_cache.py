"""Lung masks as squares, laid as the images of an image cache are, in one file.

<folder>/<key>.lock           held by the one process that builds
<folder>/<key>/
    masks.uint8               n masks of size x size bytes, 1 inside; row i belongs to image i
    cache.json                written last: row -> why it has no mask
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from xray_core.errors import DatasetError
from xray_core.files import read_json, write_json
from xray_core.preprocess.cache import BuildStopped
from xray_core.preprocess.lung_masks import LungMasks, prepare_mask
from xray_core.preprocess.spec import PreprocessSpec

VERSION = 1  # raise it when the same files give other masks than before
MASKS, MARKER = "masks.uint8", "cache.json"


@dataclass(frozen=True, eq=False)
class MaskCache:
    """Masks beside an image cache.

    Attributes:
        pixels: uint8 (n, size, size), 1 inside, read-only, on disk.
        reasons: row -> why there is no mask; its row is black and must not be used.
    """

    pixels: NDArray[np.uint8]
    reasons: dict[int, str]


def open_mask_cache(
    masks: LungMasks,
    image_ids: Sequence[str],
    spec: PreprocessSpec,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MaskCache:
    """Open the masks of images as squares, reading them first where nobody has yet.

    Args:
        masks: of the dataset.
        image_ids: of n images.
        spec: its `size` and `resize` count.
        folder: where caches lie.
        progress: called with (masks done, n) while reading.
        should_stop: asked before each mask, and while another process reads them.

    Raises:
        DatasetError: the disk refuses.
        BuildStopped: `should_stop` returned True.
    """
    parts = [VERSION, spec.size, spec.resize, str(masks.catalog.root.resolve())]
    parts.append(masks.digest(image_ids))
    target = folder / hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
    shape = (len(image_ids), spec.size, spec.size)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")).acquire(cancel_check=should_stop):
            if not _is_whole(target, shape):
                _build(target, masks, image_ids, spec, progress, should_stop)
        reasons = {int(row): str(why) for row, why in read_json(target / MARKER).items()}
        return MaskCache(np.memmap(target / MASKS, np.uint8, "r", shape=shape), reasons)
    except Timeout as error:
        raise BuildStopped("Stopped while another process read the lung masks.") from error
    except OSError as error:
        raise DatasetError(
            f"{target}: lung masks cannot be kept there ({error.strerror or error}). Free some "
            "space, or set XRAY_HOME to a folder that can be written to."
        ) from error


def _is_whole(target: Path, shape: tuple[int, int, int]) -> bool:
    pixels = target / MASKS
    there = (target / MARKER).is_file() and pixels.is_file()
    return there and pixels.stat().st_size == int(np.prod(shape))


def _build(
    target: Path,
    masks: LungMasks,
    image_ids: Sequence[str],
    spec: PreprocessSpec,
    progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> None:
    reasons: dict[int, str] = {}
    (target / MARKER).unlink(missing_ok=True)
    black = np.zeros((spec.size, spec.size), np.uint8)
    # Written as to any file: a full disk raises an error, where a memory map would be a crash.
    with (target / MASKS).open("wb") as file:
        for row, mask in enumerate(masks.read(image_ids)):
            if should_stop is not None and should_stop():
                raise BuildStopped(f"Stopped with {row} of {len(image_ids)} lung masks read.")
            square = prepare_mask(mask, spec)
            if square is None:
                reasons[row] = mask.reason
            file.write((black if square is None else square).tobytes())
            if progress is not None:
                progress(row + 1, len(image_ids))
    write_json(target / MARKER, reasons)
