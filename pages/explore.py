"""Explore page: what a dataset holds, image by image and in numbers."""

import math

import streamlit as st

from pages.parts.dataset import choose_dataset
from pages.parts.dataset_numbers import show_numbers
from pages.parts.frame import errors_in_words, escape_markdown, open_page
from pages.parts.grid import show_grid
from pages.parts.image_card import open_image, show_image
from pages.parts.image_filters import choose_images
from pages.parts.tiles import build_tiles

COLUMNS, ROWS = 5, 4
IMAGES, NUMBERS = "Images", "Counts and sizes"

open_page("Explore", "Look at the images, their labels and their boxes.")
catalog = choose_dataset()
with errors_in_words():
    tables, images = choose_images(catalog)

image_id = st.query_params.get("image")
if image_id is not None:
    found = catalog.present[catalog.present["image_id"] == image_id]
    if len(found):
        with errors_in_words():
            show_image(tables, images, found.iloc[0])
        st.stop()
    st.warning(f"This dataset has no image {escape_markdown(repr(image_id))}; here are the others.")

tab_images, tab_numbers = st.tabs([IMAGES, NUMBERS], key="show", bind="query-params")
if tab_images.open:
    with tab_images:
        if images.empty:
            st.info(
                "None of this dataset's images is in its folder; its counts are in the other tab."
                if catalog.present.empty
                else "No image passes these filters. Take one back to see more."
            )
            st.stop()
        n_pages = math.ceil(len(images) / (COLUMNS * ROWS))
        with st.container(horizontal=True, vertical_alignment="center"):
            page = st.pagination(n_pages, key="page", bind="query-params")
            n_absent = len(catalog.images) - len(catalog.present)
            absent = f" · {n_absent:,} absent from the folder" if n_absent else ""
            st.caption(f"{len(images):,} of {len(catalog.present):,} images{absent}")
            show_boxes = len(catalog.boxes) > 0 and st.toggle("Draw boxes", True)
        shown = images.iloc[(page - 1) * COLUMNS * ROWS : page * COLUMNS * ROWS]
        with errors_in_words():
            show_grid(build_tiles(tables, shown), "grid", open_image, COLUMNS, show_boxes)
if tab_numbers.open:
    with tab_numbers:
        show_numbers(tables)
