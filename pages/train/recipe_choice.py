"""Which recipe: by source, as published or corrected; the address keeps the choice."""

from collections.abc import Callable, Mapping

import streamlit as st

from xray_core.glossary import explain
from xray_core.recipes import CORRECTED, Recipe

SOURCE, CHOICE, TOGGLE = "recipe_source", "recipe_choice", "recipe_corrected"


def choose_recipe(
    recipes: Mapping[str, Recipe], wanted: str, describe: Callable[[Recipe], str]
) -> str:
    """Show the recipes of one source, and return the name of the chosen one.

    Args:
        recipes: those that fit the dataset.
        wanted: what the address asks for, or what to begin with; one of them.
        describe: the line under a recipe's title.
    """
    base = wanted.removesuffix(CORRECTED)
    sources: dict[str, list[str]] = {}
    for name, recipe in recipes.items():
        if not name.endswith(CORRECTED):
            sources.setdefault(recipe.origin, []).append(name)
    # Set at each look: the address decides, and these widgets only change it.
    st.session_state[SOURCE] = recipes[base].origin
    if len(sources) > 1:
        st.pills(
            "Source",
            list(sources),
            key=SOURCE,
            on_change=lambda: _open(sources[st.session_state[SOURCE] or recipes[base].origin][0]),
        )
    names = sources[recipes[base].origin]
    st.session_state[CHOICE] = base
    st.radio(
        "Recipe",
        names,
        format_func=lambda name: recipes[name].title,
        captions=[describe(recipes[name]) for name in names],
        help=explain("recipe"),
        key=CHOICE,
        on_change=lambda: _open(st.session_state[CHOICE]),
    )
    if base + CORRECTED in recipes:
        st.session_state[TOGGLE] = wanted.endswith(CORRECTED)
        st.toggle(
            "Corrected, not as published",
            key=TOGGLE,
            on_change=lambda: _open(base + CORRECTED * st.session_state[TOGGLE]),
            help="Without the slips of the source: split by patient, a test set, sensible "
            "learning rates, balanced class weights. Train both to see the gap.",
        )
    return wanted


def _open(name: str) -> None:
    """Put the chosen recipe into the address; `bind` would put its title there."""
    st.query_params["recipe"] = name
