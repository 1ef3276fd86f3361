"""Prepare page: what happens to one image on its way into a network."""

import streamlit as st

from pages.components.context import open_page
from pages.prepare.prepare_steps import (
    show_augmentation,
    show_contrast,
    show_square,
    show_tensor,
)
from pages.prepare.prepared_image import choose_image, choose_recipe

STEPS = {
    "1 Contrast": show_contrast,
    "2 Square": show_square,
    "3 Augmentation": show_augmentation,
    "4 Tensor": show_tensor,
}

context = open_page("Prepare")
catalog = context.open_catalog()
chooser, recipe_chooser = st.columns([3, 2], gap="large", vertical_alignment="bottom")
with recipe_chooser:
    recipe = choose_recipe(catalog)
with chooser:
    image_id, image = choose_image(catalog)

for tab, show in zip(
    st.tabs(list(STEPS), key="step", bind="query-params"), STEPS.values(), strict=True
):
    if tab.open:
        with tab:
            show(image, recipe)
