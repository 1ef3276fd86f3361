"""Runs page: the queue, every run, and one of them live."""

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown, open_page
from pages.parts.recipe_words import show_changes
from pages.parts.runs.group_view import show_group, show_group_link
from pages.parts.runs.live import show_run
from pages.parts.runs.outcome import show_outcome
from pages.parts.runs.run_actions import show_actions
from pages.parts.runs.run_bin import show_in_bin
from pages.parts.runs.run_list import show_runs, wake_worker
from pages.parts.runs.run_notes import show_notes
from pages.parts.runs.user import show_user
from xray_core.home import find_home
from xray_core.run_shelf import is_binned, list_bin
from xray_core.runs import find_run, list_runs

open_page("Runs", "Watch trainings while they run, and look back at those that ended.")
home = find_home()
with errors_in_words():
    wake_worker(home)
show_outcome()

name, group = st.query_params.get("run"), st.query_params.get("group")
if name is None and group:
    if st.button("All runs", icon=":material/arrow_back:"):
        del st.query_params["group"]
        st.rerun()
    show_group(home, group)
    st.stop()
if name is None:
    show_user()
    with errors_in_words():
        nothing = not list_runs(home.runs) and not list_bin(home)
    if nothing:
        st.info(
            "No training yet. Choose a recipe and start one; the demo takes about a minute.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        st.stop()
    show_runs(home)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("Its group" if group else "All runs", icon=":material/arrow_back:"):
        del st.query_params["run"]
        st.rerun()
    show_user()
    actions = st.container(horizontal=True, horizontal_alignment="right")
with errors_in_words():
    binned = is_binned(home, name)
if binned:
    show_in_bin(home, name)
    st.stop()
with errors_in_words():
    run = find_run(home.runs, name)
    recipe, status, stopping = run.read_recipe(), run.read_status(), run.stop_path.exists()
with actions:
    show_actions(run, status, home)
st.subheader(escape_markdown(recipe.title), anchor=False)
show_changes(recipe, run.name)
with errors_in_words():
    if (of_it := run.read_submission().group) and not group:
        show_group_link(of_it, f"Its group: {of_it}")
    show_notes(run, home)
show_run(run, recipe, status, stopping)
