"""A light box of images: boxes drawn over them, a class as title, a click to open one."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from xray_core.preprocess.window import Window

Box = tuple[float, float, float, float]  # x, y, width, height

HERE = Path(__file__).parent
_light_box = st.components.v2.component(
    "light_box",
    html="<ul>\n</ul>",
    css=(HERE / "grid.css").read_text(encoding="utf-8"),
    # One script: a component has no way to import a second one.
    js="".join((HERE / name).read_text(encoding="utf-8") for name in ("grid.js", "window.js")),
)


@dataclass(frozen=True)
class Tile:
    """One image of the grid.

    Attributes:
        id: what `show_grid` passes on when the tile is clicked.
        title, note: shown under the image; the note at the right, in grey.
        alt: what a screen reader says.
        src: the image as a `data:` address; "" shows `reason` instead.
        mask: as `src`, an image that is white where the lungs are; "" if there is none.
        ratio: width / height.
        boxes: (x, y, width, height) as fractions of the image, origin at its top left.
        color: of the dot before the title, as in CSS; "" for no dot.
    """

    id: str
    title: str
    alt: str
    src: str = ""
    note: str = ""
    reason: str = ""
    mask: str = ""
    ratio: float = 1.0
    boxes: tuple[Box, ...] = ()
    color: str = ""


def show_grid(
    tiles: Sequence[Tile],
    key: str,
    on_open: Callable[[str], None] | None = None,
    columns: int = 5,
    show_boxes: bool = True,
    pixelated: bool = False,
    windows: Sequence[Window] = (),
    selected: str = "",
    least_width: int = 120,
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
        windows: if given, the images are shown large, with sliders for window and level and
            these as presets, the first to begin with. Moving a slider asks the server nothing.
        selected: id of the tile that is marked.
        least_width: px of a tile; where the columns do not fit, there are fewer.
    """

    def pass_on() -> None:
        opened = st.session_state[key].opened
        if on_open is not None and opened:
            on_open(str(opened))

    _light_box(
        key=key,
        data={
            "tiles": [vars(tile) for tile in tiles],
            "columns": columns,
            "showBoxes": show_boxes,
            "pixelated": pixelated,
            "windows": [asdict(window) for window in windows],
            "clickable": on_open is not None,
            "selected": selected,
            "leastWidth": least_width,
        },
        on_opened_change=pass_on,
    )


def as_data_address(content: bytes, kind: str = "jpeg") -> str:
    """Return image bytes as an address that an <img> can show without another request."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}" if content else ""
