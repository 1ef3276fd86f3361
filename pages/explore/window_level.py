"""Large images with window and level: one, or two side by side."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.components.grid import show_grid
from pages.components.tables import Tables
from pages.components.tiles import TILE_SIDE, build_tiles
from xray_core.preprocess.thumbnails import create_thumbnails, decode_thumbnail
from xray_core.preprocess.window import BONES, FULL, LUNGS, Window, find_window
from xray_core.workspace import find_workspace

LARGE_SIDE = 1024  # px


def choose_overlays(tables: Tables, images: pd.DataFrame) -> tuple[bool, bool]:
    """Show the switches for boxes and masks of `images`; return whether each is drawn."""
    with st.container(horizontal=True):
        has_boxes = any(image_id in tables.boxes for image_id in images["image_id"])
        show_boxes = has_boxes and st.toggle(
            "Draw boxes", True, key="large_boxes", persist_state="session"
        )
        show_masks = images["mask_path"].notna().any() and st.toggle(
            "Draw lung mask", key="large_masks", persist_state="session"
        )
    return bool(show_boxes), bool(show_masks)


def show_images(
    tables: Tables,
    images: pd.DataFrame,
    key: str,
    titles: Sequence[str],
    overlays: tuple[bool, bool] = (True, False),
    ratio: float | None = None,
) -> None:
    """Show one or two rows of `catalog.images` large, under one window and level.

    Args:
        tables: of the images' catalog.
        images: rows of `catalog.images`, file present.
        key: unique on the page.
        titles: shown under the images; "" for none.
        overlays: whether boxes and masks are drawn.
        ratio: width / height to show instead of the file's own.
    """
    show_boxes, show_masks = overlays
    tiles = [
        replace(tile, title=title, note="", ratio=ratio or tile.ratio)
        for tile, title in zip(
            build_tiles(tables, images, LARGE_SIDE, with_masks=show_masks), titles, strict=True
        )
    ]
    show_grid(
        tiles, key, columns=len(tiles), show_boxes=show_boxes, windows=_windows(tables, images)
    )


def _windows(tables: Tables, images: pd.DataFrame) -> list[Window]:
    """Return the presets for these images; none if no image can be read."""
    paths = [tables.catalog.root / path for path in images["path"]]
    # Percentiles hardly change with the size, and the grid has made these copies already.
    small = create_thumbnails(paths, TILE_SIDE, find_workspace().cache / "thumbnails")
    pixels = [decode_thumbnail(thumbnail) for thumbnail in small if thumbnail.jpeg]
    return [FULL, LUNGS, BONES, find_window(pixels)] if pixels else []
