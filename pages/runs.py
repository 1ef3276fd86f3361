"""Runs page: the queue, every run, and one of them live."""

import streamlit as st

from pages.components.context import open_page
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import show_changes
from pages.runs.live import show_run
from pages.runs.outcome import show_outcome
from pages.runs.run_actions import show_actions
from pages.runs.run_list import show_runs, start_worker_if_needed
from pages.runs.run_notes import show_notes
from pages.runs.sweep_view import show_sweep, show_sweep_link
from pages.runs.trash import show_in_trash
from xray_core.runs import find_run, list_runs
from xray_core.runs.trash import is_trashed, list_trash
from xray_core.workspace import find_workspace

open_page("Runs")
workspace = find_workspace()
with show_errors():
    start_worker_if_needed(workspace)
show_outcome()

name, sweep = st.query_params.get("run"), st.query_params.get("sweep")
if name is None and sweep:
    if st.button("All runs", icon=":material/arrow_back:"):
        del st.query_params["sweep"]
        st.rerun()
    show_sweep(workspace, sweep)
    st.stop()
if name is None:
    with show_errors():
        nothing = not list_runs(workspace.runs) and not list_trash(workspace)
    if nothing:
        st.info(
            "No training yet. Choose a recipe and start one; the demo takes about a minute.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        st.stop()
    show_runs(workspace)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("Whole sweep" if sweep else "All runs", icon=":material/arrow_back:"):
        del st.query_params["run"]
        st.rerun()
    actions = st.container(horizontal=True, horizontal_alignment="right")
with show_errors():
    binned = is_trashed(workspace, name)
if binned:
    show_in_trash(workspace, name)
    st.stop()
with show_errors():
    run = find_run(workspace.runs, name)
    recipe, status, stopping = run.read_recipe(), run.read_status(), run.stop_path.exists()
with actions:
    show_actions(run, status, workspace)
st.subheader(escape_markdown(recipe.title), anchor=False)
show_changes(recipe, run.name)
with show_errors():
    if (sweep := run.read_submission().sweep) and not sweep:
        show_sweep_link(sweep, f"Part of {sweep}")
    show_notes(run, workspace)
show_run(run, recipe, status, stopping)
