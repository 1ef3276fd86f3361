"""Runs page: every run and its place in the queue, or one of them live, or a sweep."""

import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import name_tab, open_page
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import describe_changes
from pages.runs.average import show_average
from pages.runs.live import show_run
from pages.runs.outcome import show_outcome
from pages.runs.run_actions import show_actions, show_way_back
from pages.runs.run_list import show_runs, start_worker_if_needed
from pages.runs.sweep_view import show_sweep, show_sweep_link
from pages.runs.trash import show_in_trash
from xray_core.recipes import Recipe
from xray_core.runs import find_run
from xray_core.runs.origin import AVERAGE, Origin, read_origin
from xray_core.runs.trash import is_trashed
from xray_core.workspace import find_workspace

is_list = not {"run", "sweep"} & set(st.query_params)
context = open_page("Runs", with_choosers=is_list)
workspace = find_workspace()
with show_errors():
    start_worker_if_needed(workspace)
show_outcome()


def describe(recipe: Recipe, origin: Origin | None) -> str:
    """Return what a run trains, for Markdown: its recipe, and what was changed in it."""
    if origin:  # what it is, stands above and below
        return "Not trained here" if origin.kind != AVERAGE else "Nothing was trained for it"
    return f"**{escape_markdown(recipe.title)}** · {describe_changes(recipe)}"


name, sweep = st.query_params.get("run"), st.query_params.get("sweep")
if name is None and sweep:
    name_tab(f"Sweep {sweep}")
    show_sweep(workspace, sweep)
    st.stop()
if name is None:
    show_average()
    show_runs(workspace)
    st.stop()

bar = open_bottom_bar()
with bar:
    show_way_back()  # first: whatever is wrong with the run, there is a way back
with show_errors():
    binned = is_trashed(workspace, name)
if binned:
    show_in_trash(workspace, name)
    st.stop()
with show_errors():
    run = find_run(workspace.runs, name)
    recipe, status, stopping = run.read_recipe(), run.read_status(), run.stop_path.exists()
    origin = read_origin(run)
    part_of = run.read_submission().sweep
context.show_origin(recipe, with_title=False)
with bar:
    if part_of and not sweep:
        show_sweep_link(part_of, f"Part of {part_of}")
    show_actions(run, status, workspace)
show_run(run, recipe, status, stopping, describe(recipe, origin))
