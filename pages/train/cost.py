"""What a training would cost on this machine."""

import math

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_muted
from pages.train.checked_split import CheckedSplit
from xray_core.audit.issue import count_of
from xray_core.jobs import JobQueue, prepare_worker
from xray_core.jobs.measure import (
    Description,
    Estimate,
    estimate_training,
    find_lacks,
    read_description,
    start_description,
)
from xray_core.recipes import Recipe
from xray_core.workspace import find_workspace

TICK = "1s"


def show_cost(recipe: Recipe, checked: CheckedSplit, description: Description) -> None:
    """Show the time it takes; until it is measured, say so and look again by itself.

    Once it is, a training process is made ready: whoever looks here may soon start one.
    """
    ticking = description.state not in ("ready", "failed")
    if not ticking:  # while a model is measured, nothing else shall compute
        with show_errors():
            prepare_worker(find_workspace())
        _show_measured(recipe, checked, description)
        return
    st.fragment(_measure, run_every=TICK)(recipe)


def _measure(recipe: Recipe) -> None:
    workspace = find_workspace()
    with show_errors():
        if read_description(recipe, workspace).state in ("ready", "failed"):
            st.rerun()  # once more, with the ticking off
        if any(job.state == "started" for job in JobQueue(workspace.queue).list_jobs()):
            # Both would be slow, and the figures wrong.
            show_muted("The cost is measured once no training is running.")
            return
        start_description(recipe, workspace)
    show_muted("Measuring a few training steps on this machine … Nothing waits for it.")


def _show_measured(recipe: Recipe, checked: CheckedSplit, description: Description) -> None:
    if description.state == "failed":
        st.warning(
            f"The model could not be measured: {escape_markdown(description.reason)}",
            icon=":material/speed:",
        )
        if st.button("Measure again", icon=":material/replay:"):
            with show_errors():
                start_description(recipe, find_workspace())
            st.rerun()
        return
    cost = estimate_cost(recipe, checked, description)
    if cost is None:
        return  # why it cannot be divided is said already
    with show_errors():
        lacks = find_lacks(cost, find_workspace())
    for lack in lacks:
        st.warning(f"It may not fit this machine: it takes {lack}.", icon=":material/memory:")
    st.html(f'<div class="big">{format_time(cost.seconds_likely)}</div>')
    show_muted(
        f"{format_range(cost.seconds_least, cost.seconds_most)}, measured on "
        f"{description.values['device']} · {cost.steps_per_epoch:,} steps an epoch"
    )


def estimate_cost(
    recipe: Recipe, checked: CheckedSplit, description: Description
) -> Estimate | None:
    """Return what the training would cost; None before that is measured, or where it is refused."""
    if description.state != "ready" or checked.refusal:
        return None
    counts = dict(checked.subsets)
    if recipe.split.validate_on_test:  # it is predicted after each epoch, and at the end
        counts["validation"] = counts["test"]
    return estimate_training(description.values, recipe, *counts.values())


def show_cost_details(recipe: Recipe, checked: CheckedSplit, description: Description) -> None:
    """Offer memory, disk and what the estimate is made of, once they are measured."""
    cost = estimate_cost(recipe, checked, description)
    if cost is None:
        return
    panel = st.expander(
        "The cost in detail", icon=":material/speed:", key="cost", on_change="rerun"
    )
    if not panel.open:
        return
    values = description.values
    figures = {
        "Time": format_time(cost.seconds_likely),
        "At least, at most": format_range(cost.seconds_least, cost.seconds_most),
        "Memory": f"{cost.memory_mb:,.0f} MB",
        "Decoded images, on disk": f"{cost.disk_mb:,.0f} MB",
        "Parameters": f"{values['parameters']:,}",
    }
    with panel:
        st.table(
            pd.DataFrame({"what": figures.keys(), "how much": figures.values()}),
            border="horizontal",
            hide_header=True,
            hide_index=True,
            alt="Estimated cost of the training",
        )
        st.caption(
            f"An estimate: {values['seconds_per_step'] * 1000:,.0f} ms a step of "
            f"{recipe.batch_size} images and {values['seconds_per_image'] * 1000:,.1f} ms an image "
            "where layers are frozen or it is only evaluated, measured on "
            f"{escape_markdown(values['device'])}; {cost.steps_per_epoch:,} steps an epoch, "
            f"{count_of(recipe.n_epochs, 'epoch')} at most. "
            "The likely time: nothing else runs, and of the "
            "epochs that its patience may spare it half are run. At least: the images are decoded "
            "already, and the training stops as early as its patience lets it. At most: all "
            "epochs, on a busy machine."
        )


def format_time(seconds: float) -> str:
    """Return a likely time for a person, e.g. "about 54 s", "about 6 min"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def format_range(least: float, most: float) -> str:
    """Return a range of seconds for a person, rounded outwards, e.g. "3 to 6 min"."""
    unit, step, name = (1, 5, "s") if most < 120 else (60, 1, "min")
    if most >= 7200:
        unit, step, name = 3600, 0.5, "h"
    low = math.floor(least / unit / step) * step
    high = max(1, math.ceil(most / unit / step)) * step
    return f"{low:g} to {high:g} {name}" if low else f"less than {high:g} {name}"
