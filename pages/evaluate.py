"""Evaluate page: what a finished run is worth, on how many images, and how sure that is."""

from pathlib import Path

import streamlit as st

from pages.parts.diagnosis import show_verdict
from pages.parts.evaluate.error_ladder import show_ladder
from pages.parts.evaluate.examples import show_examples
from pages.parts.evaluate.scores import show_class_table, show_matrix_and_roc, show_scores
from pages.parts.frame import errors_in_words, escape_markdown, open_page
from pages.parts.recipe_words import show_changes
from pages.parts.run_state import show_link
from xray_core.datasets.phantom import is_phantom
from xray_core.errors import XrayError
from xray_core.home import find_home
from xray_core.runs import Run, find_run, list_runs

open_page("Evaluate", "Judge a finished run: how often is it right, and how sure is that?")
home = find_home()


def has_report(run: Run) -> bool:
    """Whether the run's final evaluation is there."""
    return run.holds("report.json")


with errors_in_words():
    names = [run.name for run in list_runs(home.runs) if has_report(run)]
wanted = st.query_params.get("run")
if wanted is not None and wanted not in names:
    try:
        unfinished = find_run(home.runs, wanted)
        state = unfinished.read_status().state
        st.info(f"{escape_markdown(wanted)} has no result, it is {state}. Its own page says more.")
        show_link(unfinished)
    except XrayError as error:
        st.warning(escape_markdown(str(error)))
if not names:
    st.info("No run is finished yet. Train one first.", icon=":material/fact_check:")
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    st.stop()
if wanted is not None and wanted not in names:
    names = ["", *names]  # show no other run's result in its place
    wanted = ""
name = st.selectbox(
    "Finished run",
    names,
    index=names.index(wanted) if wanted in names else 0,
    format_func=lambda name: name or "choose one",
)
if not name:
    st.stop()
if st.query_params.get("run") != name:
    st.query_params["run"] = name

run = Run(home.runs / name)
with errors_in_words():
    recipe, report = run.read_recipe(), run.read_report()
    data = run.read_data()
    predictions = run.read_predictions()

st.subheader(escape_markdown(recipe.title), anchor=False)
show_changes(recipe)
show_link(run, "See its curves")
st.markdown(
    f"Judged on the **{report['part']}** part: n = {report['n']:,} images of "
    f"{report['n_patients']:,} patients or groups. "
    f"Split grouped by {escape_markdown(data['grouped_by'])}."
)
if report["part"] == "validation":
    st.warning(
        "There is no test part. The validation part judges here, which the training also went "
        "by (its best epoch, its stops, its calibration): expect less on new images.",
        icon=":material/warning:",
    )
if is_phantom(Path(recipe.data_folder)):
    st.caption("Drawn films: these figures say nothing about real patients.")
if left_out := report["left_out"]:
    with st.expander(f"Images that could not be read and are left out of n: {len(left_out):,}"):
        st.markdown(escape_markdown(", ".join(left_out)))
show_verdict(run)

show_scores(report, recipe)
show_matrix_and_roc(report)
show_class_table(report)
show_ladder(report)
part = predictions[(predictions["part"] == report["part"]) & predictions["predicted"].notna()]
show_examples(part, recipe)
