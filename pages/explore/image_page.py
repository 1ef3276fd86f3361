"""The images that pass the filters, one page at a time, and beside them those that are open."""

import pandas as pd
import streamlit as st

from pages.components.grid import show_grid
from pages.components.masks import show_unread
from pages.components.tables import Tables
from pages.components.tiles import build_tiles
from pages.explore.image_address import open_image, tick_image
from pages.explore.large_images import show_large
from pages.explore.rail import Rows

ROW_HEIGHT = 112  # px, of the images in a row


def show_page(
    tables: Tables, rows: Rows, page: slice, opened: pd.DataFrame, overlays: tuple[bool, bool]
) -> None:
    """Show one page of images, and large those that are open.

    Args:
        tables: of the catalog.
        rows: places in `catalog.images` of all images that pass.
        page: which of `rows` are on the page.
        opened: rows of `catalog.images`; none closes the large view.
        overlays: whether boxes and masks are drawn.
    """
    show_boxes, show_masks = overlays
    shown = tables.catalog.images.iloc[rows[page]]
    # Not two columns, of which the grid would be drawn anew in the first whenever an image is
    # opened or closed: the style sheet puts the second beside the first where there is one.
    with st.container(key="light_table"):
        with st.container(key="light_grid"):
            if len(shown):
                tiles = build_tiles(tables, shown, with_masks=show_masks)
                show_grid(
                    tiles,
                    "grid",
                    open_image,
                    show_boxes=show_boxes,
                    row_height=ROW_HEIGHT,
                    open_ids=list(opened["image_id"]),
                    on_tick=tick_image,
                )
                show_unread(tiles)
            else:
                _show_nothing(tables)
        if len(opened):
            with st.container(key="large_images", gap="small"):
                show_large(tables, rows, opened, overlays)


def _show_nothing(tables: Tables) -> None:
    st.info(
        "No image passes these filters. Take one back to see more."
        if tables.catalog.images["path"].notna().any()
        else "None of this dataset's images is in its folder; its counts are under “Counts”."
    )
