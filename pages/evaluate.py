"""Evaluate page: what a finished run is worth, on how many images, and how sure that is."""

from pathlib import Path

import streamlit as st

from pages.components.context import open_page
from pages.components.diagnosis import show_verdict
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.recipe_words import show_changes
from pages.components.run_state import show_link
from pages.evaluate.error_analysis import show_error_analysis
from pages.evaluate.examples import show_examples
from pages.evaluate.scores import show_class_table, show_matrix_and_roc, show_scores
from xray_core.errors import XrayError
from xray_core.runs import Run, find_run, list_runs
from xray_core.splits import format_absence
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import find_workspace

open_page("Evaluate")
workspace = find_workspace()


def has_report(run: Run) -> bool:
    """Whether the run's final evaluation is there."""
    return run.holds("report.json")


with show_errors():
    names = [run.name for run in list_runs(workspace.runs) if has_report(run)]
wanted = st.query_params.get("run")
if wanted is not None and wanted not in names:
    try:
        unfinished = find_run(workspace.runs, wanted)
        state = unfinished.read_status().state
        st.info(f"{escape_markdown(wanted)} has no result, it is {state}. Its own page says more.")
        show_link(unfinished)
    except XrayError as error:
        st.warning(format_message(error))
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

run = Run(workspace.runs / name)
with show_errors():
    recipe, report = run.read_recipe(), run.read_report()
    data = run.read_data()
    predictions = run.read_predictions()

st.subheader(escape_markdown(recipe.title), anchor=False)
show_changes(recipe)
show_link(run, "See its curves")
st.markdown(
    f"Evaluated on the **{escape_markdown(report['subset'])}** set: n = {report['n']:,} images of "
    f"{report['n_patients']:,} patients or groups. "
    f"Split grouped by {escape_markdown(data['grouped_by'])}."
)
if report["subset"] == "validation":
    st.warning(
        "There is no test set. Here it is the validation set, which the training also went "
        "by (its best epoch, its stops, its calibration): expect less on new images.",
        icon=":material/warning:",
    )
if is_synthetic(Path(recipe.data_folder)):
    st.caption("Synthetic images: these figures say nothing about real patients.")
if left_out := report["left_out"]:
    with st.expander(f"Images that could not be read and are left out of n: {len(left_out):,}"):
        st.markdown(escape_markdown(", ".join(left_out)))
if absent := [row["class"] for row in report["per_class"] if not row["n"]]:
    words = format_absence(report["subset"], absent)
    st.warning(escape_markdown(words), icon=":material/warning:")
show_verdict(run)

show_scores(report, recipe)
show_matrix_and_roc(report)
show_class_table(report)
show_error_analysis(report)
subset = predictions[(predictions["subset"] == report["subset"]) & predictions["predicted"].notna()]
show_examples(subset, recipe)
