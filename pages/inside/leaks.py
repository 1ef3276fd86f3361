"""Leaks: the same recipe divided by image and by patient, and what the difference is worth."""

from html import escape
from pathlib import Path

import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.dataset import open_folder
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_muted, show_section
from pages.components.user import find_user
from pages.inside.lab_members import check_base, offer_training, show_members
from pages.inside.shortcuts import describe_subset
from xray_core.errors import XrayError
from xray_core.evaluation.leak_lab import Inflation, LeakLab, read_leak_lab
from xray_core.evaluation.leak_pairs import find_leak_runs
from xray_core.figures.labs import plot_inflation
from xray_core.jobs.labs import N_PAIRS, plan_leaks, submit_leaks
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

WHAT = (
    "If images of one patient train and test, the network may know the patient rather than the "
    "disease, and the result flatters. Here the same recipe is trained on a split by image and on "
    "one by patient, with the same random seeds: the difference is what such a leak is worth."
)
TITLES = {"auc": "AUC", "accuracy": "Accuracy"}
PAIRS = "pairs"  # in the address
CHOICES = (str(N_PAIRS), "1", "2", "5")  # the first where the address says nothing


def show_leaks(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the leak lab of the recipe of a run.

    Args:
        run: finished.
        recipe: of it.
        workspace: the folders.
    """
    if not check_base(run):
        return
    with show_errors():
        lab = read_leak_lab(find_leak_runs(recipe, workspace), workspace)
    if lab.n_done:
        _show_result(lab)
        show_section("Trainings of this lab")
    else:
        st.markdown(WHAT)
    try:
        catalog = open_folder(Path(recipe.data_folder))
        n_pairs = _choose_pairs()
        plans = plan_leaks(recipe, catalog, workspace, n_pairs)
    except XrayError as error:
        st.info(escape_markdown(str(error)), icon=":material/info:")
        return
    show_members(plans)
    if offer_training(plans, run, "queue_leaks"):
        with show_errors():
            submit_leaks(recipe, Path(recipe.data_folder), workspace, find_user(), n_pairs)
        st.rerun()


def _choose_pairs() -> int:
    st.session_state[PAIRS] = read_word(PAIRS, CHOICES)
    chosen = st.segmented_control(
        "Pairs of trainings",
        sorted(CHOICES, key=int),
        required=True,
        key=PAIRS,
        help="Each pair has a random seed and a split of its own. With several, the interval "
        "allows for both.",
        on_change=lambda: change_address({PAIRS: st.session_state[PAIRS]}),
    )
    return int(chosen)


def _show_result(lab: LeakLab) -> None:
    """Show verdict, figure and table."""
    st.html(
        f'<h2 class="verdict">{escape(lab.verdict)}</h2>'
        f'<div class="muted">{escape(lab.covers)}</div>'
    )
    columns = st.columns(max(2, len(lab.inflations)), gap="medium")
    for column, inflation in zip(columns, lab.inflations, strict=False):
        with column:
            show_figure(
                plot_inflation(lab, inflation),
                f"inflation-{inflation.name}",
                f"{TITLES[inflation.name]}: by image less by patient, each pair and the mean",
                title=TITLES[inflation.name],
                note=_describe(inflation),
            )
    show_muted(describe_subset(lab.subset, lab.closed))


def _describe(inflation: Inflation) -> str:
    ends = f"{inflation.low:+.3f} to {inflation.high:+.3f}"
    return (
        f"by image {inflation.by_image:.3f}, by patient {inflation.by_patient:.3f}, "
        f"{inflation.value:+.3f} ({ends})"
    ).replace("-", "−")
