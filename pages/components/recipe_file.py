"""A recipe as a file to take away: as JSON for this project, as a script without it."""

import streamlit as st

from pages.components.frame import format_message
from xray_core.errors import RecipeError
from xray_core.recipes import Recipe
from xray_core.recipes.script import check_model, write_script


def offer_recipe(recipe: Recipe, name: str = "") -> None:
    """Offer `recipe` as JSON, which the command line trains, and as a plain Keras script.

    Args:
        recipe: as it stands.
        name: of the files, without ending; the recipe's own if empty.
    """
    name = name or recipe.name
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Recipe as JSON",
            recipe.to_json,
            file_name=f"{name}.json",
            mime="application/json",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key="recipe_json",
            help="Everything that was set. To train it: "
            "python -m xray_core train FILE --data FOLDER",
        )
        try:
            check_model(recipe)
        except RecipeError as error:
            st.caption(format_message(error))
            return
        st.download_button(
            "As a Keras script",
            lambda: write_script(recipe),  # when somebody clicks
            file_name=f"{name}.py",
            mime="text/x-python",
            on_click="ignore",
            type="tertiary",
            icon=":material/code:",
            key="recipe_script",
            help="Plain Keras, runs without X-ray Lab; its first lines say how, and what it lacks.",
        )
