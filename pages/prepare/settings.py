"""What Prepare does to the image: contrast and size from thumbnails, kept in the address."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.grid import show_grid
from pages.components.small_type import show_section
from pages.prepare.pixels import build_tile, shrink
from xray_core.glossary import explain
from xray_core.preprocess.images import CONTRAST, apply_preprocess
from xray_core.preprocess.regions import Lungs
from xray_core.preprocess.spec import (
    CONTRASTS,
    LUNG_REGIONS,
    MAX_SIZE,
    MIN_SIZE,
    REGIONS,
    RESIZES,
    PreprocessSpec,
)
from xray_core.recipes import Recipe
from xray_core.recipes.titles import value_title

Pixels = NDArray[np.uint8]
THUMBNAIL = 84  # px, in which the longest word below one has room
SIZES = (32, 64, 128, 224)  # px, offered beside the recipe's own
CONTRAST_KEY, SIZE_KEY, RESIZE_KEY = "contrast", "size", "resize"  # in the address
REGION_KEY = "region"
VISIBLE_GAMMA = 0.6  # to begin with; 1 would change nothing
NUMBERS = {  # contrast -> its setting: field, label, lowest, highest, step
    "gamma": ("gamma", "Gamma: exponent", 0.2, 3.0, 0.05),
    "clahe": ("clip_limit", "CLAHE: clip limit", 0.5, 10.0, 0.5),
}


def choose_settings(image: Pixels, recipe: Recipe, lungs: Lungs | None) -> PreprocessSpec:
    """Show the choices as thumbnails of `image`; return what is chosen, else the recipe's own.

    Args:
        image: uint8 (h, w).
        recipe: to begin with.
        lungs: where they are in the image, if that is known.
    """
    spec = _read_numbers(_read_address(recipe.preprocess))
    if spec.needs_lungs and lungs is None:
        st.info("No mask says where the lungs are in this image, so the whole of it is shown.")
        spec = replace(spec, region="whole")
    show_section("Contrast", f"the recipe: {value_title('contrast', recipe.preprocess.contrast)}")
    small = shrink(image, 200)
    tiles = [
        build_tile(name, CONTRAST[name](small, spec), value_title("contrast", name))
        for name in CONTRASTS
    ]
    show_grid(
        tiles,
        "contrasts",
        _keep(CONTRAST_KEY),
        columns=5,
        open_ids=[spec.contrast],
        least_width=THUMBNAIL,
    )
    _choose_number(spec)
    show_section("Size and shape", f"the recipe: {recipe.preprocess.size} px")
    sizes = sorted({*SIZES, recipe.preprocess.size, spec.size})
    tiles = [
        build_tile(
            str(size), apply_preprocess(small, replace(spec, size=size), lungs), f"{size} px"
        )
        for size in sizes
    ]
    show_grid(
        tiles,
        "sizes",
        _keep(SIZE_KEY),
        columns=5,
        pixelated=True,
        open_ids=[str(spec.size)],
        least_width=THUMBNAIL,
    )
    spec = replace(spec, resize=_choose_resize(image, spec))
    spec = replace(spec, region=_choose_region(spec, lungs))
    # The number of a contrast that is not chosen is the recipe's own: nobody has changed it.
    others = [field for name, (field, *_) in NUMBERS.items() if name != spec.contrast]
    return PreprocessSpec(**{**vars(spec), **{f: vars(recipe.preprocess)[f] for f in others}})


def _read_address(spec: PreprocessSpec) -> PreprocessSpec:
    """Return the recipe's steps, changed as the address says where it says something valid."""
    query = st.query_params
    if query.get(CONTRAST_KEY) in CONTRASTS:
        spec = replace(spec, contrast=query[CONTRAST_KEY])
    if query.get(RESIZE_KEY) in RESIZES:
        spec = replace(spec, resize=query[RESIZE_KEY])
    if query.get(REGION_KEY) in REGIONS:
        spec = replace(spec, region=query[REGION_KEY])
    size = query.get(SIZE_KEY, "")
    if size.isdecimal() and MIN_SIZE <= int(size) <= MAX_SIZE:
        spec = replace(spec, size=int(size))
    return spec


def _read_numbers(spec: PreprocessSpec) -> PreprocessSpec:
    """Return the steps with the numbers as their sliders stand, or begin."""
    for field, _, lowest, highest, _ in NUMBERS.values():
        start = float(getattr(spec, field))
        if field == "gamma" and start == 1.0:
            start = VISIBLE_GAMMA
        value = float(st.session_state.get(field, start))
        spec = PreprocessSpec(**{**vars(spec), field: min(max(value, lowest), highest)})
    return spec


def _choose_number(spec: PreprocessSpec) -> None:
    if spec.contrast in NUMBERS:
        field, label, lowest, highest, step = NUMBERS[spec.contrast]
        st.slider(label, lowest, highest, float(getattr(spec, field)), step, key=field)


def _choose_resize(image: Pixels, spec: PreprocessSpec) -> str:
    st.session_state[RESIZE_KEY] = spec.resize
    how = st.segmented_control(
        "Resizing",
        RESIZES,
        format_func=lambda name: value_title("resize", name),
        required=True,
        key=RESIZE_KEY,
        help=explain("resizing"),
        on_change=lambda: _keep(RESIZE_KEY)(st.session_state[RESIZE_KEY]),
    )
    height, width = image.shape
    if height == width:
        st.caption("This file is square already, so both ways give the same.")
    else:
        lost = 1 - min(height, width) / max(height, width)
        st.caption(
            f"Stretching loses the proportions; padding leaves {lost:.0%} of the square black."
        )
    return str(how)


def _choose_region(spec: PreprocessSpec, lungs: Lungs | None) -> str:
    fitting = [name for name in REGIONS if lungs is not None or name not in LUNG_REGIONS]
    st.session_state[REGION_KEY] = spec.region
    region = st.segmented_control(
        "What is shown",
        fitting,
        format_func=lambda name: value_title("region", name),
        required=True,
        key=REGION_KEY,
        help=f"{explain('what is shown')} A network that needs no more than the border has found "
        "a shortcut. The lungs can be hidden where a mask says where they are.",
        on_change=lambda: _keep(REGION_KEY)(st.session_state[REGION_KEY]),
    )
    return str(region)


def _keep(key: str) -> Callable[[str], None]:
    """Return a callback that writes a choice into the address."""

    def write(value: str) -> None:
        st.query_params[key] = value

    return write
