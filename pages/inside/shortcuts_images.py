"""A few images as the networks of the shortcut lab see them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import show_grid
from pages.components.small_type import show_section
from pages.prepare.pixels import build_tile
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.preprocess.images import read_all_preprocessed
from xray_core.preprocess.lung_masks import find_lung_masks
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes import Recipe
from xray_core.recipes.labs import BORDER, MEMBERS, WHOLE, WITHOUT_LUNGS
from xray_core.runs import Run
from xray_core.workspace import find_workspace

N_IMAGES = 2
SEEN = (WHOLE, WITHOUT_LUNGS, BORDER)


def show_sights(run: Run, recipe: Recipe, catalog: Catalog, subset: str) -> None:
    """Show images of each class whole, without lungs and as a border, row by row.

    Args:
        run: whose split says which images are evaluated.
        recipe: of it.
        catalog: the dataset.
        subset: of which the images are.
    """
    with show_errors():
        names = _choose(run, subset)
    known = catalog.images.set_index("image_id")
    rows = known.loc[known.index.intersection(names)]
    rows = rows[rows["path"].notna()]
    seen = [key for key in SEEN if key != WITHOUT_LUNGS or _has_masks(catalog, rows)]
    tiles = []
    pictures = {key: _prepare(catalog, rows, _spec_of(recipe, key)) for key in seen}
    for place, name in enumerate(rows.index):
        for key in seen:
            picture = pictures[key][place]
            if not isinstance(picture, str):
                tiles.append(build_tile(f"{name} {key}", picture, MEMBERS[key].title))
    show_section("What each of them sees", f"{subset} set")
    show_grid(tiles, "sights", columns=len(SEEN), pixelated=True, least_width=90)
    for words in {p for key in seen for p in pictures[key] if isinstance(p, str)}:
        st.caption(escape_markdown(words))


def _choose(run: Run, subset: str) -> list[str]:
    """Return the names of a few images, of each class in turn."""
    split = run.read_split()
    rows = split[split["subset"] == subset]
    if "class" not in rows:
        return [str(name) for name in rows["image_id"].head(N_IMAGES)]
    turn = rows.groupby("class", sort=False).cumcount()
    order = pd.Series(turn.to_numpy(), rows["image_id"]).sort_values(kind="stable")
    return [str(name) for name in order.index[:N_IMAGES]]


def _has_masks(catalog: Catalog, rows: pd.DataFrame) -> bool:
    with show_errors():
        masks = find_lung_masks(catalog, find_workspace().cache)
    return masks.count(list(rows.index))["none"] < len(rows)


def _spec_of(recipe: Recipe, key: str) -> PreprocessSpec:
    plain = PreprocessSpec()
    region = MEMBERS[key].changes.get("preprocess.region", plain.region)
    return replace(recipe.preprocess, region=str(region), border=plain.border)


def _prepare(
    catalog: Catalog, rows: pd.DataFrame, spec: PreprocessSpec
) -> list[NDArray[np.uint8] | str]:
    """Return each image as a network sees it, or why it cannot be shown."""
    with show_errors():
        lungs = find_lung_places(spec, catalog, list(rows.index), find_workspace().cache)
    known = None if lungs is None else tuple(p if isinstance(p, str) else tuple(p) for p in lungs)
    paths = tuple(str(catalog.root / path) for path in rows["path"])
    return _read(paths, tuple(map(_stamp, paths)), spec, known)


def _stamp(path: str) -> int:
    file = Path(path)
    return file.stat().st_mtime_ns if file.is_file() else 0


# cache_resource, not cache_data: the pixels need not be copied at each rerun. Nobody writes to
# them.
@st.cache_resource(max_entries=16, show_spinner=False)
def _read(
    files: tuple[str, ...],
    stamps: tuple[int, ...],
    spec: PreprocessSpec,
    lungs: tuple[tuple[float, ...] | str, ...] | None,
) -> list[NDArray[np.uint8] | str]:
    results = read_all_preprocessed(list(map(Path, files)), spec, lungs)
    return [str(result) if isinstance(result, XrayError) else result for result in results]
