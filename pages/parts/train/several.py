"""Several trainings from one form: folds of a cross-validation, points of a small grid."""

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.runs.user import find_user
from pages.parts.train.doubts import show_doubts
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.home import find_home
from xray_core.jobs import submit_group
from xray_core.jobs.measure import stop_description
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.variants import FOLD_FIELDS, vary_recipe

N_AXES = 2
FIRST_AXES = ("learning_rate", "batch_size", "dropout")  # offered before the other fields


def show_several(recipe: Recipe, catalog: Catalog) -> None:
    """Offer to start a group of trainings.

    Args:
        recipe: what stands in the form; all of them begin there.
        catalog: the dataset.
    """
    panel = st.expander(
        "Several at once: folds, or a small grid",
        icon=":material/workspaces:",
        key="several",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        folds = int(
            st.number_input(
                "Folds of a cross-validation",
                0,
                value=0,
                key="several_folds",
                help="0: none. Else so many trainings; each image is tested in one of them.",
            )
        )
        grid = _choose_grid(recipe)
        try:
            recipes = vary_recipe(recipe, grid, folds)
        except XrayError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        enough = len(recipes) > 1
        may_start = enough and show_doubts(recipes, catalog, said_of=[recipe])
        words = f"Start {len(recipes)} trainings" if enough else "Choose folds or values"
        if st.button(words, key="several_start", disabled=not may_start, width="stretch"):
            with errors_in_words():
                home = find_home()
                stop_description(home)
                runs = submit_group(recipes, catalog.root, home, user=find_user())
                group = runs[0].read_submission().group
            st.switch_page("pages/runs.py", query_params={"group": group})


def _choose_grid(recipe: Recipe) -> dict[str, list[str]]:
    fields = [name for name in changeable_fields(recipe) if name not in FOLD_FIELDS]
    fields.sort(key=lambda name: name.rpartition(".")[2] not in FIRST_AXES)
    grid = {}
    for number in range(N_AXES):
        field = st.selectbox(
            "Vary" if number == 0 else "and",
            [None, *fields],
            format_func=lambda name: name or "nothing",
            key=f"several_field_{number}",
        )
        if field is None:
            continue
        typed = st.text_input(
            "Values, with commas between them",
            key=f"several_values_{number}",
            placeholder="0.001, 0.0003",
        )
        grid[field] = [word.strip() for word in typed.split(",") if word.strip()]
    return grid
