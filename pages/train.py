"""Train page: choose a recipe, change it if you like, see what it costs, start it."""

from dataclasses import replace
from html import escape

import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import open_page
from pages.components.frame import format_message, show_errors
from pages.components.recipe_file import offer_recipe
from pages.components.small_type import show_muted, show_section
from pages.components.tables import read_tables
from pages.components.user import find_user
from pages.train.address import write_address
from pages.train.checked_split import check_split
from pages.train.clone import take_over_run
from pages.train.cost import estimate_cost, format_time, show_cost_details
from pages.train.network import show_network
from pages.train.recipe_choice import choose_recipe, find_recipe_name, read_recipes
from pages.train.recipe_form import show_advanced, show_basic
from pages.train.recipe_values import SITE, apply_values, change_field, find_values
from pages.train.selection import open_selected, read_selection, show_selection
from pages.train.split_details import show_split_details
from pages.train.summary import NICKNAME, forget_nickname, show_summary
from pages.train.sweep import show_sweep_form
from xray_core.audit.issue import count_of
from xray_core.catalog import LUNGS, Catalog
from xray_core.datasets import READERS
from xray_core.errors import XrayError
from xray_core.jobs import submit_recipe
from xray_core.jobs.measure import read_description, stop_description
from xray_core.recipes import Recipe
from xray_core.recipes.titles import use_titles
from xray_core.splits import fitting_methods, list_sites
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import find_workspace


def show_start(words: str, recipe: Recipe | None, catalog: Catalog, title: str) -> None:
    """Show the bar with the page's next step.

    Args:
        words: how much it is, in short.
        recipe: to be trained; None where it cannot be.
        catalog: the dataset.
        title: of the recipe.
    """
    with open_bottom_bar():
        st.html(
            f'<span class="brief"><b>{escape(title)}</b> <span class="muted">{words}</span></span>',
            width="content",
        )
        st.space("stretch")
        start = st.button(
            "Start training", type="primary", icon=":material/play_arrow:", disabled=recipe is None
        )
    if start and recipe is not None:
        with show_errors():
            workspace = find_workspace()
            stop_description(workspace)
            nickname = str(st.session_state.get(NICKNAME, ""))
            run = submit_recipe(
                recipe, catalog.root, workspace, user=find_user(), nickname=nickname
            )
        forget_nickname()
        st.switch_page("pages/runs.py", query_params={"run": run.name})


context = open_page("Train", with_masks=True)
take_over_run()
catalog = context.open_catalog()
title = READERS[catalog.source].title
has_masks = bool((catalog.masks["kind"] == LUNGS).any())
recipes = read_recipes(catalog.source, context.task, is_synthetic(catalog.root), has_masks)
if not recipes:
    st.info(f"No recipe fits {title} yet. Choose another dataset in the bar above.")
    st.stop()
name = find_recipe_name(recipes, context, catalog)
published = recipes[name]
methods = fitting_methods(catalog)
if (split := st.query_params.pop("split", None)) in methods:
    change_field(published, "split.method", split)  # a link from the audit
values = find_values(published)
sites = list_sites(catalog)
if values["split.method"] == "site" and values[SITE] not in sites and sites:
    change_field(published, SITE, sites[0])  # that of most images
    values = find_values(published)
write_address(published, values)
selection = read_selection()
show_selection(selection)

choice, form, summary = st.columns([11, 9, 8], gap="medium")
with choice:
    choose_recipe(recipes, name, context.task, title)
with form:
    show_basic(published, values)
    show_advanced(published, values, {"split.method": methods, SITE: sites})
    if published.about:
        show_section("About this recipe")
        show_muted(use_titles(published.about))
with summary:
    try:
        recipe = apply_values(published, values | {"selection": selection})
        selected = open_selected(catalog, recipe)
        if not recipe.class_names:  # they come from the data; the tables know them already
            counts = read_tables(selected, recipe.task).counts
            recipe = replace(recipe, classes=tuple(counts["class"]))
    except XrayError as error:
        show_section("Before you start")
        st.error(format_message(error), icon=":material/error:")
        show_start("cannot be started so", None, catalog, published.title)
        st.stop()
    checked = check_split(selected, recipe.task, recipe.split)
    with show_errors():
        description = read_description(recipe, find_workspace())
    may_start = show_summary(recipe, selected, checked, description)
    cost = estimate_cost(recipe, checked, description)

show_split_details(recipe, checked)
show_sweep_form(recipe, selected)
show_cost_details(recipe, checked, description)
show_network(description)
panel = st.expander(
    "The recipe as a file", icon=":material/download:", key="recipe_file", on_change="rerun"
)
if panel.open:
    with panel:
        offer_recipe(recipe)
words = f'<span class="wide">{count_of(recipe.n_epochs, "epoch")} · {recipe.preprocess.size} px'
words += f" · </span>{format_time(cost.seconds_likely)}" if cost else "</span>"
show_start(words, recipe if may_start else None, catalog, published.title)
