"""The training images that look most alike to an image, as a run's network sees them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from pages.components.dataset import open_folder
from pages.components.grid import show_grid
from pages.components.small_type import show_muted, show_section
from pages.components.tables import read_tables
from pages.components.tiles import build_tiles
from xray_core.errors import XrayError
from xray_core.evaluation.nearest import NOBODY, Features, find_nearest, read_features
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.explained import find_explained
from xray_core.runs.features import ABOUT

ROW_HEIGHT = 112  # px; narrower tiles would cut off their names
N_SHOWN = 5
NOTE = "1 is the same to the network, 0 nothing in common"
OTHERS = f"other patients; {NOTE}"


def recall_features(run: Run) -> Features | None:
    """Return the features of a run, read once for every session; see `read_features`."""
    stamp = stamp_file(str(find_explained(run, ABOUT)))
    return _read(str(run.folder), stamp, stamp_file(str(run.best_checkpoint)))


# cache_resource, not cache_data: a hundred megabytes need not be copied at each rerun.
@st.cache_resource(max_entries=2, show_spinner=False)
def _read(folder: str, stamp: object, checkpoint: object) -> Features | None:
    return read_features(Run(Path(folder)))


def show_nearest_of(
    run: Run, recipe: Recipe, image_id: str, on_open: Callable[[str], None] | None = None
) -> None:
    """Show the training images nearest to an image of the run; nothing where none is known.

    Args:
        run: with features; see `runs.features`.
        recipe: of the run; it names the dataset's folder and the task.
        image_id: of an image that may be shown.
        on_open: called with the id of one that is clicked.
    """
    try:
        features = recall_features(run)
    except XrayError:  # the map of images says what is wrong with them
        return
    if features is None or image_id not in features.places or not len(features.training):
        return
    place = features.places[image_id]
    groups = [str(features.images["group"].iat[place])]
    near, distances = find_nearest(features, features.vectors[[place]], N_SHOWN, groups)
    known = near[0] != NOBODY
    ids = features.images["image_id"].to_numpy(object)[near[0][known]].tolist()
    show_nearest(recipe, ids, distances[0][known].tolist(), f"nearest_{image_id}", on_open, OTHERS)


def show_nearest(
    recipe: Recipe,
    image_ids: Sequence[str],
    distances: Sequence[float],
    key: str,
    on_open: Callable[[str], None] | None = None,
    note: str = NOTE,
) -> None:
    """Show training images, each with its label and how alike it is.

    Args:
        recipe: of the run; it names the dataset's folder and the task.
        image_ids: of training images, the nearest first.
        distances: to each, from 0 to 2, as `evaluation.nearest.find_nearest` returns them.
        key: unique on the page.
        on_open: called with the id of one that is clicked.
        note: behind the title.
    """
    show_section("Nearest training images", note)
    try:
        tables = read_tables(open_folder(Path(recipe.data_folder)), recipe.task)
    except (XrayError, OSError):
        show_muted("The images are no longer where the run was trained on them.")
        return
    # Of features of length 1, the cosine of the angle between them.
    alike = {name: 1 - far**2 / 2 for name, far in zip(image_ids, distances, strict=True)}
    tiles = [
        replace(
            tile,
            note=f"{alike[tile.id]:.2f}",
            alt=f"{tile.alt}, similarity {alike[tile.id]:.2f}",
        )
        for tile in build_tiles(tables, tables.pick_images(image_ids))
    ]
    if tiles:
        show_grid(tiles, key, on_open, row_height=ROW_HEIGHT)
    if absent := len(image_ids) - len(tiles):
        show_muted(f"{absent:,} more: absent from the folder.")
