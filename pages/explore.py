"""Explore page: what a dataset holds, image by image and in numbers."""

import streamlit as st

from pages.components.context import open_page
from pages.components.frame import show_errors
from pages.components.tables import read_tables
from pages.explore.column_filters import read_filters
from pages.explore.image_address import read_open
from pages.explore.image_page import show_page
from pages.explore.listed_images import drop_listed, narrow
from pages.explore.next_step import show_next_step
from pages.explore.numbers import choose_section, show_numbers
from pages.explore.rail import find_rows, show_chosen, show_rail
from pages.explore.tools import (
    IMAGES,
    choose_mode,
    choose_order,
    choose_overlays,
    choose_page,
    read_order,
    show_amount,
)

context = open_page("Explore")
catalog = context.open_catalog()
with show_errors():
    tables = read_tables(catalog, context.task)
    filters = read_filters(tables)
    opened = read_open(catalog)
    rows, listed = narrow(tables, find_rows(tables, filters, read_order(catalog)))

show_next_step(tables, filters, rows, listed)
side, main = st.columns([215, 985], gap="small")
with side:
    show_rail(tables, filters)
with main, show_errors():
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tools"):
        mode = choose_mode()
        if mode == IMAGES:
            show_amount(tables, len(rows))
            st.space("stretch")
            overlays = choose_overlays(tables)
            choose_order(catalog)
            page = choose_page(len(rows))
        else:
            section = choose_section()
            st.html('<span class="muted">of the whole dataset, whatever the filters</span>')
    show_chosen(catalog, filters, listed, drop_listed)
    if mode == IMAGES:
        show_page(tables, rows, page, opened, overlays)
    else:
        show_numbers(tables, section)
