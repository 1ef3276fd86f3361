"""Below the matrix: charts, tables and checks, each computed when its tab is open."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.diagnosis import show_verdict
from pages.components.frame import escape_markdown
from pages.components.recipe_words import show_changes
from pages.evaluate.error_analysis import show_error_analysis
from pages.evaluate.published import format_headline, show_published
from pages.evaluate.scores import show_charts, show_class_table
from xray_core.literature import results_of
from xray_core.recipes import Recipe
from xray_core.runs import Run

CURVES, CLASSES, PUBLISHED = "Curves", "Each class", "Published"
ANALYSIS = "Error analysis"
CHECKS, CONDITIONS = "Training checks", "How it was evaluated"


@st.fragment(key="details")
def show_details(run: Run, recipe: Recipe, report: dict[str, Any], data: dict[str, Any]) -> None:
    """Show the tabs; opening one draws this part of the page alone.

    Args:
        run: evaluated.
        recipe: its own.
        report: likewise.
        data: what the run wrote of its data.
    """
    sections: dict[str, Callable[[], None]] = {
        CURVES: lambda: _show_curves(run, report, recipe),
        CLASSES: lambda: show_class_table(report),
        PUBLISHED: lambda: show_published(recipe, report),
        ANALYSIS: lambda: show_error_analysis(run, report),
        CHECKS: lambda: show_verdict(run),
        CONDITIONS: lambda: _show_conditions(recipe, report, data),
    }
    if not results_of(recipe.name):
        del sections[PUBLISHED]
    tabs = st.tabs(list(sections), key="result", bind="query-params", on_change="rerun")
    for tab, show in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                show()


def _show_curves(run: Run, report: dict[str, Any], recipe: Recipe) -> None:
    show_charts(run, report, recipe)
    if words := format_headline(recipe, report):
        st.markdown(words)


def _show_conditions(recipe: Recipe, report: dict[str, Any], data: dict[str, Any]) -> None:
    st.markdown(f"**{escape_markdown(recipe.title)}**")
    show_changes(recipe)
    st.markdown(
        f"Evaluated on the **{escape_markdown(report['subset'])}** set: n = {report['n']:,} images "
        f"of {report['n_patients']:,} patients or groups. "
        f"Split grouped by {escape_markdown(data['grouped_by'])}."
    )
    for words in data.get("left_out", []):  # runs of older versions do not say
        st.markdown(escape_markdown(words))
    if left_out := report["left_out"]:
        st.markdown(f"Images that could not be read and are left out of n: {len(left_out):,}")
        st.markdown(escape_markdown(", ".join(left_out)))
