"""Runs page: the queue, every run, and one of them live."""

from pathlib import Path

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown, open_page
from pages.parts.recipe_words import show_changes
from pages.parts.runs.live import show_run
from pages.parts.runs.run_list import show_runs, wake_worker
from xray_core.home import find_home
from xray_core.jobs import stop_run, submit_recipe
from xray_core.runs import find_run, list_runs

open_page("Runs", "Watch trainings while they run, and look back at those that ended.")
home = find_home()
with errors_in_words():
    runs = list_runs(home.runs)
    wake_worker(home)
if said := st.session_state.pop("said", None):
    st.success(escape_markdown(said))

name = st.query_params.get("run")
if name is None:
    if not runs:
        st.info(
            "No training yet. Choose a recipe and start one; the demo takes about a minute.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        st.stop()
    show_runs(runs)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("All runs", icon=":material/arrow_back:"):
        del st.query_params["run"]
        st.rerun()
    actions = st.container(horizontal=True, horizontal_alignment="right")
with errors_in_words():
    run = find_run(home.runs, name)
    recipe, status = run.read_recipe(), run.read_status()

with actions:
    if not status.has_ended and not run.stop_path.exists():
        with st.popover("Stop", icon=":material/stop_circle:"):
            st.markdown("Stop this run? What it has learned so far is kept.")
            if st.button("Yes, stop it", type="primary"):
                with errors_in_words():
                    st.session_state["said"] = stop_run(run, home)
                st.rerun()
    if status.has_ended and st.button("Train again", icon=":material/replay:"):
        with errors_in_words():
            again = submit_recipe(recipe, Path(recipe.data_folder), home)
        st.query_params["run"] = again.name
        st.rerun()
    if status.state == "done" and st.button(
        "See the result", type="primary", icon=":material/fact_check:"
    ):
        st.switch_page("pages/evaluate.py", query_params={"run": run.name})

st.subheader(escape_markdown(recipe.title), anchor=False)
show_changes(recipe, run.name)
show_run(run, recipe)
