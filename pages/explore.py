"""Explore page: what a dataset holds, image by image and in numbers."""

import streamlit as st

from pages.components.context import open_page
from pages.components.frame import show_errors
from pages.explore.compare import show_pair
from pages.explore.image_address import FIRST, SECOND
from pages.explore.image_card import show_image
from pages.explore.image_filters import choose_images
from pages.explore.image_page import show_page
from pages.explore.image_way import find_named
from pages.explore.numbers import show_numbers

IMAGES, NUMBERS = "Images", "Counts and sizes"

context = open_page("Explore")
catalog = context.open_catalog()
first = find_named(catalog, FIRST)
second = find_named(catalog, SECOND) if first is not None else None
with show_errors():
    tables, rows = choose_images(catalog, context.task, folded=first is not None)

if first is not None:
    with show_errors():
        if second is None or second.name == first.name:
            show_image(tables, rows, first)
        else:
            show_pair(tables, rows, first, second)
    st.stop()

tab_images, tab_numbers = st.tabs([IMAGES, NUMBERS], key="show", bind="query-params")
if tab_images.open:
    with tab_images, show_errors():
        show_page(tables, rows)
if tab_numbers.open:
    with tab_numbers:
        show_numbers(tables)
