"""Large images side by side under one window, level, zoom and place; one element."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import streamlit as st

from pages.components.assets import load_component
from pages.components.grid import Tile
from xray_core.preprocess.window import Window

EIGHT_BITS = (0.0, 255.0)

_viewer = load_component(
    "viewer",
    '<div class="viewer"></div>',
    css=("picture.css", "viewer.css"),
    js=("viewer.js", "window.js", "picture.js"),
)


def show_viewer(
    tiles: Sequence[Tile],
    key: str,
    windows: Sequence[Window],
    on_open: Callable[[str], None],
    on_change: Callable[[Sequence[str]], None] | None,
    *,
    scale: tuple[float, float] = EIGHT_BITS,
    about: str = "",
    before: str = "",
    after: str = "",
    place: str = "",
    show_boxes: bool = True,
    show_heat: float = 0.0,
) -> None:
    """Show images large; moving, zooming and windowing them asks the server nothing.

    Args:
        tiles: one to four; the note stands behind the title.
        key: unique on the page.
        windows: presets, the first to begin with; none where no image can be read.
        on_open: called with `before` or `after` when it is asked for, by a button or an arrow key.
        on_change: called with the ids of the images that are to be shown from now on: none when
            the viewer is closed; None where there is one image that stays.
        scale: the lowest and the highest value that a window can reach.
        about: what the values are, a sentence; "" for the 256 gray levels of the files as read.
        before: the id of the image to page back to; "" where there is none.
        after: the same, of the next.
        place: where the image stands among them, in words.
        show_boxes: whether the boxes are drawn.
        show_heat: opacity of the heat maps, in [0, 1].
    """
    ids = [tile.id for tile in tiles]

    def change(shown: Sequence[str]) -> None:
        if on_change is not None:
            on_change(shown)

    def turn() -> None:
        opened = st.session_state[key].opened
        if opened and opened in (before, after):  # and nothing else that a browser may send
            on_open(opened)

    def drop() -> None:
        dropped = st.session_state[key].dropped
        change([image_id for image_id in ids if image_id != dropped])

    _viewer(
        key=key,
        data={
            "tiles": [vars(tile) for tile in tiles],
            "windows": [asdict(window) for window in windows],
            "scale": {"low": scale[0], "high": scale[1]},
            "about": about,
            "before": before,
            "after": after,
            "place": place,
            "closable": on_change is not None,
            "showBoxes": show_boxes,
            "showHeat": show_heat,
        },
        on_opened_change=turn,
        on_dropped_change=drop,
        on_closed_change=lambda: change([]),
        on_swapped_change=lambda: change(ids[::-1]),
        on_first_change=lambda: change(ids[:1]),
    )
