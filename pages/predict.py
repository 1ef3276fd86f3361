"""Predict page: an own image in, an answer with its doubts out."""

from typing import Any

import streamlit as st

from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import name_tab, open_page
from pages.components.download import write_csv
from pages.components.frame import show_errors
from pages.components.origin import read_origin_of, show_doubt
from pages.components.questions import answer_of
from pages.components.run_choice import choose_run
from pages.predict.files import choose_files, forget_images, show_samples
from pages.predict.given import ask_given
from pages.predict.large import show_large
from pages.predict.obstacle import find_obstacle
from pages.predict.predicted import Predicted, ask_of, build_table, read_limits
from pages.predict.reading import read_files
from pages.predict.single import show_single
from pages.predict.worklist import choose_image
from xray_core.audit.issue import count_of
from xray_core.runs.members import list_specs
from xray_core.workspace import find_workspace

WHAT_COMES = """
<h2 class="sec">What you get for each image</h2>
<ul class="notes">
<li>the probability of each class, with the run’s calibration and threshold</li>
<li>which classes cannot be excluded, in 90 of 100 cases rightly</li>
<li>a heat map: where in the image the answer comes from</li>
<li>the training images that look most alike to the network, with their labels</li>
<li>a warning where the image is unlike all that the network has learned from</li>
<li>the list of all images, the highest risk first, as a file (CSV)</li>
</ul>
"""

context = open_page("Predict", with_choosers=False)
workspace = find_workspace()
left, middle, right = st.columns([5, 5, 5], gap="medium")
with left:
    uploader = st.container()  # above the run, which decides whether there is any use in it
    run = choose_run(workspace)
with show_errors():
    recipe = run.read_recipe()
    nickname = run.read_nickname()
    obstacle = find_obstacle(run, recipe)
    specs = [] if obstacle else list_specs(run)
    limits = read_limits(run, recipe)
name_tab(f"Predict {nickname}")
context.show_origin(recipe)
with middle:
    if (origin := read_origin_of(run)) and not obstacle:
        show_doubt(origin)
if obstacle:
    middle.info(obstacle, icon=":material/block:")
    st.stop()
with uploader:
    files = choose_files()
with left, show_errors():
    given = ask_given(run)
if not files:
    with left:
        show_samples()
    middle.html(WHAT_COMES)
    st.stop()
with open_bottom_bar():
    st.button(
        "Forget these images",
        icon=":material/delete_sweep:",
        key="predict_forget",
        type="tertiary",
        on_click=forget_images,
    )
    st.page_link(
        "pages/evaluate.py",
        label="Its figures",
        icon=":material/fact_check:",
        query_params={"run": run.name},
    )
    st.space("stretch")
    file_place = st.container(width="content")
with left:
    reading = read_files(files, specs)
if reading is None:
    st.stop()
asked = ask_of(run, given)
readable = [upload for upload in reading.uploads if upload.prepared is not None]
answer: dict[str, Any] | None = {}
if readable:
    with left:
        answer = answer_of("predict", asked.about(readable), count_of(len(readable), "image"))
if answer is None:
    st.stop()
predicted = Predicted(recipe, reading.uploads, answer, limits)
with left:
    chosen = choose_image(predicted, reading)
with middle:
    show_large(predicted, chosen, asked)
with right, show_errors():
    show_single(run, predicted, chosen, workspace)
file_place.download_button(
    "Save as CSV",
    lambda: write_csv(build_table(predicted)),
    file_name=f"predictions_{run.name}.csv",
    mime="text/csv",
    on_click="ignore",
    icon=":material/download:",
    key="predict_csv",
)
