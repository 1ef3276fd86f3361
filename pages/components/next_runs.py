"""Next runs to try after an ended one, each a link to Train with that one change entered."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_section
from xray_core.evaluation.next_runs import NextRun, suggest_runs
from xray_core.recipes.titles import field_title, value_title
from xray_core.runs import Run


def show_next_runs(run: Run) -> None:
    """Show two or three; nothing for a run that was not trained here, or is still under way."""
    with show_errors():
        suggested = suggest_runs(run)
    if not suggested:
        return
    show_section("Next runs to try", "each changes one thing")
    for other in suggested:
        st.page_link(
            "pages/train.py",
            label=f"**{escape_markdown(name_changes(other))}** · {escape_markdown(other.why)}",
            icon=":material/arrow_forward:",
            query_params=[
                ("from", run.name),
                *(("set", f"{field}={value}") for field, value in other.changes.items()),
            ],
        )


def name_changes(suggested: NextRun) -> str:
    """Return what is changed, in words, e.g. "Class weights Balanced"."""
    return ", ".join(
        f"{field_title(field)} {value_title(field, value)}"
        for field, value in suggested.changes.items()
    )
