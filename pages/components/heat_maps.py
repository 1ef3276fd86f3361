"""Heat maps of images of a run: asked for, and laid over their tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.grid import Tile
from pages.components.heat import SHOWN, as_heat
from pages.components.questions import answer_of
from pages.components.small_type import show_muted
from xray_core.recipes import Recipe
from xray_core.runs import Run

METHODS = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "occlusion": "Occlusion (slow)",
}
WANTED, OPACITY = "heat_wanted", "heat_opacity"  # in the session


@dataclass(frozen=True, eq=False)
class HeatMap:
    """The heat map of one image.

    Attributes:
        target: the class that it is of.
        values: uint8 (h, w); 255 is the hottest point.
    """

    target: str
    values: NDArray[np.uint8]


def show_heat_toggle(run: Run) -> bool:
    """Show the switch for heat maps; return whether they are wanted, and can be had."""
    there = run.best_checkpoint.is_file()
    missing = None if there else "There is no network here of which a heat map could be made."
    wanted = st.toggle(
        "Heat map", key=WANTED, persist_state="session", help=missing, disabled=not there
    )
    return bool(wanted and there)


def show_opacity() -> float:
    """Show how strongly the heat map is drawn; return it, in [0, 1]."""
    percent = st.slider(
        "Heat map",
        0,
        100,
        round(100 * SHOWN),
        5,
        format="%d%%",
        key=OPACITY,
        persist_state="session",
        label_visibility="collapsed",
        width=170,
    )
    return percent / 100


def ask_heat(
    run: Run, image_ids: Sequence[str], target: str, method: str = "gradcam"
) -> Mapping[str, HeatMap] | None:
    """Return the heat maps of images of a run; while they are made, show progress, return None.

    An image that cannot be read has none.

    Args:
        run: finished, with a network.
        image_ids: at most as many as `explain.answers.maps` gives at once.
        target: "predicted", "true", or the name of a class.
        method: one of `METHODS`.
    """
    n = len(image_ids)
    asked = {"run": run.name, "images": list(image_ids), "method": method, "target": target}
    answer = answer_of("maps", asked, f"{n:,} heat map{'s' * (n != 1)}")
    if answer is None:
        return None
    return {
        name: HeatMap(of, values)
        for name, of, values in zip(
            answer["images"], answer["targets"], answer["maps"], strict=True
        )
    }


def lay_over(tiles: Sequence[Tile], maps: Mapping[str, HeatMap], recipe: Recipe) -> list[Tile]:
    """Return tiles with their heat maps; a tile without one stays as it is."""
    resize = recipe.preprocess.resize
    return [
        replace(
            tile,
            heat=as_heat(maps[tile.id].values, tile.ratio, resize),
            alt=f"{tile.alt}, {describe_heat(maps[tile.id])}",
        )
        if tile.id in maps
        else tile
        for tile in tiles
    ]


def describe_heat(heat: HeatMap) -> str:
    """Return in words where a heat map is hottest."""
    if not heat.values.any():
        return f"nothing speaks for {heat.target}"
    row, column = np.unravel_index(int(heat.values.argmax()), heat.values.shape)
    height, width = heat.values.shape
    # The left of the picture, which is the patient's right.
    across = ("left", "middle", "right")[min(int(3 * (column + 0.5) / width), 2)]
    down = ("top", "middle", "bottom")[min(int(3 * (row + 0.5) / height), 2)]
    place = "middle" if across == down == "middle" else f"{down} {across}"
    return f"heat map for {heat.target} hottest at the {place} of the picture"


def show_heat_words(maps: Mapping[str, HeatMap]) -> None:
    """Say of which class heat maps are, how fine they are, and what they cannot say."""
    if not maps:
        return
    heat = next(iter(maps.values()))
    targets = dict.fromkeys(each.target for each in maps.values())
    height, width = heat.values.shape
    n_cold = sum(not each.values.any() for each in maps.values())
    cold = f" {n_cold:,} of {len(maps):,} have no warm place." if n_cold else ""
    show_muted(
        f"Warm: where the score of {' or '.join(targets)} comes from, as far as the last "
        f"convolution can tell (Grad-CAM, {height} × {width} places).{cold} A hint, no proof: it "
        "says where numbers moved, not why."
    )
