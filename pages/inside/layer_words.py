"""What a student should look for in the maps of a layer, by its depth and by what is seen."""

from collections.abc import Mapping
from typing import Any

EARLY, MIDDLE, LATE = "early", "middle", "late"
LOOK_FOR = {
    EARLY: (
        "edges",
        "Edges and spots. Each map is bright where the image has one simple thing: an edge in one "
        "direction, a bright or a dark spot. Ribs, the border of the heart and the diaphragm can "
        "still be seen, as in a relief.",
    ),
    MIDDLE: (
        "textures",
        "Textures. What was an edge has become a pattern: crossing ribs, the fine grain of the "
        "lungs, a soft border. The squares are larger, as the image has been made smaller on the "
        "way. Compare two maps: which part of the chest does each pick out?",
    ),
    LATE: (
        "parts",
        "Parts. From these maps the classes are computed: a bright square says that something that "
        "matters to them is there. Does any of them lie where the finding is, or at the border, "
        "where only a marker can be?",
    ),
}
FEW = 4  # px; a map of no more on either side shows no shape
MANY_SILENT = 0.5  # share of a layer's maps


def find_depth(place: int, n: int) -> str:
    """Return whether the convolution at `place`, from 0, of `n` is `EARLY`, `MIDDLE` or `LATE`."""
    return (EARLY, MIDDLE, LATE)[min(2, place * 3 // max(n, 1))] if n > 1 else EARLY


def format_title(place: int, n: int, layer: Mapping[str, Any]) -> str:
    """Return what a layer is, such as "Convolution 3 of 13: 64 maps of 28 × 28"."""
    return (
        f"Convolution {place + 1:,} of {n:,}: {layer['n_channels']:,} maps of "
        f"{layer['width']:,} × {layer['height']:,}"
    )


def describe_maps(depth: str, layer: Mapping[str, Any]) -> str:
    """Return what to look for, in three or four sentences."""
    side = max(layer["width"], layer["height"])
    if side == 1:
        words = ["Each map has shrunk to a single number: nothing is left to be seen of where."]
    elif side <= FEW:
        words = [
            f"Each map has {layer['width']} × {layer['height']} squares, and each square has seen "
            "most of the image: this says that something is there, and only roughly where."
        ]
    else:
        words = [LOOK_FOR[depth][1]]
    return " ".join([*words, _describe_silent(layer)]).strip()


def _describe_silent(layer: Mapping[str, Any]) -> str:
    n, silent = layer["n_channels"], layer["n_silent"]
    if not silent:
        return ""
    share = f"{silent:,} of its {n:,} maps {'is' if silent == 1 else 'are'} 0 everywhere: nothing "
    words = share + "in this image is what they look for."
    if silent >= MANY_SILENT * n:
        words += (
            " So many may never answer at all: look at another image. Where they stay black, the "
            "network is wider than its task, or its learning rate was too high."
        )
    return words
