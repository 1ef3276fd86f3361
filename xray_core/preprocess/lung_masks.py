"""Where the lungs are: a dataset's own masks, else those that a finished run has predicted.

<cache>/lungs/<dataset key>/      what `xray lungs RUN --data FOLDER` keeps
    masks.uint8                   n masks of 256 x 256 bytes, 0 or 1; row i belongs to images[i]
    images.parquet                one row an image: `IMAGE_COLUMNS`
    about.json                    `About`; written last: where it is missing, nothing was predicted

A predicted mask is of the whole image, stretched to a square. What is read here has the
proportions of the image again, whichever of the two it comes from.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NotRequired, TypedDict

import cv2
import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from xray_core.bounded import map_bounded
from xray_core.catalog import LUNGS, Catalog
from xray_core.errors import DatasetError, XrayError
from xray_core.files import open_plain, read_json, replaced_file, write_json
from xray_core.preprocess.images import Pixels, resize_square
from xray_core.preprocess.mask_pixels import shrink_mask, unite_files_here, unite_masks
from xray_core.preprocess.masks import read_mask
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.records import build_record, read_table

SIDE = 256  # px, of a predicted mask, and of the longer side of one that is read here
OWN, PREDICTED = "dataset", "predicted"
PIXELS, IMAGES, ABOUT = "masks.uint8", "images.parquet", "about.json"
IMAGE_COLUMNS = {
    "image_id": "string",
    "path": "string",  # relative to the dataset folder
    "file_size": "Int64",  # bytes; with the next, by which a file that has changed is known
    "changed": "Int64",  # ns since 1970
    "width": "Int64",  # px, of the image; its proportions are those of its mask
    "height": "Int64",
    "share": "Float64",  # of the image's area that lies inside
    "n_pieces": "Int64",
    "doubt": "string",  # why the mask is implausible; "" where it is not
    "reason": "string",  # why there is no mask; "" where there is one
}


class About(TypedDict):
    """What is said of the predicted masks of a dataset.

    `checkpoint` is the time of change, in ns, and the size, in bytes, of the network's file.
    """

    folder: str
    run: str
    nickname: str
    checkpoint: list[int]
    dice: NotRequired[dict[str, Any] | None]  # value, low, high, n and subset, of the run itself
    made_at: str
    n: int
    n_implausible: int
    n_without: int


@dataclass(frozen=True, eq=False)
class LungMask:
    """The lungs of one image.

    Attributes:
        pixels: uint8 (h, w), 1 inside and 0 outside, in the proportions of the image, the longer
            side at most `SIDE` px; None where there is no mask.
        reason: why there is none; "" where there is one.
        source: `OWN` or `PREDICTED`; "" where there is none.
        doubt: why a predicted mask is implausible, as that only one lung is there; else "".
    """

    pixels: Pixels | None = None
    reason: str = ""
    source: str = ""
    doubt: str = ""


@dataclass(frozen=True, eq=False)
class PredictedLungs:
    """What a run has predicted for a dataset.

    Attributes:
        about: by which run, and how good it is.
        images: `IMAGE_COLUMNS`, index image_id.
        pixels: uint8 (n, SIDE, SIDE), 1 inside, read-only, on disk.
    """

    about: About
    images: pd.DataFrame
    pixels: NDArray[np.uint8]

    @cached_property
    def places(self) -> dict[str, int]:
        """Image_id -> its row."""
        return {name: row for row, name in enumerate(self.images.index)}


@dataclass(frozen=True, eq=False)
class LungMasks:
    """The lung masks of a dataset: its own, and predicted ones of the images that have none."""

    catalog: Catalog
    predicted: PredictedLungs | None = None

    @cached_property
    def own(self) -> dict[str, list[int]]:
        """Image_id -> places of its lung masks in `catalog.masks`."""
        masks = self.catalog.masks
        is_lungs = np.flatnonzero((masks["kind"] == LUNGS).to_numpy(bool))
        places: dict[str, list[int]] = {}
        for place, image_id in zip(is_lungs, masks["image_id"].iloc[is_lungs], strict=True):
            places.setdefault(str(image_id), []).append(int(place))
        return places

    def count(self, image_ids: Sequence[str]) -> dict[str, int]:
        """Return of how many images there is a mask of `OWN`, of `PREDICTED`, and of "none"."""
        counts = {OWN: 0, PREDICTED: 0, "none": 0}
        for name in image_ids:
            counts[self._source_of(name) or "none"] += 1
        return counts

    def _source_of(self, image_id: str) -> str:
        if image_id in self.own:
            return OWN
        held = self.predicted
        return PREDICTED if held is not None and image_id in held.places else ""

    def read(self, image_ids: Sequence[str]) -> Iterator[LungMask]:
        """Yield the mask of each image, in order; several masks of an image are united.

        Files are read in child processes, within limits. A mask of nothing at all counts as none.
        """
        batches = [self._files(name) for name in image_ids]
        root = str(self.catalog.root)
        united = map_bounded(unite_files_here, [(root, files, SIDE) for files in batches if files])
        for name, files in zip(image_ids, batches, strict=True):
            yield self._read_one(name, next(united) if files else None)

    def _files(self, image_id: str) -> list[str]:
        """Return the files of an image's own masks, relative to the dataset folder."""
        paths = self.catalog.masks["path"].iloc[self.own.get(image_id, [])]
        return [str(path) for path in paths.dropna()]

    def _read_one(self, image_id: str, united: Any) -> LungMask:
        if image_id in self.own:
            return self._read_own(image_id, united)
        held = self.predicted
        if held is None or image_id not in held.places:
            return LungMask(reason="it has no lung mask, and none was predicted")
        row = held.places[image_id]
        image = held.images.iloc[row]
        if reason := str(image["reason"]) or self._find_change(image):
            return LungMask(reason=reason)
        pixels = held.pixels[row]
        if not pixels.any():
            return LungMask(reason="the network saw no lungs in it")
        width, height = fit_inside(int(image["width"]), int(image["height"]), SIDE)
        return LungMask(
            shrink_mask(pixels > 0, (width, height)).astype(np.uint8),
            source=PREDICTED,
            doubt=str(image["doubt"]),
        )

    def _read_own(self, image_id: str, united: Any) -> LungMask:
        if isinstance(united, XrayError):
            return LungMask(reason=f"its lung mask cannot be read: {united}")
        masks = [] if united is None else [np.asarray(united) > 0]
        rows = self.catalog.masks.iloc[self.own[image_id]]
        try:
            for _, row in rows[rows["path"].isna()].iterrows():
                mask = read_mask(self.catalog, row)
                size = fit_inside(mask.shape[1], mask.shape[0], SIDE)
                masks.append(shrink_mask(mask, size))
        except XrayError as error:
            return LungMask(reason=f"its lung mask cannot be read: {error}")
        mask = unite_masks(masks)
        if not mask.any():
            return LungMask(reason="its lung mask is empty")
        return LungMask(mask.astype(np.uint8), source=OWN)

    def _find_change(self, image: pd.Series) -> str:
        size, changed = stamp_image(self.catalog.root, image["path"])
        if (size, changed) == (int(image["file_size"]), int(image["changed"])):
            return ""
        return "the file has changed since its lung mask was predicted"

    def digest(self, image_ids: Sequence[str]) -> str:
        """Return 20 hexadecimal digits that change with the masks of these images, or their order.

        Of files by their names, sizes and times, of run lengths by what they say; of predicted
        masks also by the images that they were drawn of.
        """
        runs, parts, held = self.catalog.masks["runs"], list[Any](), self.predicted
        for name in image_ids:
            source = self._source_of(name)
            if source == OWN:
                files = [
                    (path, *stamp_image(self.catalog.root, path)) for path in self._files(name)
                ]
                parts.append((name, files, runs.iloc[self.own[name]].dropna().tolist()))
            elif source == PREDICTED and held is not None:  # of another file than this it is none
                path = held.images["path"].iloc[held.places[name]]
                parts.append((name, *stamp_image(self.catalog.root, path)))
            else:
                parts.append((name, source))
        about = None if held is None else held.about
        return hashlib.sha256(json.dumps([parts, about]).encode()).hexdigest()[:20]


def find_lung_masks(catalog: Catalog, cache: Path) -> LungMasks:
    """Return where the lungs of a dataset's images are, as far as that is known.

    Args:
        catalog: the dataset.
        cache: that of the workspace; what `xray lungs` left there counts for images that have no
            mask of their own.

    Raises:
        DatasetError: what it left there is damaged.
    """
    return LungMasks(catalog, read_predicted_lungs(catalog.root, cache))


def lungs_folder(root: Path, cache: Path) -> Path:
    """Return where the predicted lung masks of the dataset in `root` are kept."""
    key = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return cache / "lungs" / key


def read_predicted_lungs(root: Path, cache: Path) -> PredictedLungs | None:
    """Return the predicted lung masks of the dataset in `root`; None if nobody has predicted any.

    Raises:
        DatasetError: the files are damaged; the message says which, and what to do.
    """
    folder = lungs_folder(root, cache)
    if not (folder / ABOUT).is_file():
        return None
    try:
        about = build_record(About, read_json(folder / ABOUT), "about")
        with open_plain(folder / IMAGES) as file:
            images = read_table(file, ("image_id", "path", "doubt", "reason"))
        if missing := set(IMAGE_COLUMNS) - set(images):
            raise ValueError(f"{IMAGES} has no column {', '.join(sorted(missing))}")
        images = images[list(IMAGE_COLUMNS)].astype(IMAGE_COLUMNS)
        shape = (len(images), SIDE, SIDE)
        if (folder / PIXELS).stat().st_size != int(np.prod(shape)):
            raise ValueError(f"{PIXELS} is not of {len(images):,} images")
        pixels = np.memmap(folder / PIXELS, np.uint8, "r", shape=shape)
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{folder}: the predicted lung masks are damaged: {error}. Delete the folder and "
            "predict them again."
        ) from error
    return PredictedLungs(about, images.set_index("image_id"), pixels)


def write_predicted_lungs(
    root: Path,
    cache: Path,
    write_pixels: Callable[[BinaryIO], None],
    describe: Callable[[], tuple[About, pd.DataFrame]],
) -> tuple[Path, About, pd.DataFrame]:
    """Keep the predicted lung masks of the dataset in `root`, in place of earlier ones.

    Earlier ones stay until all of these are written.

    Args:
        root: the dataset folder.
        cache: that of the workspace.
        write_pixels: writes the masks, see `PIXELS`, one after the other.
        describe: called after that: what is said of them, and `IMAGE_COLUMNS` in their order.

    Returns:
        The folder, and what was described.

    Raises:
        DatasetError: the disk refuses, or another process predicts them just now.
    """
    folder = lungs_folder(root, cache)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock").acquire(timeout=0):
            for left in folder.glob(".*.partial*"):  # of a process that was killed
                left.unlink()
            with replaced_file(folder / PIXELS) as partial:
                with partial.open("wb") as file:
                    write_pixels(file)
                about, images = describe()
                # Old words must not stand beside new masks, even if this process ends here.
                (folder / ABOUT).unlink(missing_ok=True)
            table = images[list(IMAGE_COLUMNS)].astype(IMAGE_COLUMNS)
            with replaced_file(folder / IMAGES) as partial:
                table.to_parquet(partial, index=False)
            write_json(folder / ABOUT, about)
    except Timeout as error:
        raise DatasetError(
            f"Another process predicts the lung masks of {root} just now. Wait for it."
        ) from error
    except OSError as error:
        raise DatasetError(
            f"{folder}: lung masks cannot be kept there ({error.strerror or error}). Free some "
            "space, or set XRAY_HOME to a folder that can be written to."
        ) from error
    return folder, about, table


def stamp_image(root: Path, path: str) -> tuple[int, int]:
    """Return size in bytes and time of change in ns of a file, by which it is known again."""
    try:
        status = (root / path).stat()
    except OSError:  # it is said where it is read
        return -1, 0
    return status.st_size, status.st_mtime_ns


def fit_inside(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height in the same proportions, px, of which the longer is `side` at most.

    >>> fit_inside(3000, 1500, 256), fit_inside(80, 40, 256)
    ((256, 128), (80, 40))
    """
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def prepare_mask(mask: LungMask, spec: PreprocessSpec) -> Pixels | None:
    """Return a mask as `apply_preprocess` would lay it: uint8 (size, size), 1 inside.

    Args:
        mask: of one image; None is returned where it has no pixels.
        spec: its `size` and `resize` count.
    """
    if mask.pixels is None:
        return None
    square = resize_square(mask.pixels * np.uint8(255), spec.size, spec.resize)
    return cv2.threshold(square, 127, 1, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)
