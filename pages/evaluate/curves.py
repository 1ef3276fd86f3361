"""The curves of a run with their bands: of one class against the rest, three beside each other."""

from typing import Any

import streamlit as st

from pages.components.address import change_address
from pages.components.figure import name_source, show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_muted
from pages.evaluate.curve_figures import draw_class
from pages.evaluate.findings import find_chosen
from xray_core.evaluation.curves import N_ROUNDS
from xray_core.evaluation.published import find_points
from xray_core.recipes import Recipe
from xray_core.runs import Run

CLASS = "class"  # in the address
CHOICE = "class_choice"  # in the session
N_COLUMNS = 3
MOST_BESIDE = 5  # classes that stand beside each other; of more, one is chosen from a list


def show_curves(run: Run, recipe: Recipe, report: dict[str, Any]) -> None:
    """Show the figures of the chosen class.

    Args:
        run: evaluated.
        recipe: its own.
        report: the one that is shown; its subset is the one whose predictions are read.
    """
    name, subset = _choose_class(report), report["subset"]
    with show_errors():
        drawn = draw_class(run, recipe, report, name)
    if missing := _explain_missing(report, name):
        show_muted(f"{missing} A curve needs images with it and without.")
    for first in range(0, len(drawn), N_COLUMNS):
        columns = st.columns(N_COLUMNS, gap="medium")
        for column, shown in zip(columns, drawn[first : first + N_COLUMNS], strict=False):
            with column:
                show_figure(
                    shown.figure,
                    f"{run.name}-{subset}-{name}-{shown.title}",
                    f"{shown.title} of {name} on the {subset} set; {shown.note}",
                    title=shown.title,
                    note=shown.note,
                    source=f"{name} · {name_source(run, report)}",
                )
    show_muted(_explain(recipe, report, name))


def _choose_class(report: dict[str, Any]) -> str:
    """Return the class whose curves are shown; of more than two let the user choose it."""
    if report.get("multilabel"):
        return str(find_chosen(report)["class"])
    names = [str(name) for name in report["classes"]]
    if len(names) == 2:
        return str(report.get("positive", names[1]))
    wanted = st.query_params.get(CLASS, "")
    # The first class is most often the one without a finding.
    usual = max(report["per_class"][1:], key=lambda row: row["n"])["class"]
    st.session_state[CHOICE] = chosen = wanted if wanted in names else str(usual)
    if len(names) <= MOST_BESIDE:
        st.segmented_control(
            "Class against the rest",
            names,
            required=True,
            format_func=escape_markdown,
            key=CHOICE,
            on_change=_keep_choice,
            label_visibility="collapsed",
        )
    else:
        st.selectbox(
            "Class against the rest",
            names,
            key=CHOICE,
            on_change=_keep_choice,
            label_visibility="collapsed",
            width=230,
        )
    return chosen


def _explain_missing(report: dict[str, Any], name: str) -> str:
    """Return why a class has no curves; "" where it has."""
    n_class, n_rest = next(
        (row["n"], row.get("n_absent", report["n"] - row["n"]))
        for row in report["per_class"]
        if row["class"] == name
    )
    if n_class and n_rest:
        return ""
    if not n_class and not n_rest:
        return f"Of no image it is known whether it has {name}."
    return f"{'Every' if n_class else 'No'} image has {name}."


def _keep_choice() -> None:
    change_address({CLASS: str(st.session_state[CHOICE])})


def _explain(recipe: Recipe, report: dict[str, Any], name: str) -> str:
    """Return what all the figures have in common."""
    words = [f"Bands and bars: 95%, {N_ROUNDS} draws of other patients."]
    if report.get("multilabel"):
        words.append("The finding is chosen above; its threshold has a ring or a dotted line.")
    elif len(report["classes"]) > 2:
        words.append(f"{name} against all the rest; pale: the other classes against theirs.")
    points = [point for point in find_points(recipe, report) if point.positive == name]
    if points:
        kinds = dict.fromkeys(f"{point.kind}s" for point in points)
        words.append(
            f"The points are published {' and '.join(kinds)}, on other images or readings; each "
            "says its own when pointed at."
        )
    words.append("ECE: expected calibration error, 0 where probabilities are right.")
    return " ".join(words)
