"""Inside page: where a network looks, and what it has learned by mistake."""

import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import name_tab, open_page
from pages.components.frame import escape_markdown, show_errors
from pages.components.origin import read_origin_of, show_doubt
from pages.components.run_choice import choose_run
from pages.components.tabs import show_tabs
from pages.inside.sections import SECTIONS
from xray_core.workspace import find_workspace

context = open_page("Inside", with_choosers=False)
workspace = find_workspace()
run = choose_run(workspace)
if origin := read_origin_of(run):
    show_doubt(origin)
with show_errors():
    recipe = run.read_recipe()
    nickname = run.read_nickname()
name_tab(f"Inside {nickname}")
context.show_origin(recipe)
if recipe.asks_masks:
    st.info(
        f"{escape_markdown(nickname)} draws masks: where it looks is what it draws. Its page "
        "Evaluate shows that; what stands here is about networks that answer with classes.",
        icon=":material/info:",
    )
    st.page_link(
        "pages/evaluate.py",
        label="Its masks",
        icon=":material/fact_check:",
        query_params={"run": run.name},
    )
    st.stop()
tabs = show_tabs(SECTIONS, "inside")
for tab, show in zip(tabs, SECTIONS.values(), strict=True):
    if tab.open:
        with tab, show_errors():
            show(run, recipe, workspace)
with open_bottom_bar():
    st.page_link(
        "pages/evaluate.py",
        label="Its figures",
        icon=":material/fact_check:",
        query_params={"run": run.name},
    )
    st.page_link(
        "pages/compare.py",
        label="Compare it",
        icon=":material/compare_arrows:",
        query_params={"runs": run.name},
    )
