"""Train page: choose a recipe, change it if you like, see what it costs, start it."""

from dataclasses import replace

import streamlit as st

from pages.components.context import open_page
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.recipe_file import offer_recipe
from pages.components.recipe_words import format_changes, format_published, unchanged
from pages.components.tables import read_tables
from pages.components.user import find_user
from pages.train.clone import take_over_run
from pages.train.cost import show_cost
from pages.train.doubts import show_doubts
from pages.train.network import show_network
from pages.train.recipe_choice import choose_recipe
from pages.train.recipe_form import change_field, show_form
from pages.train.sweep import show_sweep_form
from xray_core.datasets import READERS
from xray_core.errors import XrayError
from xray_core.jobs import submit_recipe
from xray_core.jobs.measure import stop_description
from xray_core.models import MODELS
from xray_core.recipes import CORRECTED, PUBLISHED, Recipe, change_recipe, recipes_for
from xray_core.splits import fitting_methods
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import find_workspace

# What to begin with, by the reader's name; the drawn data has a recipe of its own.
FIRST_RECIPES = {"siim_covid19": "siim_mobilenet_opacity", "kermany": "pneumonia_cnn"}
FIRST_RECIPE_OF_DEMO = "demo_cnn"

context = open_page("Train")
take_over_run()
catalog = context.open_catalog()
recipes = recipes_for(catalog.source)
fitting = [name for name in recipes if not name.endswith(CORRECTED)]
if not fitting:
    st.info(
        f"No recipe fits {READERS[catalog.source].title} yet. Choose another dataset at the left."
    )
    st.stop()

wanted = st.query_params.get("recipe")
if wanted is not None and wanted not in recipes:
    reason = "does not fit this dataset" if wanted in PUBLISHED else "does not exist"
    st.warning(f"The recipe {escape_markdown(repr(wanted))} {reason}; showing another.")
    del st.query_params["recipe"]
    wanted = None
first = (
    FIRST_RECIPE_OF_DEMO
    if is_synthetic(catalog.root)
    else FIRST_RECIPES.get(catalog.source, fitting[0])
)


def describe(recipe: Recipe) -> str:
    """Return the line under a recipe's title."""
    words = f"{MODELS[recipe.model].title} · {recipe.preprocess.size} px"
    if place := recipe.source.removeprefix(recipe.origin).lstrip(",; "):
        words += f" · {place}"
    if published := format_published(recipe):
        words += f" · published: {published}"
    return words


name = choose_recipe(recipes, wanted or first, describe)
published = recipes[name]
if (split := st.query_params.pop("split", None)) in fitting_methods(catalog):
    change_field(published, "split.method", split)  # a link from the audit
form, summary = st.columns([3, 2], gap="large")
with form:
    st.subheader("Change settings …", anchor=False)
    values = show_form(published, fitting_methods(catalog))

with summary, st.container(border=True):
    st.markdown(f"**{escape_markdown(published.title)}**")
    st.markdown(format_message(published.about))
    try:
        recipe = change_recipe(published, values)
        if not recipe.class_names:  # they come from the data; the tables know them already
            counts = read_tables(catalog, recipe.task).counts
            recipe = replace(recipe, classes=tuple(counts["class"]))
    except XrayError as error:
        st.error(format_message(error), icon=":material/error:")
        st.button("Start training", type="primary", disabled=True)
        st.stop()
    if recipe.changes:
        st.info(f"Changed: {format_changes(recipe)}", icon=":material/edit:")
    else:
        st.caption(f"{unchanged(recipe).capitalize()}.")
    may_start = show_doubts([recipe], catalog)
    if st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=not may_start,
    ):
        with show_errors():
            stop_description(find_workspace())
            run = submit_recipe(recipe, catalog.root, find_workspace(), user=find_user())
        st.switch_page("pages/runs.py", query_params={"run": run.name})
    offer_recipe(recipe)
    show_sweep_form(recipe, catalog)
    show_cost(recipe, catalog)
show_network(recipe)
