"""Prepare page: what happens to one image on its way into a network."""

import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import open_page
from pages.components.tables import read_tables
from pages.components.tabs import show_tabs
from pages.prepare.export import show_export
from pages.prepare.prepared_image import choose_image, choose_recipe, read_lungs
from pages.prepare.settings import choose_settings
from pages.prepare.several import show_several
from pages.prepare.views import (
    AUGMENT,
    show_augmentation,
    show_comparison,
    show_gray_levels,
    show_tensor,
)
from pages.train.recipe_values import change_field
from xray_core.recipes.titles import value_title

COMPARISON, SEVERAL, LEVELS = "Before and after", "Several images", "Gray levels"
AUGMENTATION, TENSOR, EXPORT = "Augmentation", "Tensor", "Export"

context = open_page("Prepare")
catalog = context.open_catalog()
left, right = st.columns([5, 7], gap="medium")
with left:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        recipe = choose_recipe(catalog)
        tables = read_tables(catalog, context.task)
        image_id, image = choose_image(tables)
    lungs = read_lungs(catalog, image_id)
    spec = choose_settings(image, recipe, lungs)
with right:
    views = {
        COMPARISON: lambda: show_comparison(image, spec, lungs),
        SEVERAL: lambda: show_several(tables, spec),
        LEVELS: lambda: show_gray_levels(image, spec),
        AUGMENTATION: lambda: show_augmentation(image, spec, recipe, lungs),
        TENSOR: lambda: show_tensor(image, spec, lungs),
        EXPORT: lambda: show_export(tables, spec),
    }
    tabs = show_tabs(views, "step")
    for tab, show in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                show()

with open_bottom_bar():
    contrast = value_title("contrast", spec.contrast)
    resize = value_title("resize", spec.resize).lower()
    shown = "" if spec.region == "whole" else f" · {value_title('region', spec.region).lower()}"
    st.html(
        f'<span class="muted"><span class="wide">{contrast} · </span>{spec.size} px'
        f'<span class="wide"> · {resize}{shown}</span></span>',
        width="content",
    )
    st.space("stretch")
    if st.button("Train with these settings", icon=":material/arrow_forward:", type="primary"):
        augment = st.session_state.get(f"{AUGMENT}_{recipe.name}", recipe.augment)
        for group, settings in (("preprocess", spec), ("augment", augment)):
            for field, value in vars(settings).items():
                change_field(recipe, f"{group}.{field}", value)
        st.switch_page("pages/train.py", query_params={"recipe": recipe.name})
