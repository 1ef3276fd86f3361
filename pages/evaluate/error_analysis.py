"""The error analysis: from what people can do to the images that a network never saw."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.evaluate.external import name_places
from xray_core.errors import RunError
from xray_core.evaluation.error_steps import complete_analysis
from xray_core.evaluation.external_steps import add_external
from xray_core.glossary import explain
from xray_core.runs import Run
from xray_core.runs.external import list_externals
from xray_core.runs.goals import Goals, read_goals, write_goals
from xray_core.workspace import find_workspace

HELP = {
    "target": "the error that is aimed at, as entered",
    "people": "their error at the same task, as entered",
    "training": "images that it learned on, as they are",
    "train-dev": "held-out images of the same mixture",
    "validation": "held-out images that chose the epoch",
    "test": "images that nothing was chosen by",
}
# What a negative step to a level means.
BELOW = {"people": "people do better than the target"}
TARGET_FIELD, HUMAN_FIELD = "Target error, %", "Human error, %"
WATCHED = "images that were watched as the validation set"


def show_error_analysis(run: Run, report: dict[str, Any]) -> None:
    """Show the levels, the steps between them and the verdict, and take what people enter."""
    analysis = report.get("error_analysis")
    if not analysis:
        st.caption("An earlier version evaluated this run, without an error analysis.")
        return
    goals = _ask_goals(run)
    with show_errors():
        split = run.read_split() if run.holds("split.parquet") else None
        recipe = run.read_recipe()
    complete = add_external(complete_analysis(analysis, goals, split), _read_elsewhere(run))
    steps = {step["to"]: step for step in complete["steps"]}
    words = HELP | ({"test": WATCHED} if report.get("watched") else {})
    if recipe.selected_epoch == "last":
        words["validation"] = "held-out images that the training was watched on"
    rows = [
        {
            "images": escape_markdown(
                ": ".join(filter(None, (level["name"], words.get(level["name"]))))
            ),
            "n": "" if level["n"] is None else f"{level['n']:,}",
            "error": _format(level["error"], "{:.1%}"),
            "step": _format_step(steps.get(level["name"])),
        }
        for level in complete["levels"]
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Error analysis")
    representative = complete["representative"]
    sentences = [
        complete["verdict"],
        complete["target"],
        representative["words"] if representative else "",
    ]
    st.markdown("  \n".join(escape_markdown(words) for words in sentences if words))
    st.caption("95% intervals by resampling patients; a step whose interval holds 0 may be chance.")


def _read_elsewhere(run: Run) -> dict[str, Any]:
    """Return the reports on other datasets by what these are called; one damaged is left out."""
    with show_errors():
        places = {place.name: place for place in list_externals(run)}
        titles = name_places(places, find_workspace())
    reports = {}
    for name, place in reversed(places.items()):  # in the order in which they were made
        try:
            reports[titles[name]] = place.read_report()
        except RunError as error:
            st.warning(format_message(error), icon=":material/warning:")
    return reports


def _ask_goals(run: Run) -> Goals:
    """Show the two errors that people may enter; they are kept with the run.

    What was entered before may be damaged: that is said, and entering it anew replaces it.
    """
    keys = {name: f"{name}.{run.name}" for name in ("target_error", "human_error")}

    def keep() -> None:
        values = {name: st.session_state[key] for name, key in keys.items()}
        write_goals(run, Goals(**{k: None if v is None else v / 100 for k, v in values.items()}))

    labels = {"target_error": TARGET_FIELD, "human_error": HUMAN_FIELD}
    try:
        goals = read_goals(run)
    except RunError as error:
        goals = Goals()
        st.error(format_message(error), icon=":material/error:")
    with st.container(horizontal=True, gap="small"):
        for name, key in keys.items():
            value = getattr(goals, name)
            st.number_input(
                labels[name],
                0.0,
                100.0,
                None if value is None else round(100 * value, 6),
                step=1.0,
                format="%g",
                key=key,
                on_change=keep,
                placeholder="not entered",
                help=explain(labels[name]),
                width=170,
            )
    return goals


def _format(figure: dict[str, float | None], form: str) -> str:
    value, low, high = (
        "–" if figure[key] is None else form.format(figure[key]) for key in ("value", "low", "high")
    )
    return value if figure["low"] is None else f"{value} ({low} to {high})"


def _format_step(step: dict[str, Any] | None) -> str:
    if step is None:
        return ""
    points = {
        key: None if step[key] is None else 100 * step[key] for key in ("value", "low", "high")
    }
    words = f"{step['name']}: {_format(points, '{:+.1f}')} points"
    if step["value"] is None or step["value"] >= 0:
        return words
    return f"{words}; below 0: {BELOW.get(step['to'], 'fewer errors than one row up')}"
