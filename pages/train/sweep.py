"""Several trainings from one form: a sweep over one or two settings, or a cross-validation."""

import streamlit as st

from pages.components.frame import format_message, show_errors
from pages.components.user import find_user
from pages.train.doubts import show_doubts
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.jobs import submit_sweep
from xray_core.jobs.measure import stop_description
from xray_core.recipes import Recipe, changeable_fields
from xray_core.recipes.titles import field_title
from xray_core.recipes.variants import FOLD_FIELDS, SITE_FIELD, vary_recipe
from xray_core.splits import list_sites
from xray_core.workspace import find_workspace

N_AXES = 2
# A selection holds commas itself, and what is said of subsets is said of the one that is chosen.
NOT_VARIED = (*FOLD_FIELDS, "selection")
FIRST_AXES = ("learning_rate", "batch_size", "dropout")  # offered before the other fields


def show_sweep_form(recipe: Recipe, catalog: Catalog) -> None:
    """Offer to start a sweep, or a cross-validation.

    Args:
        recipe: what stands in the form; all of them begin there.
        catalog: the dataset.
    """
    panel = st.expander(
        "Sweep or cross-validation",
        icon=":material/workspaces:",
        key="sweep",
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
                key="sweep_folds",
                help="0: none. Else so many trainings; each image is tested in one of them.",
            )
        )
        grid = _choose_grid(recipe, list_sites(catalog))
        try:
            recipes = vary_recipe(recipe, grid, folds)
        except XrayError as error:
            st.error(format_message(error), icon=":material/error:")
            return
        enough = len(recipes) > 1
        may_start = enough and show_doubts(recipes, catalog, said_of=[recipe])
        words = f"Start {len(recipes)} trainings" if enough else "Choose folds or values"
        if st.button(words, key="sweep_start", disabled=not may_start, width="stretch"):
            with show_errors():
                workspace = find_workspace()
                stop_description(workspace)
                runs = submit_sweep(recipes, catalog.root, workspace, user=find_user())
                sweep = runs[0].read_submission().sweep
            st.switch_page("pages/runs.py", query_params={"sweep": sweep})


def _choose_grid(recipe: Recipe, sites: list[str]) -> dict[str, list[str]]:
    fields = [name for name in changeable_fields(recipe) if name not in NOT_VARIED]
    if len(sites) < 2:
        fields.remove(SITE_FIELD)
    fields.sort(key=lambda name: name.rpartition(".")[2] not in FIRST_AXES)
    grid = {}
    for number in range(N_AXES):
        field = st.selectbox(
            "Vary" if number == 0 else "and",
            [None, *fields],
            format_func=lambda name: field_title(name) if name else "nothing",
            key=f"sweep_field_{number}",
        )
        if field is None:
            continue
        if field == SITE_FIELD:
            grid[field] = st.multiselect("Sites", sites, sites, key=f"sweep_sites_{number}")
            continue
        typed = st.text_input(
            "Values, with commas between them",
            key=f"sweep_values_{number}",
            placeholder="0.001, 0.0003",
        )
        grid[field] = [word.strip() for word in typed.split(",") if word.strip()]
    return grid
