"""The images that pass the filters, one page at a time: never more tiles than a page holds."""

import math

import streamlit as st

from pages.components.grid import show_grid
from pages.components.pager import show_pager
from pages.components.tables import Tables
from pages.components.tiles import build_tiles, has_masks
from pages.explore.image_address import open_image
from pages.explore.image_filters import Rows

COLUMNS = 5
PER_PAGE = ("20", "40", "60")


def show_page(tables: Tables, rows: Rows) -> None:
    """Show one page of the images at `rows`, places in `catalog.images`."""
    images = tables.catalog.images
    n_present = int(images["path"].notna().sum())
    if not len(rows):
        st.info(
            "No image passes these filters. Take one back to see more."
            if n_present
            else "None of this dataset's images is in its folder; its counts are in the other tab."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        per_page = int(
            st.selectbox(
                "Images per page",
                PER_PAGE,
                key="per",
                bind="query-params",
                format_func=str,
                on_change=_turn_to_first,
                label_visibility="collapsed",
                width=90,
            )
        )
        st.caption("per page", width="content")
        page = show_pager(math.ceil(len(rows) / per_page), "page", in_address=True)
        n_absent = len(images) - n_present
        absent = f" · {n_absent:,} absent from the folder" if n_absent else ""
        st.caption(f"{len(rows):,} of {n_present:,} images{absent}", width="content")
        show_boxes = len(tables.catalog.boxes) > 0 and st.toggle(
            "Draw boxes", True, key="grid_boxes", persist_state="session"
        )
        show_masks = has_masks(tables) and st.toggle(
            "Draw lung masks", key="grid_masks", persist_state="session"
        )
    shown = images.iloc[rows[(page - 1) * per_page : page * per_page]]
    tiles = build_tiles(tables, shown, with_masks=show_masks)
    show_grid(tiles, "grid", open_image, COLUMNS, show_boxes)


def _turn_to_first() -> None:
    st.session_state["page"] = 1
