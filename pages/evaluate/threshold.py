"""Threshold lab: from which probability on a class is called, and what that means for patients."""

from dataclasses import dataclass, replace
from math import isclose
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.figure import name_source, show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_muted
from pages.evaluate.findings import find_chosen
from pages.evaluate.scores import figure_of
from pages.evaluate.threshold_controls import (
    choose_class,
    choose_prevalence,
    choose_rule,
    choose_scenario,
    move_slider,
)
from pages.evaluate.threshold_guarantee import find_guaranteed
from pages.evaluate.threshold_keep import find_own, show_keeping
from pages.evaluate.threshold_state import Lab, read_class, read_lab
from pages.evaluate.threshold_words import (
    describe_subset,
    format_key,
    format_operating,
    format_scenario,
    format_thousand,
)
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.thresholds.choice import Asked, Choice, ask_class, choose
from xray_core.evaluation.thresholds.images import positive_class
from xray_core.evaluation.thresholds.measured import Operating, measure_at
from xray_core.evaluation.thresholds.points import OperatingPoints, list_operating_points
from xray_core.evaluation.thresholds.rules import GUARANTEED
from xray_core.evaluation.thresholds.scenarios import SCENARIOS
from xray_core.figures.colors import class_color
from xray_core.figures.threshold import draw_thousand, plot_operating_point
from xray_core.recipes import Recipe
from xray_core.runs import Run


@dataclass(frozen=True)
class _Shown:
    """One class of a run, read-only and shared.

    Attributes:
        asked: its images.
        points: all thresholds on the images that are shown; None where these are of one kind.
        has_test: whether there are predictions on a test set.
    """

    asked: Asked
    points: OperatingPoints | None
    has_test: bool


@st.fragment(key="threshold_lab")
def show_threshold_lab(run: Run, recipe: Recipe, report: dict[str, Any]) -> None:
    """Show what a threshold gives, let it be moved or chosen by a rule, and keep it.

    Args:
        run: evaluated.
        recipe: its own.
        report: that may be shown; its subset is the one that figures are shown of.
    """
    with show_errors():
        name = _find_class(recipe, report)
        shown = _read_shown(run, report, name)
        own_title, own = find_own(run, recipe, name)
    asked, lab = shown.asked, read_lab()
    controls, people, figures = st.columns([4, 7, 5], gap="medium")
    with controls:
        if not recipe.multilabel and len(report["classes"]) > 2:
            choose_class(report["classes"], name)
        choose_scenario(lab)
        choose_rule(lab, own_title)
        choice = _choose(run, asked, lab) if lab.moved else own
        if choice is not None and choice.threshold is not None:
            show_muted(f"{choice.threshold:.4g}. {choice.words}")
        known = choice is not None and choice.threshold is not None
        move_slider(choice.threshold if known else own.threshold)
        share, wanted = asked.shown.prevalence, lab.wish.prevalence
        if asked.shown.shows_both:
            choose_prevalence(share if wanted is None else wanted, share, asked.shown.subset)
    if choice is not None and choice.threshold is None:
        people.warning(escape_markdown(choice.words), icon=":material/block:")
    elif shown.points is None:
        kind = "No" if not asked.shown.n_positive else "Every"
        people.info(
            f"{kind} image of the {asked.shown.subset} set has {escape_markdown(name)}: "
            "sensitivity and specificity need images with it and without."
        )
    elif choice is not None and choice.threshold is not None:
        _show_outcome(run, report, shown, lab, choice.threshold, people, figures)
    with figures:
        show_keeping(run, recipe, name, choice)
    if lab.scenario:
        st.html(format_scenario(SCENARIOS[lab.scenario]))


def _find_class(recipe: Recipe, report: dict[str, Any]) -> str:
    if recipe.multilabel:
        return str(find_chosen(report)["class"])
    classes = report["classes"]
    if len(classes) == 2:
        return positive_class(classes)
    # The first class is most often the one without a finding.
    usual = max(report["per_class"][1:], key=lambda row: row["n"])["class"]
    return read_class(classes, str(usual))


def _choose(run: Run, asked: Asked, lab: Lab) -> Choice | None:
    """Return the threshold with how it was chosen; None while that is not known."""
    guaranteed = None
    if lab.wish.rule == GUARANTEED and not asked.obstacle:
        guaranteed = find_guaranteed(run)
        if guaranteed is None:
            return None
    with show_errors():
        return choose(asked, lab.wish, guaranteed)


def _show_outcome(
    run: Run,
    report: dict[str, Any],
    shown: _Shown,
    lab: Lab,
    threshold: float,
    people: Any,
    figures: Any,
) -> None:
    asked, name = shown.asked, shown.asked.name
    operating = measure_at(asked.shown, threshold, lab.wish.prevalence)
    operating = match_report(operating, report, name)
    colors = _find_colors(report, name)
    thousand = operating.thousand
    if shown.points is None or thousand is None:  # of one kind
        return
    with people:
        is_closed = shown.has_test and asked.shown.subset != "test"
        st.html(format_thousand(thousand, operating, name, lab.wish))
        st.image(
            draw_thousand(thousand, *colors),
            width="stretch",
            alt=f"{thousand.hits} found, {thousand.missed} missed, {thousand.alarmed} wrongly "
            f"alarmed, {thousand.cleared} rightly cleared",
        )
        st.html(format_key(name, *colors))
        beside = asked.beside and measure_at(asked.beside, threshold, lab.wish.prevalence)
        st.html(format_operating(operating, beside, asked))
        show_muted(describe_subset(asked, is_closed=is_closed))
    with figures:
        show_figure(
            plot_operating_point(shown.points, operating, colors[0]),
            f"{run.name}-{asked.shown.subset}-{name}-threshold",
            key="threshold_roc",
            source=f"ROC curve of {name}, threshold {threshold:.3g} · {name_source(run, report)}",
            alt=f"ROC curve of {name} with the threshold on it",
        )


def _find_colors(report: dict[str, Any], name: str) -> tuple[str, str]:
    """Return the colour of the class, and of those without it."""
    classes = list(report["classes"])
    if report.get("multilabel"):
        return class_color(name, classes), class_color(f"no {name}", [f"no {name}"])
    others = [other for other in classes if other != name]
    # Of more than two classes the rest is no class, and grey.
    return class_color(name, classes), class_color(others[0] if len(others) == 1 else "", classes)


def match_report(operating: Operating, report: dict[str, Any], name: str) -> Operating:
    """Return what a threshold gives, with the report's intervals where it calls the same images.

    The report resamples patients, for which a slider cannot wait: one figure, one interval.
    """
    [row] = [row for row in report["per_class"] if row["class"] == name]
    known = {own: figure_of(row, kind) for own, kind in OF_ROW.items()}
    same = [own for own in OF_ROW if _agree(getattr(operating, own), known[own])]
    if not {"sensitivity", "specificity"} <= set(same):
        return operating
    return replace(operating, **{own: known[own] for own in same})


OF_ROW = {"sensitivity": "recall", "specificity": "specificity", "ppv": "precision", "npv": "npv"}


def _agree(figure: Figure, known: Figure) -> bool:
    value, other = figure["value"], known["value"]
    if value is None or other is None or known["low"] is None:
        return False
    return isclose(value, other, abs_tol=1e-9)


def _read_shown(run: Run, report: dict[str, Any], name: str) -> _Shown:
    path = run.folder / "predictions.parquet"
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    watched = bool(report.get("watched"))
    return _read_class(str(run.folder), stamp, report["subset"], name, watched=watched)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read_class(folder: str, stamp: int, subset: str, name: str, *, watched: bool) -> _Shown:
    predictions = Run(Path(folder)).read_predictions()
    asked = ask_class(predictions, subset, name, watched=watched)
    points = None
    if asked.shown.shows_both:
        points = list_operating_points(asked.shown.is_positive, asked.shown.scores)
    return _Shown(asked, points, bool((predictions["subset"] == "test").any()))
