"""Compare page: is one run really better than another, on the very same images."""

import streamlit as st

from pages.compare.charts import show_charts, show_differences
from pages.compare.common import show_refusal
from pages.compare.disagreement import show_disagreement
from pages.compare.leaderboard import list_results, show_leaderboard
from pages.compare.read import read_comparison, read_noise
from pages.compare.run_choice import RUNS, choose_figure, choose_runs, show_way_back
from pages.compare.settings import show_settings
from pages.compare.verdict import show_verdict
from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import name_tab, open_page
from pages.components.frame import show_errors
from pages.components.seeds import offer_seeds
from xray_core.evaluation.common_images import OtherImagesError
from xray_core.figures.overlay import letter_of
from xray_core.runs import Run
from xray_core.workspace import find_workspace

MOST_BESIDE = 3  # runs whose settings have room beside the curves

chosen = bool(st.query_params.get(RUNS))
workspace = find_workspace()
context = open_page("Compare", not chosen, None if chosen else list_results(workspace))
if not chosen:
    show_leaderboard(context, workspace)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center", gap="small", key="compared"):
    names = choose_runs(workspace)
    runs = [Run(workspace.runs / name) for name in names]
    with show_errors():
        recipes = [run.read_recipe() for run in runs]
        calls = [run.read_nickname() for run in runs]
    figure = choose_figure(recipes[0].multilabel)
context.show_origin(recipes[0], with_title=False)
name_tab(f"Compare {', '.join(calls)}")
bar = open_bottom_bar()
with bar:
    show_way_back(recipes[0], workspace)
    st.space("stretch")
with show_errors():
    try:
        comparison = read_comparison(names, workspace)
    except OtherImagesError as error:
        show_refusal(error)
        st.stop()

with bar:
    for place, run in enumerate(runs):
        if offer_seeds(run, letter_of(place), type="primary"):
            break
with show_errors():
    noise = read_noise(runs[comparison.find_best(figure) or 0], workspace)
show_verdict(comparison, figure, noise)
if len(runs) <= MOST_BESIDE:
    left, right = st.columns([5, 8], gap="medium")
else:
    left, right = st.container(), st.container()
with left:
    show_settings(comparison, runs, recipes, calls)
with right:
    show_charts(comparison, runs, calls)
left, right = st.columns([5, 8], gap="medium")
with left:
    show_differences(comparison, figure, noise)
with right:
    show_disagreement(comparison, recipes[0])
