"""The four steps of Prepare: contrast, square, augmentation, tensor."""

from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from pages.components.grid import Tile, as_data_address, show_grid
from xray_core.figures.prepare import plot_intensities
from xray_core.preprocess.augment import augment_batch
from xray_core.preprocess.images import CONTRAST, apply_preprocess, intensity_histogram
from xray_core.preprocess.spec import CONTRASTS, MAX_SIZE, RESIZES, AugmentSpec, PreprocessSpec
from xray_core.recipes import Recipe
from xray_core.recipes.titles import value_title

Pixels = NDArray[np.uint8]
N_DRAWS = 12
MAX_SIDE = 512  # px; a larger image is shrunk before it is sent to the browser
CORNER_SIDE = 6  # px


def show_contrast(image: Pixels, recipe: Recipe) -> None:
    """Show the image under each contrast step, with its histogram and CDF below."""
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        exponent = st.slider("Gamma: exponent", 0.2, 3.0, 0.6, 0.05, key="gamma", width=260)
        limit = st.slider("CLAHE: clip limit", 0.5, 10.0, 2.0, 0.5, key="clip", width=260)
        used = value_title("contrast", recipe.preprocess.contrast)
        st.caption(f"Recipe: **{used}**")
    spec = replace(recipe.preprocess, gamma=exponent, clip_limit=limit)
    changed = {value_title("contrast", name): CONTRAST[name](image, spec) for name in CONTRASTS}
    tiles = [_tile(name, pixels) for name, pixels in changed.items()]
    show_grid(tiles, "contrasts", columns=len(tiles))
    figure = plot_intensities(
        {name: intensity_histogram(pixels) for name, pixels in changed.items()}
    )
    st.plotly_chart(figure, config={"displayModeBar": False}, alt="Histograms of gray levels")
    st.caption(
        "Grey: how often each level from 0 (black) to 255 occurs. Orange: the share of pixels at "
        "or below it (CDF). *Histogram equalization* makes all levels equally frequent, *CLAHE* "
        "does so in small tiles and within a limit, *gamma* raises levels to a power, the "
        "*logarithm* lifts the dark ones."
    )


def show_square(image: Pixels, recipe: Recipe) -> None:
    """Show the image stretched and padded to a size."""
    size = st.slider(
        "Size, px", 16, MAX_SIZE, recipe.preprocess.size, key=f"size_{recipe.name}", width=420
    )
    tiles = [
        _tile(
            value_title("resize", how),
            apply_preprocess(image, PreprocessSpec(size=size, resize=how)),
            note,
        )
        for how, note in zip(RESIZES, ("proportions lost", "borders added"), strict=True)
    ]
    tiles.insert(0, _tile("the file", image, f"{image.shape[1]} × {image.shape[0]} px"))
    show_grid(tiles, "squares", columns=3, pixelated=True)
    height, width = image.shape
    if height == width:
        st.caption("This file is square already, so both ways give the same.")
    else:
        lost = 1 - min(height, width) / max(height, width)
        st.caption(
            f"Stretching loses the proportions; padding leaves {lost:.0%} of the square black."
        )


def show_augmentation(image: Pixels, recipe: Recipe) -> None:
    """Show draws of the random changes that the user sets."""
    settings, right = st.columns([1, 3], gap="large")
    with settings:
        spec = _choose_augmentation(recipe.augment, recipe.name)
        seed = st.session_state.setdefault("augment_seed", 0)
        if st.button("Another draw", icon=":material/casino:", type="primary"):
            seed = st.session_state["augment_seed"] = seed + 1
    square = apply_preprocess(image, recipe.preprocess)
    draws = augment_batch(
        np.repeat(square[None], N_DRAWS, axis=0), np.arange(N_DRAWS), spec, seed, epoch=1
    ).astype(np.uint8)
    with right:
        show_grid([_tile("", draw) for draw in draws], "draws", columns=4)
        st.caption(
            "Twelve draws of one image; in training each epoch sees another one."
            + (" All are alike: nothing is set to change." if spec.is_none else "")
        )


def show_tensor(image: Pixels, recipe: Recipe) -> None:
    """Show the exact array that the network of the recipe gets for this image."""
    square = apply_preprocess(image, recipe.preprocess)
    tensor = augment_batch(square[None], np.zeros(1, np.int64), AugmentSpec(), 0, 1)[..., None]
    left, facts = st.columns(2, gap="large")
    with left:
        seen = _tile("", tensor[0, ..., 0].astype(np.uint8))
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
            "forget it. While training, a random change from step 3 comes before; when evaluating, "
            "never."
        )


def _choose_augmentation(start: AugmentSpec, name: str) -> AugmentSpec:
    """Show a control for each field, set to those of the recipe called `name`."""

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


def _tile(title: str, pixels: Pixels, note: str = "") -> Tile:
    height, width = pixels.shape
    if max(height, width) > MAX_SIDE:
        scale = MAX_SIDE / max(height, width)
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # PNG, because JPEG would add patterns of its own to what is compared.
    png = cv2.imencode(".png", pixels)[1].tobytes()
    return Tile(
        id=title,
        title=title,
        note=note,
        alt=f"X-ray, {title or 'changed at random'}",
        src=as_data_address(png, "png"),
        ratio=width / height,
    )
