"""Shortcuts: the same recipe on whole images, without lungs, on the border, and as a guess."""

from html import escape
from pathlib import Path

import streamlit as st

from pages.components.dataset import open_folder
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.lungs import offer_lungs
from pages.components.small_type import show_muted, show_section
from pages.components.user import find_user
from pages.inside.lab_members import check_base, offer_training, show_members
from pages.inside.shortcuts_images import show_sights
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.evaluation.shortcuts import (
    A_LITTLE,
    CLEARLY,
    ShortcutLab,
    read_shortcuts,
    tabulate,
)
from xray_core.figures.labs import plot_shortcuts
from xray_core.jobs.labs import plan_shortcuts, submit_shortcuts
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.tasks import find_masked
from xray_core.workspace import Workspace

WHAT = (
    "A network may be right for a wrong reason, such as a marker in the corner. Here the same "
    "recipe is trained on less of each image, or to guess what should not matter: if the border "
    "alone tells the label, the images give it away."
)
RULES = (
    f"By the lower end of the interval: above {CLEARLY:g} the label is given away, above "
    f"{A_LITTLE:g} a little, else there is no sign of it."
)


def show_shortcuts(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the shortcut lab of the recipe of a run.

    Args:
        run: finished.
        recipe: of it.
        workspace: the folders.
    """
    if not check_base(run):
        return
    try:
        catalog = open_folder(Path(recipe.data_folder))
    except XrayError as error:
        st.warning(escape_markdown(f"The dataset cannot be read. {error}"))
        _show_result(run, read_shortcuts(recipe, workspace, None, run), recipe, None)
        return
    lab = read_shortcuts(recipe, workspace, catalog, run)
    plans = plan_shortcuts(recipe, catalog, workspace, run)
    if lab.n_done > 1:
        _show_result(run, lab, recipe, catalog)
        show_section("Trainings of this lab")
    else:
        st.markdown(WHAT)
    show_members(plans)
    if offer_training(plans, run, "queue_shortcuts"):
        with show_errors():
            _, queued = submit_shortcuts(
                recipe, Path(recipe.data_folder), workspace, find_user(), run
            )
        if queued:
            st.toast(f"Queued {len(queued)}.", icon=":material/science:")
        st.rerun()
    if not find_masked(catalog).any():
        offer_lungs(catalog.root)


def _show_result(run: Run, lab: ShortcutLab, recipe: Recipe, catalog: Catalog | None) -> None:
    """Show verdict, figure and what the networks see."""
    rest = [sight.sentence for sight in lab.sights if sight.sentence]
    rest = [words for words in rest if words != lab.verdict]
    st.html(
        f'<h2 class="verdict">{escape(lab.verdict)}</h2>'
        f'<div class="muted">{"<br>".join(map(escape, rest))}</div>'
    )
    left, right = st.columns([6, 5], gap="medium")
    with left:
        show_figure(
            plot_shortcuts(lab),
            "shortcuts",
            "AUC of each network with its interval; chance is 0.5",
            tabulate(lab),
            title="What the network saw",
            note="AUC, 95% interval by patient",
        )
    with right:
        if catalog is not None:
            show_sights(run, recipe, catalog, lab.subset)
    show_muted(f"{RULES} {describe_subset(lab.subset, lab.closed)}")


def describe_subset(subset: str, closed: tuple[str, ...]) -> str:
    """Return of which sets the figures are, and why."""
    if not closed:
        return f"All figures are of the {subset} sets."
    return (
        f"All figures are of the validation sets, on which the epochs were chosen too, so a little "
        f"too good: the test sets of {len(closed):,} of these runs are closed."
    )
