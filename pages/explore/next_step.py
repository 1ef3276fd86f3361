"""The bar at the bottom of Explore: what is selected, and the way to train on it."""

from html import escape

import pandas as pd
import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.tables import Tables
from pages.explore.image_address import WHERE
from pages.explore.rail import Rows
from xray_core.selection import Filter, format_filters
from xray_core.tasks import SEPARATOR

LISTED = " · picked one by one: a training takes its images by filters"


def show_next_step(
    tables: Tables, filters: tuple[Filter, ...], rows: Rows, listed: str = ""
) -> None:
    """Show how many images are selected, and the button that leads to Train with them.

    Args:
        tables: of the catalog.
        filters: that they pass.
        rows: places in `catalog.images` of those selected.
        listed: what they are called where they were picked one by one; "" else.
    """
    catalog = tables.catalog
    n_patients = catalog.images["patient_id"].iloc[rows].nunique()
    patients = f" · {n_patients:,} patients" if n_patients else ""
    reason = LISTED if listed else find_refusal(tables, rows) if filters else ""
    with open_bottom_bar():
        st.html(
            f"<b>{len(rows):,}</b> {'selected' if filters or listed else 'images'}"
            f'<span class="muted{"" if reason else " wide"}">{escape(reason or patients)}</span>',
            width="content",
        )
        st.space("stretch")
        wanted = st.button(
            "Use this selection to train",
            type="primary",
            icon=":material/arrow_forward:",
            disabled=bool(reason) or not len(rows),
        )
    if wanted:
        st.switch_page(
            "pages/train.py", query_params={WHERE: format_filters(filters)} if filters else None
        )


def find_refusal(tables: Tables, rows: Rows) -> str:
    """Return why no network can be trained on the images at `rows`; "" if one can."""
    labels = tables.labels.iloc[rows].dropna().unique()
    there = {name for label in labels for name in label.split(SEPARATOR)}
    counts: pd.DataFrame = tables.counts
    lost = [name for name in counts.loc[counts["present"] > 0, "class"] if name not in there]
    return f" · none of {', '.join(lost)}: a network has to see every class" if lost else ""
