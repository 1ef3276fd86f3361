"""Each phase of a training beside the others, on the images that it was validated on."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.evaluate.scores import format_figure
from xray_core.recipes.titles import phase_title

HEADS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auc": "AUC"}


def show_phases(report: dict[str, Any]) -> None:
    """Show what each phase reached; name one that answers one class to every image."""
    phases = report["phases"]
    for phase in phases:
        if only := phase.get("only_class"):
            st.warning(
                f"The phase “{phase_title(phase['name'])}” ends with one answer for every image: "
                f"“{escape_markdown(only)}”.",
                icon=":material/warning:",
            )
    heads = [key for key in HEADS if any(key in phase["metrics"] for phase in phases)]
    rows = [
        {
            "phase": phase_title(phase["name"]) + (" (kept)" if phase["kept"] else ""),
            "epoch": f"{phase['epoch']:,} of {phase['last_epoch']:,}",
            **{
                HEADS[key]: format_figure(key, phase["metrics"][key])
                for key in heads
                if key in phase["metrics"]
            },
        }
        for phase in phases
    ]
    table = pd.DataFrame(rows).fillna("–")
    st.table(table, border="horizontal", hide_index=True, alt="What each phase reached")
    which = "watched test" if report.get("watched") else "validation"
    st.caption(
        f"On the {which} set, n = {phases[-1]['n']:,}, with 95% intervals by resampling patients. "
        "Measured is the epoch that the recipe would keep of each phase; (kept): the run has the "
        "weights of this one."
    )
