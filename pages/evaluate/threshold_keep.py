"""Keeping a threshold with the run, for its predictions; which is kept, and forgetting it."""

from typing import Any

import streamlit as st

from pages.components.frame import show_errors
from pages.components.origin import read_origin_of
from pages.components.small_type import show_muted
from pages.components.user import find_user
from xray_core.errors import RunError
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.multilabel import read_thresholds
from xray_core.evaluation.thresholds import forget_threshold, keep_threshold, read_threshold
from xray_core.evaluation.thresholds.choice import Choice
from xray_core.evaluation.thresholds.images import CHOSEN_ON
from xray_core.evaluation.thresholds.kept import find_obstacle, format_kept
from xray_core.evaluation.thresholds.rules import BY_HAND, YOUDEN
from xray_core.recipes import Recipe
from xray_core.runs import Run

NOTHING = "There is no threshold to keep."
PREDICT = "Predictions with this run go by it from then on. The report stays as it is."
WITHOUT_NETWORK = "These predictions came without a network, so that it can predict nothing more."


def show_keeping(run: Run, recipe: Recipe, name: str, choice: Choice | None) -> None:
    """Offer to keep a threshold with the run, and say which one is kept.

    Args:
        run: evaluated.
        recipe: its own.
        name: the class or finding.
        choice: the threshold that is shown; None while it is not known.
    """
    never = find_obstacle(recipe)
    origin = read_origin_of(run)
    if origin is not None and origin.kind == "predictions":
        never = WITHOUT_NETWORK
    nothing = "" if choice is not None and choice.threshold is not None else NOTHING
    pressed = st.button(
        "Keep this threshold",
        icon=":material/bookmark:",
        key="threshold_keep",
        disabled=bool(never or nothing),
        help=never or nothing or PREDICT,
    )
    if never:
        show_muted(f"It cannot be kept. {never}")
        return
    if pressed and choice is not None:
        with show_errors():
            keep_threshold(run, recipe, name, choice.keep(find_user()))
        st.rerun()  # the verdict says it, too
    with show_errors():
        if recipe.multilabel:
            show_muted(_describe_finding(run, name))
            _offer_predicting(run)
            return
        kept = read_threshold(run)
    if kept is None:
        show_muted("None is kept: predictions with this run are the most probable class.")
        return
    by = f", by {kept.by}" if kept.by else ""
    show_muted(f"Kept for predictions with this run: {kept.value:.4g}{by}. {kept.words}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _offer_predicting(run)
        if st.button("Forget it", key="threshold_forget", type="tertiary"):
            with show_errors():
                forget_threshold(run)
            st.rerun()


def _offer_predicting(run: Run) -> None:
    icon = ":material/add_photo_alternate:"
    if st.button("Predict with it", icon=icon, key="threshold_predict", type="tertiary"):
        st.switch_page("pages/predict.py", query_params={"run": run.name})


def show_kept(run: Run, report: dict[str, Any]) -> None:
    """Say in a line that another threshold is kept than the figures are of; else nothing."""
    with show_errors():
        words = format_kept(run, report)
    if words:
        show_muted(words)


def find_own(run: Run, recipe: Recipe, name: str) -> tuple[str, Choice]:
    """Return how the threshold is called that the run goes by already, and what it is.

    Args:
        run: evaluated.
        recipe: its own.
        name: the class or finding.

    Raises:
        RunError: the file that holds it is damaged.
    """
    if recipe.multilabel:
        limits = read_thresholds(run)
        value = limits["thresholds"].get(name, DEFAULT_THRESHOLD) if limits else DEFAULT_THRESHOLD
        if not 0 <= value <= 1:
            raise RunError(f"{run.folder / 'thresholds.json'} is damaged: {name} has {value}.")
        chosen_on = limits["chosen_on"] if limits else CHOSEN_ON
        return "The run's own", Choice(value, YOUDEN, chosen_on, _describe_finding(run, name))
    if kept := read_threshold(run):
        words = f"The run keeps it. {kept.words}"
        return "As the run keeps it", Choice(kept.value, kept.rule, kept.chosen_on, words)
    if len(recipe.class_names) == 2:
        words = "The more probable class is the answer, as in the figures above."
    else:
        words = f"{name} is called where it is more probable than all the others together."
    return "Most probable class", Choice(DEFAULT_THRESHOLD, BY_HAND, CHOSEN_ON, words)


def _describe_finding(run: Run, name: str) -> str:
    limits = read_thresholds(run)
    if limits is None or name not in limits["thresholds"]:
        return f"No threshold of {name} is kept."
    how = limits.get("by_hand", {}).get(name, "Chosen when the training ended (Youden's index).")
    return f"Predictions with this run go by {limits['thresholds'][name]:.4g}. {how}"
