"""Below the matrix: charts, tables and checks, each computed when its tab is open."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.components.diagnosis import show_verdict
from pages.components.figure import name_source
from pages.components.frame import escape_markdown
from pages.components.next_runs import show_next_runs
from pages.components.origin import read_origin_of, show_remarks
from pages.components.recipe_words import show_changes
from pages.components.tabs import show_tabs
from pages.evaluate.class_intervals import show_class_intervals
from pages.evaluate.curves import show_curves
from pages.evaluate.error_analysis import show_error_analysis
from pages.evaluate.finding_scores import (
    format_thresholds,
    show_errors_together,
    show_finding_table,
    show_findings_analysis,
)
from pages.evaluate.phases import show_phases
from pages.evaluate.published import format_headline, show_published
from pages.evaluate.scores import show_class_table
from pages.evaluate.take_away import show_take_away
from pages.evaluate.threshold import show_threshold_lab
from pages.evaluate.verdict import format_owners
from xray_core.evaluation.shown import VALIDATION
from xray_core.literature import results_of
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.origin import Origin
from xray_core.splits import METHOD_TITLES, describe_grouping, format_leaks

CURVES, CLASSES, PUBLISHED = "Curves", "Each class", "Published"
THRESHOLD = "Threshold"
FINDINGS, TOGETHER = "Each finding", "Errors together"  # instead of the first two
ANALYSIS, PHASES = "Error analysis", "Each phase"
CHECKS, CONDITIONS = "Training checks", "How it was evaluated"
TAKE_AWAY = "Take away"


@st.fragment(key="details")
def show_details(
    run: Run,
    recipe: Recipe,
    report: dict[str, Any],
    data: dict[str, Any],
    openings: Sequence[str] = (),
) -> None:
    """Show the tabs; opening one draws this part of the page alone.

    Args:
        run: evaluated.
        recipe: its own.
        report: likewise.
        data: what the run wrote of its data.
        openings: who opened its test set, when and how often; sentences.
    """
    # Where there is a test set it is always said who opened it.
    closed = bool(openings) and report["subset"] == VALIDATION
    sections: dict[str, Callable[[], None]] = {
        CURVES: lambda: _show_curves(run, report, recipe),
        THRESHOLD: lambda: show_threshold_lab(run, recipe, report),
        CLASSES: lambda: _show_classes(run, report),
        PUBLISHED: lambda: show_published(recipe, report, closed=closed),
        ANALYSIS: lambda: show_error_analysis(run, report),
        PHASES: lambda: show_phases(report),
        CHECKS: lambda: _show_checks(run),
        TAKE_AWAY: lambda: show_take_away(run),
        CONDITIONS: lambda: _show_conditions(recipe, report, data, openings),
    }
    if not results_of(recipe.parent or recipe.name):
        del sections[PUBLISHED]
    if len(report.get("phases", [])) < 2:  # of one phase the report itself tells
        del sections[PHASES]
    if report.get("multilabel"):
        del sections[CLASSES]
        sections = {
            FINDINGS: lambda: show_finding_table(report, recipe, f"{run.name}-findings"),
            CURVES: sections.pop(CURVES),
            TOGETHER: lambda: show_errors_together(report, run.name),
            **sections,
        }
        sections[ANALYSIS] = lambda: show_findings_analysis(run, report)
    if report.get("masks"):  # the others are about classes
        sections = {name: sections[name] for name in (CHECKS, TAKE_AWAY, CONDITIONS)}
    if origin := read_origin_of(run):  # nothing was trained that could be checked
        for name in (ANALYSIS, PHASES, CHECKS):
            sections.pop(name, None)
        sections[CONDITIONS] = lambda: _show_elsewhere(origin, run, report, data)
    tabs = show_tabs(sections, "result")
    for tab, show in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                show()


def _show_curves(run: Run, report: dict[str, Any], recipe: Recipe) -> None:
    show_curves(run, recipe, report)
    if words := format_headline(recipe, report):
        st.markdown(words)


def _show_classes(run: Run, report: dict[str, Any]) -> None:
    show_class_table(report)
    name = f"{run.name}-{report['subset']}-classes"
    show_class_intervals(report, name, name_source(run, report))


def _describe_split(recipe: Recipe, data: dict[str, Any]) -> str:
    """Return how the images were divided, and what is in several subsets all the same."""
    method = recipe.split.method
    words = f"Split: {METHOD_TITLES[method]}, {describe_grouping(method, data['grouped_by'])}."
    if data.get("groups_in_several_subsets"):  # older runs did not count
        kinds = data.get("leaks")
        what = format_leaks(kinds) if kinds else "Patients or identical files"
        words += f" {what} are in several subsets."
    return words


def _show_checks(run: Run) -> None:
    show_verdict(run)
    show_next_runs(run)


def _show_elsewhere(origin: Origin, run: Run, report: dict[str, Any], data: dict[str, Any]) -> None:
    """Show how predictions were evaluated that no training here has made."""
    st.markdown(
        f"Evaluated on the **{escape_markdown(report['subset'])}** set: n = {report['n']:,} images "
        f"{format_owners(report, data['grouped_by'])}."
    )
    show_remarks(origin, run)
    if report.get("thresholds"):
        st.markdown(format_thresholds(report))
    if left_out := report["left_out"]:
        st.markdown(f"Images without a prediction, left out of n: {len(left_out):,}")
        st.markdown(escape_markdown(", ".join(left_out)))


def _show_conditions(
    recipe: Recipe, report: dict[str, Any], data: dict[str, Any], openings: Sequence[str]
) -> None:
    st.markdown(f"**{escape_markdown(recipe.title)}**")
    show_changes(recipe)
    st.markdown(
        f"Evaluated on the **{escape_markdown(report['subset'])}** set: n = {report['n']:,} images "
        f"{format_owners(report, data['grouped_by'])}. "
        f"{escape_markdown(_describe_split(recipe, data))}"
    )
    if openings:
        st.markdown(escape_markdown(" ".join(openings)))
    for words in data.get("left_out", []):  # runs of older versions do not say
        st.markdown(escape_markdown(words))
    if report.get("thresholds"):
        st.markdown(format_thresholds(report))
    if left_out := report["left_out"]:
        st.markdown(f"Images that could not be read and are left out of n: {len(left_out):,}")
        st.markdown(escape_markdown(", ".join(left_out)))
