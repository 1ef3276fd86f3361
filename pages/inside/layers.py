"""Tab Layers: what each convolution of a network answers to an image."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.address import change_address, read_word
from pages.components.grid import Tile, as_data_address, show_grid
from pages.components.questions import answer_of
from pages.components.small_type import show_muted, show_section
from pages.inside.layer_images import Looked, choose_image
from pages.inside.layer_words import LOOK_FOR, describe_maps, find_depth, format_title
from pages.inside.network import check_network
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

LAYER = "layer"  # in the address: the number of a convolution, from 1
WIDTHS = (1, 4.2)  # of the image and of the layer
IN_ROW = 9  # pictures; with the gaps between them eight


def show_layers(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show an image, the first layer's filters, and layer by layer what is made of the image."""
    if not check_network(run):
        return
    left, right = st.columns(WIDTHS, gap="medium")
    with left:
        looked = choose_image(run, recipe, workspace)
    with right:
        question = {"run": run.name, "image": looked.id}
        seen = answer_of("activations", question, "What each layer answers to the image")
    if seen is None:
        return
    with left:
        _show_image(looked, seen["seen"])
        filters = answer_of("filters", {"run": run.name}, "Filters of the first layer")
        if filters is not None:
            _show_filters(filters)
    with right:
        st.fragment(_show_depths)(seen["layers"])


def _show_image(looked: Looked, pixels: NDArray[np.uint8]) -> None:
    side = len(pixels)
    tile = Tile(
        id=looked.id,
        title="",
        alt=f"X-ray {looked.id} as the network sees it, {side} × {side} px",
        src=as_png(pixels),
    )
    show_grid([tile], "layers_image", columns=1, pixelated=True)
    st.html(
        f'<div class="muted">{looked.caption}<br>{escape(looked.subset)} set, seen at '
        f"{side} × {side} px</div>"
    )


def _show_filters(filters: Mapping[str, Any]) -> None:
    images = filters["images"]
    n, height, width = images.shape
    show_section("Filters of convolution 1", f"{n:,} of {width} × {height}")
    tiles = [
        Tile(
            id=str(k),
            title="",
            alt=f"Filter {k + 1} of {n}",
            src=as_png(image),
            ratio=width / height,
        )
        for k, image in enumerate(images)
    ]
    show_grid(tiles, "layers_filters", columns=IN_ROW, pixelated=True, least_width=20)
    show_muted(
        "What each of its maps looks for: white where a bright pixel raises the answer, black "
        "where it lowers it, gray where it changes nothing."
    )


def _show_depths(layers: Sequence[Mapping[str, Any]]) -> None:
    """Show one layer, and let others be chosen."""
    n = len(layers)
    place = _choose_depth(layers) if n > 1 else 0
    layer = layers[place]
    depth = find_depth(place, n)
    show_section(format_title(place, n, layer), f"{depth}: {LOOK_FOR[depth][0]}")
    st.html(f"<div>{escape(describe_maps(depth, layer))}</div>")
    tiles = [
        Tile(
            id=str(channel),
            title="",
            alt=f"Map {channel + 1} of {layer['n_channels']}, from {low:.3g} to {high:.3g}",
            src=as_png(image),
            ratio=layer["width"] / layer["height"],
        )
        for channel, low, high, image in zip(
            layer["channels"], layer["lows"], layer["highs"], layer["maps"], strict=True
        )
    ]
    show_grid(tiles, "layers_maps", columns=IN_ROW, pixelated=True, least_width=72)
    which = f"The {len(tiles)} strongest of them" if len(tiles) < layer["n_channels"] else "All"
    show_muted(
        f"{which}, strongest first, each from its own lowest value (black) to its own highest "
        "(white): brightness cannot be compared between two maps."
    )
    st.html(_format_all(layers, place))


def _choose_depth(layers: Sequence[Mapping[str, Any]]) -> int:
    n, key = len(layers), "layers_depth"
    # Set at each look: the address decides, and the widget only changes it.
    st.session_state[key] = int(read_word(LAYER, list(map(str, range(1, n + 1)))))
    number = st.slider(
        "Depth: from the image to the classes",
        1,
        n,
        key=key,
        on_change=lambda: change_address({LAYER: str(st.session_state[key])}),
    )
    return int(number) - 1


def _format_all(layers: Sequence[Mapping[str, Any]], place: int) -> str:
    """Return all layers as a folded table, as HTML."""
    n = len(layers)
    rows = "".join(
        f'<tr><th scope="row">{"<b>" if k == place else ""}{find_depth(k, n)}'
        f"{'</b>' if k == place else ''}</th><td>{escape(format_title(k, n, layer))}</td>"
        f"<td>{layer['n_silent']:,} black</td><td>{escape(layer['name'])}</td></tr>"
        for k, layer in enumerate(layers)
    )
    return (
        f"<details><summary>All {n:,} convolutions</summary>"
        f'<table class="facts rows">{rows}</table></details>'
    )


def as_png(pixels: NDArray[np.uint8]) -> str:
    """Return gray pixels, uint8 (h, w), as a `data:` address of a picture without loss."""
    _, png = cv2.imencode(".png", pixels)
    return as_data_address(png.tobytes(), "png")
