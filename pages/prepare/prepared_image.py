"""Which image Prepare works on, and the recipe that it starts from."""

import random
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.frame import escape_markdown, show_errors
from pages.components.tables import Tables
from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.errors import RecipeError
from xray_core.glossary import explain
from xray_core.imagefiles.images import read_image
from xray_core.preprocess.lung_masks import find_lung_masks
from xray_core.preprocess.regions import Lungs, find_lungs
from xray_core.recipes import Recipe, recipes_for
from xray_core.workspace import find_workspace


def choose_image(tables: Tables) -> tuple[str, NDArray[np.uint8]]:
    """Let the user name an image or draw another; return its id and gray levels (h, w)."""
    catalog, places = tables.catalog, tables.places
    if not places:
        st.info("No image of this dataset is in its folder. Choose another dataset.")
        st.stop()
    wanted = st.query_params.get("image")
    image_id = wanted if wanted in places else _first(tables)
    typed = st.text_input(
        "Image", image_id, help=f"{explain('image')} Paste an id from Explore.", width=150
    )
    if st.button("Another", icon=":material/casino:", help="An image drawn at random."):
        typed = random.choice(list(places))
    if typed != image_id:
        st.query_params["image"] = typed
        st.rerun()
    if wanted not in (None, image_id):
        st.warning(f"This dataset has no image {escape_markdown(repr(wanted))}; showing another.")
    path = catalog.images.at[places[image_id], "path"]
    with show_errors():
        file = catalog.root / path
        image = _read(str(file), file.stat().st_mtime_ns)
    return image_id, image


def choose_recipe(catalog: Catalog) -> Recipe:
    """Let the user choose the recipe whose steps are shown."""
    recipes = recipes_for(catalog.source)  # as on Train
    fitting = list(recipes)
    with show_errors():
        if not fitting:
            raise RecipeError(
                f"No recipe fits {READERS[catalog.source].title} yet. Choose another dataset."
            )
    name = st.selectbox(
        "Start from the settings of",
        fitting,
        format_func=lambda name: recipes[name].title,
        key="prepare_recipe",
        persist_state="session",
        width=230,
    )
    return recipes[name]


def read_lungs(catalog: Catalog, image_id: str) -> Lungs | None:
    """Return where the lungs are in an image; None where no mask says it."""
    with show_errors():
        [mask] = find_lung_masks(catalog, find_workspace().cache).read([image_id])
    return None if mask.pixels is None else find_lungs(mask.pixels > 0)


def _first(tables: Tables) -> str:
    """Return an image with something to see: the first one that carries a box, else the first."""
    return next((name for name in tables.places if name in tables.boxes), next(iter(tables.places)))


# cache_resource, not cache_data: 20 MB need not be copied at each rerun. Nobody writes to it.
@st.cache_resource(max_entries=16, show_spinner=False)
def _read(path: str, changed: int) -> NDArray[np.uint8]:
    image = read_image(Path(path))
    image.setflags(write=False)
    return image
