"""Lung masks of the images of any dataset, drawn by a finished run of a task that asks for masks.

What is drawn for a whole dataset is kept in the workspace's cache, where
`preprocess.lung_masks.find_lung_masks` looks for it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.errors import RunError, XrayError
from xray_core.evaluation.masks import call_pixels
from xray_core.explain.loaded import LoadedRun
from xray_core.files import utc_now
from xray_core.imagefiles.images import read_sizes
from xray_core.preprocess.images import cut_padding, read_all_preprocessed
from xray_core.preprocess.lung_masks import SIDE, About, stamp_image, write_predicted_lungs
from xray_core.preprocess.lung_shape import doubt_lungs, measure_pieces, tidy_lungs
from xray_core.runs.explained import stamp_network

BATCH_SIZE = 32
Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class DrawnLungs:
    """What was drawn of a dataset.

    Attributes:
        folder: where it is kept.
        about: see `preprocess.lung_masks.About`.
        doubts: why masks are implausible -> how many, the most frequent first.
        reasons: why images have no mask -> how many, likewise.
    """

    folder: Path
    about: About
    doubts: dict[str, int]
    reasons: dict[str, int]


def check_draws(loaded: LoadedRun) -> None:
    """Raise RunError if the network of a run draws no masks."""
    if not loaded.recipe.asks_masks:
        raise RunError(
            f"{loaded.run.read_nickname()} answers with classes and draws no masks. Choose a run "
            "of a recipe such as lungs_unet, or train that first."
        )


def draw_lungs(
    loaded: LoadedRun, catalog: Catalog, cache: Path, progress: Progress | None = None
) -> DrawnLungs:
    """Draw the lungs of all images of a dataset, and keep the masks in place of earlier ones.

    Args:
        loaded: a run that draws masks.
        catalog: the dataset.
        cache: that of the workspace.
        progress: called with (images done, images in all).

    Raises:
        RunError: the run draws no masks.
        DatasetError: the masks cannot be kept.
    """
    check_draws(loaded)
    images = catalog.present.reset_index(drop=True)
    sizes = _measure(catalog, images)
    rows: list[dict[str, Any]] = []

    def write_pixels(file: BinaryIO) -> None:
        paths = [catalog.root / path for path in images["path"]]
        for place, result in enumerate(draw_files(loaded, paths, sizes)):
            stamp = stamp_image(catalog.root, images["path"].iloc[place])
            named = dict(zip(("file_size", "changed"), stamp, strict=True))
            named |= dict(zip(("width", "height"), sizes[place], strict=True))
            rows.append(named | _describe(result))
            mask = np.zeros((SIDE, SIDE), np.uint8) if isinstance(result, str) else result
            file.write(mask.tobytes())
            if progress is not None:
                progress(place + 1, len(images))

    def describe() -> tuple[About, pd.DataFrame]:
        table = pd.concat([images[["image_id", "path"]], pd.DataFrame(rows)], axis=1)
        return _about(loaded, catalog, table), table

    folder, about, table = write_predicted_lungs(catalog.root, cache, write_pixels, describe)
    return DrawnLungs(folder, about, _count(table["doubt"]), _count(table["reason"]))


def draw_files(
    loaded: LoadedRun, paths: Sequence[Path], sizes: Sequence[tuple[int, int]]
) -> Iterator[Pixels | str]:
    """Yield the mask of each image file, in order, or why there is none.

    Args:
        loaded: a run that draws masks.
        paths: image files.
        sizes: width and height of each, px, of which the proportions count.

    Yields:
        uint8 (SIDE, SIDE), 1 inside, of the whole image stretched to a square.
    """
    spec, batch = loaded.recipe.preprocess, list[Any]()
    for start in range(0, len(paths), BATCH_SIZE):
        batch = list(read_all_preprocessed(paths[start : start + BATCH_SIZE], spec))
        readable = [
            place for place, result in enumerate(batch) if not isinstance(result, XrayError)
        ]
        drawn: dict[int, NDArray[np.float32]] = {}
        if readable:
            pixels = np.stack([batch[place] for place in readable])[..., np.newaxis]
            said = loaded.model.predict_on_batch(pixels.astype("float32"))[..., 0]
            drawn = dict(zip(readable, np.asarray(said), strict=True))
        for place, result in enumerate(batch):
            if place in drawn:
                yield _square(drawn[place], sizes[start + place], spec.resize)
            else:
                yield f"it cannot be read: {result}"


def _square(said: NDArray[np.float32], size: tuple[int, int], resize: str) -> Pixels:
    """Return the tidied mask of a whole image, (SIDE, SIDE), from what is said of each pixel."""
    width, height = size
    whole = cut_padding(said, width, height, resize)
    # The probabilities are enlarged, and not the mask: its outline would have steps.
    enlarged = cv2.resize(whole, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return tidy_lungs(call_pixels(enlarged.astype(np.float32, copy=False)))


def _measure(catalog: Catalog, images: pd.DataFrame) -> list[tuple[int, int]]:
    """Return width and height of each image; (1, 1) of one that cannot be read."""
    known = images[["width", "height"]].to_numpy(object)
    unknown = [place for place, sides in enumerate(known) if pd.isna(sides).any()]
    measured = read_sizes([catalog.root / images["path"].iloc[place] for place in unknown])
    sizes = {
        place: (1, 1) if isinstance(size, XrayError) else size
        for place, size in zip(unknown, measured, strict=True)
    }
    return [sizes.get(place) or (int(w), int(h)) for place, (w, h) in enumerate(known)]


def _describe(result: Pixels | str) -> dict[str, Any]:
    if isinstance(result, str):
        return {"share": None, "n_pieces": None, "doubt": "", "reason": result}
    if not result.any():
        reason = "the network saw no lungs in it"
        return {"share": 0.0, "n_pieces": 0, "doubt": "", "reason": reason}
    return {
        "share": float(result.mean()),
        "n_pieces": len(measure_pieces(result)),
        "doubt": doubt_lungs(result),
        "reason": "",
    }


def _about(loaded: LoadedRun, catalog: Catalog, table: pd.DataFrame) -> About:
    run = loaded.run
    dice = None
    if run.holds("report.json"):
        report = run.read_report()
        # What may be shown before its test set is opened is that of the validation set.
        shown = report.get("validation") or report
        dice = {**shown["metrics"]["dice"], "n": shown["n"], "subset": shown["subset"]}
    return About(
        folder=str(catalog.root),
        run=run.name,
        nickname=run.read_nickname(),
        checkpoint=stamp_network(run),
        dice=dice,
        made_at=utc_now(),
        n=len(table),
        n_implausible=int((table["doubt"] != "").sum()),
        n_without=int((table["reason"] != "").sum()),
    )


def _count(words: pd.Series) -> dict[str, int]:
    """Return what is said -> how often, figures in it apart."""
    known = [_without_figures(text) for text in words if text]
    return dict(Counter(known).most_common())


def _without_figures(text: str) -> str:
    if "of the image inside" in text:
        return "too small or too large a share of the image"
    return text.partition(":")[0] if text.startswith("it cannot be read") else text
