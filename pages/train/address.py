"""The changed settings in the address: they survive a reload, and Back undoes the last of them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.frame import format_message
from pages.train.recipe_form import ADVANCED
from pages.train.recipe_values import change_field, find_fields
from pages.train.said import say
from xray_core.errors import RecipeError
from xray_core.recipes import Recipe, change_recipe, changeable_fields

RECIPE, SET = "recipe", "set"
WRITTEN = "train_written"  # what this page wrote last


def read_address(recipe: Recipe) -> None:
    """Enter the settings that the address names, where it is not this page that wrote them."""
    wanted = st.query_params.get_all(SET)
    # A link of the navigation names none: what was typed before stands there again. The state of
    # a widget that is not kept tells whether another page was shown in between.
    entered = ADVANCED not in st.session_state
    if wanted == st.session_state.get(WRITTEN, []) or (entered and not wanted):
        return
    try:
        settings = [word.partition("=") for word in wanted]
        changed = change_recipe(recipe, {field: value for field, _, value in settings})
    except RecipeError as error:
        say(f"Settings of the address are left out: {format_message(error)}")
        return
    for field, value in changeable_fields(changed).items():
        change_field(recipe, field, value)


def write_address(recipe: Recipe, values: Mapping[str, Any]) -> None:
    """Name the settings that differ from the recipe's in the address."""
    own = find_fields(recipe)
    words = [f"{field}={value}" for field, value in values.items() if value != own[field]]
    st.session_state[WRITTEN] = words
    if words == st.query_params.get_all(SET):
        return
    if words:  # at once: each change of the address is a step for "Back"
        st.query_params.update({RECIPE: recipe.name, SET: words})
    else:
        del st.query_params[SET]


def forget_settings() -> None:
    """Take the settings out of the address: another recipe is chosen, with its own."""
    st.query_params.pop(SET, None)
    st.session_state[WRITTEN] = []
