"""What seems to go wrong in a training: what, by which figures, and what to try next."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from xray_core.evaluation.diagnose import LOOKED_FOR, MIN_EPOCHS, diagnose_run
from xray_core.evaluation.symptoms.course import Symptom
from xray_core.runs import Run

ICONS = {
    "serious": ":red[:material/error:]",
    "worth knowing": ":orange[:material/info:]",
}


def show_diagnosis(run: Run, epochs: pd.DataFrame) -> None:
    """List what seems to go wrong; nothing while there is nothing to say."""
    with errors_in_words():
        symptoms = diagnose_run(run, epochs)
    _show_symptoms(symptoms)


def show_verdict(run: Run) -> None:
    """List what went wrong in an ended run, or say what was looked for in vain."""
    with errors_in_words():
        epochs = run.read_epochs()
        symptoms = diagnose_run(run, epochs)
    _show_symptoms(symptoms)
    if symptoms:
        return
    if len(epochs) < MIN_EPOCHS:
        st.caption(f"Too few epochs ({len(epochs)}) to judge how the training went.")
        return
    st.caption(
        f":green[:material/check:] Nothing suspicious in the {len(epochs):,} epochs of training. "
        f"Looked for: {', '.join(LOOKED_FOR)}."
    )


def _show_symptoms(symptoms: Sequence[Symptom]) -> None:
    if not symptoms:
        return
    with st.container(border=True, key="diagnosis"):
        for one in symptoms:
            st.markdown(
                f"{ICONS[one.severity]} **{escape_markdown(one.title)}**  \n"
                f"{escape_markdown(one.evidence)}  \n"
                f"**Next:** {escape_markdown(one.advice)}"
            )
