"""The rectangle around the lungs of each image, for a preprocessing that hides or shows them.

To read a mask takes some milliseconds, so what was found is kept:

<cache>/lung_places/<digest>.json   one entry an image: the rectangle, or why there is none
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError
from xray_core.files import write_json
from xray_core.preprocess.lung_masks import LungMasks, find_lung_masks
from xray_core.preprocess.regions import Lungs, find_lungs
from xray_core.preprocess.spec import PreprocessSpec

FOLDER = "lung_places"


def find_lung_places(
    spec: PreprocessSpec,
    catalog: Catalog,
    image_ids: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[Lungs | str] | None:
    """Return where the lungs are in each image, as `open_image_cache` wants to know it.

    Args:
        spec: the preprocessing.
        catalog: the dataset.
        image_ids: of n of its images.
        cache: that of the workspace.
        progress: called with (images done, n) after each mask that is read.

    Returns:
        Of each image the rectangle, see `regions.Lungs`, or the reason why it is not known; None
        if `spec` does not ask for it.

    Raises:
        DatasetError: no image has a mask, or what is kept of predicted masks is damaged.
    """
    if not spec.needs_lungs:
        return None
    masks = find_lung_masks(catalog, cache)
    check_masks(masks, image_ids)
    kept = cache / FOLDER / f"{masks.digest(image_ids)}.json"
    places = _read_kept(kept, len(image_ids))
    if places is None:
        places = []
        for mask in masks.read(image_ids):
            place = None if mask.pixels is None else find_lungs(np.asarray(mask.pixels) > 0)
            places.append(place if place is not None else mask.reason)
            if progress is not None:
                progress(len(places), len(image_ids))
        write_json(kept, places)
    return places


def check_masks(masks: LungMasks, image_ids: Sequence[str]) -> None:
    """Raise DatasetError if none of the images has a mask of its lungs."""
    if masks.count(image_ids)["none"] < len(image_ids):
        return
    raise DatasetError(
        f"{masks.catalog.root}: no image has a mask of its lungs, so they can be neither hidden "
        "nor shown alone. Have a run that draws lungs draw them (on Inside, Shortcuts, or by xray "
        "lungs RUN --data FOLDER), or set preprocess.region to border or whole."
    )


def _read_kept(file: Path, n_images: int) -> list[Lungs | str] | None:
    """Return what an earlier call found; None where it did not, or the file is damaged."""
    try:
        places = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(places, list) or len(places) != n_images:
        return None
    whole = all(
        isinstance(place, str) or (isinstance(place, list) and len(place) == 4) for place in places
    )
    return places if whole else None
