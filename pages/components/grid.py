"""A light box of images: boxes drawn over them, a class as title, a click to open one."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from pages.components.assets import load_component

Box = tuple[float, float, float, float]  # x, y, width, height
MOST_TICKED = 4  # images that can be compared

_light_box = load_component(
    "light_box",
    "<ul>\n</ul>",
    css=("picture.css", "grid.css"),
    js=("grid.js", "picture.js"),
)


class Outline(NamedTuple):
    """What surrounds a finding, or lungs: its name, and a path of SVG, 0 to 1000 along each side.

    `look` is "dotted" for one that another is compared with; "" for a solid line.
    """

    name: str
    path: str
    look: str = ""


class RealValues(NamedTuple):
    """An image with the values of its file, see `preprocess.real_values.RealImage`.

    Attributes:
        src: a `data:` address; a pixel's value is first + step * (256 * red + green).
        inverted: whether the highest value is meant to be black.
    """

    src: str
    first: float
    step: float
    inverted: bool


@dataclass(frozen=True)
class Tile:
    """One image of the grid.

    Attributes:
        id: what `show_grid` passes on when the tile is clicked.
        title, note: shown under the image; the note at the right, in grey.
        alt: what a screen reader says.
        src: the image as a `data:` address; "" shows `reason` instead.
        mask: as `src`, an image that is white where the lungs are; "" if there is none.
        heat: a heat map as a `data:` address of a picture; see `heat.as_heat`. "" for none.
        outlines: of findings, drawn over the image.
        unread: why masks of the image are not drawn, one sentence for each.
        ratio: width / height.
        boxes: (x, y, width, height) as fractions of the image, origin at its top left.
        color: of the dot before the title, as in CSS; "" for no dot.
        real: the values of its file, to be windowed instead of `src`; None for `src` itself.
    """

    id: str
    title: str
    alt: str
    src: str = ""
    note: str = ""
    reason: str = ""
    mask: str = ""
    heat: str = ""
    outlines: tuple[Outline, ...] = ()
    unread: tuple[str, ...] = ()
    ratio: float = 1.0
    boxes: tuple[Box, ...] = ()
    color: str = ""
    real: RealValues | None = None


def show_grid(
    tiles: Sequence[Tile],
    key: str,
    on_open: Callable[[str], None] | None = None,
    columns: int = 5,
    show_boxes: bool = True,
    pixelated: bool = False,
    least_width: int = 120,
    *,
    row_height: int = 0,
    open_ids: Sequence[str] = (),
    on_tick: Callable[[str], None] | None = None,
    show_heat: float = 0.0,
) -> None:
    """Show the tiles on a light box.

    Args:
        tiles: in reading order.
        key: unique on the page.
        on_open: called with the id of a tile that was clicked, before the page runs again;
            without it tiles cannot be clicked.
        columns: in a row at most; fewer where the window is narrow.
        show_boxes: whether the boxes are drawn.
        pixelated: whether a pixel stays a hard-edged square when the image is enlarged.
        least_width: px of a tile; where the columns do not fit, there are fewer.
        row_height: px; if given, the images stand close together in rows of about this height,
            each in its own proportions, instead of in columns.
        open_ids: the tiles that are open beside the grid, which are marked.
        on_tick: if given, tiles have a box to tick, at most `MOST_TICKED` at once, which is
            ticked where they are open; called with the id of one that was ticked or not any more.
        show_heat: opacity of the heat maps, in [0, 1].
    """

    def pass_on(name: str, receive: Callable[[str], None] | None) -> None:
        clicked = st.session_state[key][name]
        if receive is not None and clicked:
            receive(str(clicked))

    _light_box(
        key=key,
        data={
            "tiles": [vars(tile) for tile in tiles],
            "columns": columns,
            "showBoxes": show_boxes,
            "showHeat": show_heat,
            "pixelated": pixelated,
            "rowHeight": row_height,
            "open": list(open_ids),
            "most": MOST_TICKED,
            "clickable": on_open is not None,
            "leastWidth": least_width,
            "tickable": on_tick is not None,
        },
        on_opened_change=lambda: pass_on("opened", on_open),
        on_ticked_change=lambda: pass_on("ticked", on_tick),
    )


def as_data_address(content: bytes, kind: str = "jpeg") -> str:
    """Return image bytes as an address that an <img> can show without another request."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}" if content else ""
