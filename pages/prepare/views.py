"""What Prepare shows at the right: before and after, gray levels, augmentation, the tensor."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from pages.components.figure import show_figure
from pages.components.grid import show_grid
from pages.prepare.before_after import show_before_after
from pages.prepare.pixels import MAX_SIDE, as_address, build_tile
from xray_core.figures.prepare import plot_intensities
from xray_core.preprocess.augment import augment_batch
from xray_core.preprocess.images import CONTRAST, apply_preprocess, intensity_histogram
from xray_core.preprocess.regions import Lungs
from xray_core.preprocess.spec import MIN_SIZE, AugmentSpec, PreprocessSpec
from xray_core.recipes import Recipe
from xray_core.recipes.titles import value_title

Pixels = NDArray[np.uint8]
N_DRAWS = 12
AUGMENT = "prepare_augment"
CORNER_SIDE = 6  # px


def show_comparison(image: Pixels, spec: PreprocessSpec, lungs: Lungs | None) -> None:
    """Show the image as it is and as the network gets it, one over the other."""
    # The original in the same shape: what differs is contrast and size alone.
    side = max(MIN_SIZE, min(MAX_SIDE, max(image.shape)))
    plain = replace(spec, contrast="none", size=side, region="whole")
    show_before_after(
        as_address(apply_preprocess(image, plain)),
        as_address(apply_preprocess(image, spec, lungs)),
        ("as it is", f"{value_title('contrast', spec.contrast)}, {spec.size} px"),
        "X-ray as it is, and over it as it is prepared",
    )


def show_gray_levels(image: Pixels, spec: PreprocessSpec) -> None:
    """Show the histogram of gray levels and its CDF, before and after the contrast step."""
    changed = {
        "As it is": intensity_histogram(image),
        value_title("contrast", spec.contrast): intensity_histogram(
            CONTRAST[spec.contrast](image, spec)
        ),
    }
    figure = plot_intensities(changed)
    figure.update_layout(height=300)
    levels = pd.concat([table.assign(image=name) for name, table in changed.items()])
    show_figure(figure, "gray-levels", "Histograms of gray levels", levels)
    st.caption(
        "Grey: how often each level from 0 (black) to 255 occurs. Orange: the share of pixels at "
        "or below it (CDF). *Histogram equalization* makes all levels equally frequent, *CLAHE* "
        "does so in small tiles and within a limit, *gamma* raises levels to a power, the "
        "*logarithm* lifts the dark ones."
    )


def show_augmentation(
    image: Pixels, spec: PreprocessSpec, recipe: Recipe, lungs: Lungs | None
) -> None:
    """Show draws of the random changes that the user sets."""
    settings, right = st.columns([1, 3], gap="large")
    with settings:
        changes = choose_augmentation(recipe)
        st.session_state[f"{AUGMENT}_{recipe.name}"] = changes  # for a training with it
        seed = st.session_state.setdefault("augment_seed", 0)
        if st.button("Another draw", icon=":material/casino:"):
            seed = st.session_state["augment_seed"] = seed + 1
    square = apply_preprocess(image, spec, lungs)
    draws = augment_batch(
        np.repeat(square[None], N_DRAWS, axis=0), np.arange(N_DRAWS), changes, seed, epoch=1
    ).astype(np.uint8)
    with right:
        show_grid([build_tile("", draw) for draw in draws], "draws", columns=4)
        st.caption(
            "Twelve draws of one image; in training each epoch sees another one."
            + (" All are alike: nothing is set to change." if changes.is_none else "")
        )


def show_tensor(image: Pixels, spec: PreprocessSpec, lungs: Lungs | None) -> None:
    """Show the exact array that the network of the recipe gets for this image."""
    square = apply_preprocess(image, spec, lungs)
    tensor = augment_batch(square[None], np.zeros(1, np.int64), AugmentSpec(), 0, 1)[..., None]
    left, facts = st.columns(2, gap="large")
    with left:
        seen = build_tile("", tensor[0, ..., 0].astype(np.uint8))
        show_grid([seen], "tensor", columns=1, pixelated=True)
    with facts:
        with st.container(horizontal=True, gap="large"):
            st.metric("Shape", " × ".join(map(str, tensor.shape)))
            st.metric("Type", str(tensor.dtype))
        with st.container(horizontal=True, gap="large"):
            st.metric("Lowest", f"{tensor.min():.1f}")
            st.metric("Highest", f"{tensor.max():.1f}")
            st.metric("Mean", f"{tensor.mean():.1f}")
        corner = pd.DataFrame(tensor[0, :CORNER_SIDE, :CORNER_SIDE, 0])
        corner.columns = [f"x = {x}" for x in range(CORNER_SIDE)]
        corner.index = [f"y = {y}" for y in range(CORNER_SIDE)]
        st.caption(f"The {CORNER_SIDE} × {CORNER_SIDE} pixels at the top left")
        st.dataframe(corner)
        st.markdown(
            "One image, rows, columns, one gray channel, values 0 to 255: **rescaling is the "
            "network's own first layer**, so a saved model takes plain pixels and nobody can "
            "forget it. While training, a random change comes before; when evaluating, "
            "never."
        )


def choose_augmentation(recipe: Recipe) -> AugmentSpec:
    """Show a control for each field, set as the recipe has it."""
    start, name = recipe.augment, recipe.name

    def slide(label: str, highest: float, value: float, step: float) -> float:
        return st.slider(label, 0.0, highest, value, step, key=f"augment_{label}_{name}")

    flip = st.toggle("Mirror left to right", start.horizontal_flip, key=f"flip_{name}")
    upside = st.toggle("Turn upside down", start.vertical_flip, key=f"upside_{name}")
    low, high = st.slider(
        "Brightness, factor",
        0.2,
        2.0,
        (start.brightness_min, start.brightness_max),
        0.05,
        key=f"brightness_{name}",
    )
    return AugmentSpec(
        horizontal_flip=flip,
        vertical_flip=upside,
        rotation=slide("Rotation, ± degrees", 45.0, start.rotation, 1.0),
        zoom=slide("Zoom, ± share", 0.5, start.zoom, 0.01),
        shift=slide("Shift, ± share of the side", 0.3, start.shift, 0.01),
        shear=slide("Shear, ± degrees", 30.0, start.shear, 0.05),
        brightness_min=low,
        brightness_max=high,
    )
