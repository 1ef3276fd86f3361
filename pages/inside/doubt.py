"""The section Label doubt: which labels the networks of a cross-validation disagree with."""

from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.run_state import format_duration
from pages.components.small_type import show_muted
from pages.components.user import find_user
from pages.inside.doubt_images import show_images
from pages.inside.doubt_process import offer_doubts, watch_doubts
from pages.runs.outcome import show_outcome
from pages.runs.sweep_view import show_sweep_link
from xray_core.audit.issue import count_of
from xray_core.errors import XrayError
from xray_core.evaluation.doubts.folds import (
    N_FOLDS,
    CrossValidation,
    estimate_duration,
    find_cross_validation,
    list_fold_recipes,
)
from xray_core.evaluation.doubts.kept import KeptDoubts, hide_closed, read_doubts
from xray_core.evaluation.doubts.words import ASK, describe_count
from xray_core.jobs import submit_sweep
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.origin import read_origin
from xray_core.workspace import Workspace

TICK = "3s"
BROKEN = ("failed", "stopped", "lost", "missing")  # states in which no prediction will come
COUNTED = ("n_labels", "n_images", "n_patients", "n_doubtful", "n_folds", "expected")
NEEDS = (
    "A network that has learned a label by training on it does not doubt it. So each image has to "
    "be predicted by a network that never saw its patient: a cross-validation."
)


def show_doubt(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the doubtful labels of the data that a run was trained on, or what is missing for them.

    Args:
        run: finished.
        recipe: its own.
        workspace: the folders.
    """
    show_outcome()
    validation = find_cross_validation(run, workspace)
    if validation is None:
        _offer_folds(run, recipe, workspace)
        return
    if not validation.is_done:
        st.fragment(_watch_folds, run_every=TICK)(validation)
        return
    if watch_doubts(validation, workspace):
        return
    kept = read_doubts(validation)
    if kept is None:
        offer_doubts(validation, workspace)
        return
    _show_list(kept, run, recipe, workspace)


def _offer_folds(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Say what a cross-validation costs, with the button that queues it."""
    if read_origin(run):
        st.info(f"{NEEDS} This run was not trained by a recipe; choose one that was.")
        return
    spent = estimate_duration(run)
    time = (
        f", about {format_duration(spent.total_seconds())} by the time of this run" if spent else ""
    )
    split = ""
    if recipe.split.method not in ("patient", "clean"):
        split = " The folds divide by patient, whatever the split of this run."
    st.markdown(f"{NEEDS} That is {N_FOLDS} trainings of this recipe{time}.{split}")
    if st.button(
        f"Cross-validate in {N_FOLDS} folds", icon=":material/workspaces:", type="primary"
    ):
        try:
            recipes = list_fold_recipes(recipe)
            submit_sweep(recipes, Path(recipe.data_folder), workspace, find_user())
        except XrayError as error:
            st.error(format_message(error), icon=":material/error:")
            return
        st.rerun()


def _watch_folds(validation: CrossValidation) -> None:
    """Show how many folds are trained; the page runs again once all are."""
    with show_errors():
        states = validation.list_states()
    n_done = list(states.values()).count("done")
    if n_done == validation.n_folds:
        st.rerun()
    st.progress(
        n_done / validation.n_folds,
        text=f"Cross-validation: {n_done} of {count_of(validation.n_folds, 'fold')} trained.",
    )
    ended = [f"fold {fold} is {state}" for fold, state in states.items() if state in BROKEN]
    if ended:
        words = ", ".join(ended)
        st.warning(
            f"{words[0].upper()}{words[1:]}: every fold is needed. Resume or restart it on Runs.",
            icon=":material/warning:",
        )
    show_sweep_link(validation.sweep, "Its trainings")


def _show_list(kept: KeptDoubts, run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the doubtful labels, the most doubtful first, with what people said of them."""
    table, n_hidden = hide_closed(kept.table, run, workspace)
    rows = table[table["is_doubtful"]].reset_index(drop=True)
    if n_hidden:  # how many of those are in doubt is told by no figure before it is opened
        words = (
            f"{count_of(len(rows), 'label')} in doubt. The {count_of(n_hidden, 'label')} of this "
            "run's own test set, which is closed, are left out of the list."
        )
    else:
        words = describe_count({name: getattr(kept.about, name) for name in COUNTED})
    st.markdown(f"**{ASK}**  \n{escape_markdown(words)}")
    if kept.about.remarks:
        show_muted(" ".join(kept.about.remarks))
    if rows.empty:
        show_muted("No label is in doubt.")
        return
    show_images(rows, run, recipe, workspace)
