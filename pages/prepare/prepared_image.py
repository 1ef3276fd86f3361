"""Which image Prepare works on, and the recipe that it starts from."""

import random
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.frame import escape_markdown, show_errors
from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.errors import RecipeError
from xray_core.glossary import explain
from xray_core.imagefiles.images import read_image
from xray_core.recipes import Recipe, recipes_for


def choose_image(catalog: Catalog) -> tuple[str, NDArray[np.uint8]]:
    """Let the user name an image or draw another; return its id and gray levels (h, w)."""
    present = catalog.present
    ids = list(present["image_id"])
    if not ids:
        st.info("No image of this dataset is in its folder. Choose another dataset.")
        st.stop()
    wanted = st.query_params.get("image")
    image_id = wanted if wanted in ids else _first(catalog)
    typed = st.text_input(
        "Image", image_id, help=f"{explain('image')} Paste an id from Explore.", width=150
    )
    if st.button("Another", icon=":material/casino:", help="An image drawn at random."):
        typed = random.choice(ids)
    if typed != image_id:
        st.query_params["image"] = typed
        st.rerun()
    if wanted not in (None, image_id):
        st.warning(f"This dataset has no image {escape_markdown(repr(wanted))}; showing another.")
    [path] = present.loc[present["image_id"] == image_id, "path"]
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


def _first(catalog: Catalog) -> str:
    """Return an image with something to see: the first one that carries a box, else the first."""
    present = catalog.present["image_id"]
    boxed = present[present.isin(catalog.boxes["image_id"])]
    return str((boxed if len(boxed) else present).iloc[0])


# cache_resource, not cache_data: 20 MB need not be copied at each rerun. Nobody writes to it.
@st.cache_resource(max_entries=16, show_spinner=False)
def _read(path: str, changed: int) -> NDArray[np.uint8]:
    image = read_image(Path(path))
    image.setflags(write=False)
    return image
