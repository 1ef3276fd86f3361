"""The form filled in as an earlier run had it: data, recipe, and every field."""

from pathlib import Path

import streamlit as st

from pages.components.context import choose_data, choose_task
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.train.address import SET, WRITTEN, forget_settings
from pages.train.recipe_values import change_field
from pages.train.said import say
from pages.train.selection import write_selection
from xray_core.errors import RunError, XrayError
from xray_core.recipes import PUBLISHED, Recipe, change_recipe, changeable_fields
from xray_core.recipes.titles import field_title
from xray_core.registry import name_root
from xray_core.runs import find_run
from xray_core.runs.origin import read_origin
from xray_core.workspace import Workspace, find_workspace


def take_over_run() -> None:
    """Enter what the run in the address (`?from=`) was trained with; then forget the run.

    Beside it the address may change some of it, `&set=field=value` for each.

    The page begins anew then, with the run's dataset and task in the bar. What cannot be taken
    over is said.
    """
    name = st.query_params.pop("from", None)
    if name is None:
        return
    workspace = find_workspace()
    wanted = st.query_params.get_all(SET)
    if wanted == st.session_state.get(WRITTEN):  # by this page, of what was entered before
        wanted = []
    forget_settings()
    changes = [word.partition("=") for word in wanted]
    try:
        run = find_run(workspace.runs, name)
        if origin := read_origin(run):
            raise RunError(f"{origin.words}: no training here has made it.")
        recipe = run.read_recipe()
    except XrayError as error:
        say(f"No run is taken over: {format_message(error)}")
        return
    try:
        recipe = change_recipe(recipe, {field: value for field, _, value in changes})
    except XrayError as error:
        say(f"The run is taken over as it is. {format_message(error)}")
    _take_over_dataset(recipe, workspace)
    _take_over_recipe(recipe, name)
    st.rerun()


def _take_over_dataset(recipe: Recipe, workspace: Workspace) -> None:
    with show_errors():
        name = name_root(workspace, Path(recipe.data_folder))
    if name is None:
        say(
            f"The run was trained on {escape_markdown(recipe.data_folder)}, which is not among the "
            "datasets here. Another one is chosen above; add that folder on Home if it exists."
        )
        return
    choose_data(name)


def _take_over_recipe(recipe: Recipe, run: str) -> None:
    published = PUBLISHED.get(recipe.parent or recipe.name)
    if published is None:
        say(
            f"{escape_markdown(run)} was trained with "
            f"{escape_markdown(repr(recipe.parent or recipe.name))}, which is no published recipe. "
            "Its settings cannot be shown here; take its recipe as JSON and train that file."
        )
        return
    st.query_params["recipe"] = published.name
    choose_task(recipe.task)
    values = changeable_fields(recipe)
    for field, value in values.items():
        change_field(published, field, value)
    write_selection(recipe.selection)
    # A recipe may have been published anew since, with other phases.
    if differ := sorted(set(values) ^ set(changeable_fields(published, recipe.model))):
        say(
            f"The recipe “{escape_markdown(published.title)}” has changed since. Not taken over: "
            f"{escape_markdown(', '.join(map(field_title, differ)))}."
        )
