"""The images of a run, prepared as its network takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xray_core.datasets import open_dataset
from xray_core.errors import RunError, XrayError
from xray_core.explain.batches import Images
from xray_core.explain.loaded import LoadedRun
from xray_core.preprocess.images import read_all_preprocessed
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.training.tabular import read_columns
from xray_core.workspace import Workspace


@dataclass(frozen=True, eq=False)
class PreparedImages:
    """Images that can be given to a network.

    Attributes:
        ids: of those that can be read, in the order asked for.
        images: as `map_images` takes them.
        unread: image_id -> why it cannot be.
    """

    ids: list[str]
    images: Images
    unread: dict[str, str]


def prepare_images(
    loaded: LoadedRun, image_ids: Sequence[str], workspace: Workspace
) -> PreparedImages:
    """Read images of a run's dataset, and what is known beside them where its network asks.

    Raises:
        RunError: an image is none of the run's.
        XrayError: the dataset is gone.
    """
    recipe, run = loaded.recipe, loaded.run
    split = run.read_split().set_index("image_id")
    if strange := [name for name in image_ids if name not in split.index]:
        raise RunError(f"{strange[0]} is no image of {run.read_nickname()}.")
    root = Path(recipe.data_folder)
    files = [root / path for path in split.loc[list(image_ids), "path"]]
    ids, pixels, unread = [], [], {}
    lungs = None
    if recipe.preprocess.needs_lungs:
        catalog = open_dataset(root, workspace.cache)
        lungs = find_lung_places(recipe.preprocess, catalog, list(image_ids), workspace.cache)
    read = read_all_preprocessed(files, recipe.preprocess, lungs)
    for image_id, result in zip(image_ids, read, strict=True):
        if isinstance(result, XrayError):
            unread[image_id] = str(result)
        else:
            ids.append(image_id)
            pixels.append(result)
    side = recipe.preprocess.size
    images: NDArray[np.float32] = np.zeros((len(ids), side, side, 1), np.float32)
    if ids:
        images[..., 0] = np.stack(pixels)
    if not recipe.tabular:
        return PreparedImages(ids, images, unread)
    table = open_dataset(root, workspace.cache).images.set_index("image_id").loc[ids]
    tabular = read_columns(run).encode(table)
    return PreparedImages(ids, {"image": images, "tabular": tabular}, unread)
