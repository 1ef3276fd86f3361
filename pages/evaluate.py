"""Evaluate page: what a finished run is worth, on how many images, and how sure that is."""

import pandas as pd
import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import name_tab, open_page
from pages.components.frame import show_errors
from pages.components.origin import read_origin_of, show_doubt
from pages.components.run_choice import choose_run
from pages.components.run_state import show_link
from pages.components.seeds import offer_seeds
from pages.evaluate.add_elsewhere import show_add_button, watch_added
from pages.evaluate.details import show_details
from pages.evaluate.external import choose_place, read_folder, show_button
from pages.evaluate.external_result import show_external
from pages.evaluate.findings import show_findings
from pages.evaluate.masks import show_masks
from pages.evaluate.matrix import read_evaluated, show_cells
from pages.evaluate.opening import list_words, read_shown, show_opening
from pages.evaluate.threshold_keep import show_kept
from pages.evaluate.verdict import show_doubts, show_verdict_line
from xray_core.runs import Run
from xray_core.workspace import find_workspace

context = open_page("Evaluate", with_choosers=False)
workspace = find_workspace()
watch_added()
line, chooser = st.columns([3, 1], vertical_alignment="center")
with chooser:
    run: Run = choose_run(workspace, show_add_button)
    origin = read_origin_of(run)
    with show_errors():
        recipe = run.read_recipe()
    # Where there are classes, another dataset's can be matched with them.
    if not recipe.asks_masks and (origin is None or run.best_checkpoint.is_file()):
        show_button()
if origin:
    show_doubt(origin)  # first: the page ends here where the test set is closed, and all there is
with show_errors():
    shown = read_shown(run, workspace)
    report, data = shown.report, run.read_data()
    has_masks = recipe.asks_masks
    predictions = pd.DataFrame() if has_masks else read_evaluated(run, report["subset"])
    nickname = run.read_nickname()

name_tab(f"Evaluate {nickname}")
place = choose_place(run)
context.show_origin(recipe, elsewhere=read_folder(place) if place else None)
if place:
    show_external(place, recipe, report, line)
else:
    with line:
        show_verdict_line(report, data["grouped_by"])
        show_opening(run, recipe, shown, workspace)
        if not has_masks:
            show_kept(run, report)
    show_doubts(run, recipe, report, closed=shown.closed)
    if has_masks:
        show_masks(run, recipe, report)
    elif report.get("multilabel"):
        show_findings(run, recipe, report, predictions)
    else:
        show_cells(run, recipe, report, predictions)
    show_details(run, recipe, report, data, list_words(run, shown, workspace))
with open_bottom_bar():
    show_link(run, "Its page" if origin else "See its curves")
    if not has_masks:
        show_add_button(recipe)
    st.space("stretch")
    if not origin and not has_masks:  # a noise floor is one of classes
        offer_seeds(run)
    if not origin and st.button("Change and train again", icon=":material/tune:", type="primary"):
        st.switch_page("pages/train.py", query_params={"from": run.name})
