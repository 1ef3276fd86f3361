"""Two images side by side: same window and level, boxes and masks, what is known of each."""

import pandas as pd
import streamlit as st

from pages.components.tables import Tables
from pages.explore.image_address import close_image, open_image, open_pair
from pages.explore.image_card import list_facts
from pages.explore.image_filters import Rows
from pages.explore.image_way import choose_second, find_near, list_others, show_link
from pages.explore.window_level import choose_overlays, show_images


def show_pair(tables: Tables, rows: Rows, first: pd.Series, second: pd.Series) -> None:
    """Show the images of two rows of `catalog.images`; `rows` are those to page through."""
    _show_way_on(tables, rows, first, second)
    pair = tables.catalog.images.loc[[first.name, second.name]]
    overlays = choose_overlays(tables, pair)
    show_images(tables, pair, "pair", list(pair["image_id"]), overlays)
    st.table(_compare_facts(tables, first, second), border="horizontal")
    st.caption("The facts in bold differ.")


def _show_way_on(tables: Tables, rows: Rows, first: pd.Series, second: pd.Series) -> None:
    ids = first["image_id"], second["image_id"]
    _, before, after = find_near(tables, rows, second, skip=ids[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All images", icon=":material/grid_view:", on_click=close_image)
        st.button("Only the first", icon=":material/close:", on_click=open_image, args=ids[:1])
        for label, key, near in (("Previous", "Left", before), ("Next", "Right", after)):
            st.button(
                label,
                shortcut=key,
                disabled=not near,
                help="Another second image; the first one stays.",
                on_click=open_pair,
                args=(ids[0], near),
            )
        st.button("Swap", icon=":material/swap_horiz:", on_click=open_pair, args=ids[::-1])
        choose_second(tables, rows, first, list_others(tables.catalog, first))
        show_link(*ids)


def _compare_facts(tables: Tables, first: pd.Series, second: pd.Series) -> pd.DataFrame:
    left, right = list_facts(tables, first), list_facts(tables, second)
    names = [name for name in {**left, **right} if name not in ("File", "Lung mask")]
    return pd.DataFrame(
        {
            "": [f"**{name}**" if left.get(name) != right.get(name) else name for name in names],
            "First": [left.get(name, "–") for name in names],
            "Second": [right.get(name, "–") for name in names],
        }
    ).set_index("")
