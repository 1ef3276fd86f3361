"""The trainings of a lab as a list: their state, or why they cannot be, and how long they take."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.components.frame import format_message
from pages.components.run_state import format_duration, format_progress
from pages.components.small_type import show_muted
from xray_core.audit.issue import count_of
from xray_core.errors import XrayError
from xray_core.jobs.labs import Plan, find_base, seconds_of
from xray_core.recipes.titles import use_titles
from xray_core.runs import Run

TICK = "3s"
PALE = ' class="muted"'


def check_base(run: Run) -> bool:
    """Return whether a lab can train the recipe of a run once more; where it cannot, say why."""
    try:
        find_base(run)
    except XrayError as error:
        st.info(format_message(error), icon=":material/info:")
        return False
    return True


def show_members(plans: Sequence[Plan]) -> None:
    """Show each training with its state; watched while one of them waits or is being trained."""
    if any(plan.lab_run is not None and plan.lab_run.waits for plan in plans):
        waiting = tuple(
            plan.lab_run.run.name for plan in plans if plan.lab_run and plan.lab_run.waits
        )
        st.fragment(_watch, run_every=TICK)(plans, waiting)
    else:
        _draw(plans)


def _watch(plans: Sequence[Plan], waiting: tuple[str, ...]) -> None:
    runs = {plan.lab_run.run.name: plan.lab_run.run for plan in plans if plan.lab_run}
    if any(runs[name].read_status().has_ended for name in waiting):
        st.rerun()  # one has ended: the lab is read anew
    _draw(plans)


def _draw(plans: Sequence[Plan]) -> None:
    # What cannot be comes last, and pale.
    ordered = sorted(plans, key=lambda plan: plan.lab_run is None and plan.recipe is None)
    rows = "".join(
        f'<tr{PALE * (plan.recipe is None and plan.lab_run is None)}><th scope="row">'
        f"{escape(plan.title)}</th><td>{escape(describe_plan(plan))}</td></tr>"
        for plan in ordered
    )
    st.html(f'<table class="facts">{rows}</table>')


def describe_plan(plan: Plan) -> str:
    """Return the state of a training, or why it cannot be, in words."""
    if plan.lab_run is not None:
        status = plan.lab_run.run.read_status()
        words = {"done": "Trained", "queued": "Waits in the queue"}.get(
            status.state, status.state.capitalize()
        )
        if status.state == "running":
            words = format_progress(status).rstrip(".") or "Being trained"
        name = plan.lab_run.run.read_nickname()
        return " ".join(filter(None, [f"{words} ({name}).", plan.note]))
    if plan.recipe is None:
        return f"Not possible: {use_titles(plan.reason)}"
    return " ".join(filter(None, ["Not trained yet.", plan.note]))


def offer_training(plans: Sequence[Plan], run: Run, key: str) -> bool:
    """Show the button that queues what is missing, and how long that takes; return if clicked.

    Args:
        plans: of the lab.
        run: whose own time is the estimate.
        key: of the button.
    """
    missing = [plan for plan in plans if plan.is_missing]
    if not missing:
        return False
    seconds = seconds_of(run)
    time = ""
    if seconds is not None:
        each, whole = format_duration(seconds), format_duration(seconds * len(missing))
        time = f"About {whole} in all: this run took {each}."
        if len(missing) == 1:
            time = f"About {each}, as this run took."
    clicked = st.button(
        f"Queue {count_of(len(missing), 'training')}",
        icon=":material/science:",
        type="primary",
        key=key,
    )
    waits = "It waits its turn and goes" if len(missing) == 1 else "They wait their turn and go"
    show_muted(" ".join(filter(None, [time, f"{waits} on without this page."])))
    return clicked
