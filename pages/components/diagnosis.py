"""What seems to go wrong in a training: what, by which figures, and what to try next."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.frame import format_message, show_errors
from xray_core.evaluation.diagnose import MIN_EPOCHS, diagnose_run, list_looked_for
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.recipes import Recipe
from xray_core.runs import Run

ICONS = {
    "serious": ":red[:material/error:]",
    "warning": ":orange[:material/info:]",
}


def show_diagnosis(run: Run, epochs: pd.DataFrame) -> None:
    """List what seems to go wrong; while there is nothing, what was looked for in vain."""
    with show_errors():
        results, recipe = diagnose_run(run, epochs), run.read_recipe()
    _show_check_results(results)
    if not results and len(epochs) >= MIN_EPOCHS:
        _say_nothing_is_wrong(len(epochs), recipe)


def show_verdict(run: Run) -> None:
    """List what went wrong in an ended run, or say what was looked for in vain."""
    with show_errors():
        epochs = run.read_epochs()
        results, recipe = diagnose_run(run, epochs), run.read_recipe()
    _show_check_results(results)
    if results:
        return
    if len(epochs) < MIN_EPOCHS:
        st.caption(f"Too few epochs ({len(epochs)}) to evaluate how the training went.")
        return
    _say_nothing_is_wrong(len(epochs), recipe)


def _say_nothing_is_wrong(n_epochs: int, recipe: Recipe) -> None:
    st.caption(
        f":green[:material/check:] Nothing suspicious in the {n_epochs:,} epochs of training. "
        f"Looked for: {', '.join(list_looked_for(recipe))}."
    )


def _show_check_results(results: Sequence[CheckResult]) -> None:
    if not results:
        return
    with st.container(border=True, key="diagnosis"):
        for result in results:
            st.markdown(
                f"{ICONS[result.severity]} **{format_message(result.title)}**  \n"
                f"{format_message(result.evidence)}  \n"
                f"**Next:** {format_message(result.advice)}"
            )
