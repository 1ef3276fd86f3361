"""What a training would cost on this machine."""

import math

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.tables import read_tables
from xray_core.catalog import Catalog
from xray_core.jobs import JobQueue, prepare_worker
from xray_core.jobs.measure import (
    Description,
    estimate_training,
    find_lacks,
    read_description,
    start_description,
)
from xray_core.recipes import Recipe
from xray_core.splits import PUBLISHED_SUBSETS
from xray_core.workspace import find_workspace

TICK = "1s"


def show_cost(recipe: Recipe, catalog: Catalog) -> None:
    """Show the estimate; until it is measured, say so and look again by itself.

    Once it is, a training process is made ready: whoever looks here may soon start one.
    """
    with show_errors():
        state = read_description(recipe, find_workspace()).state
        ticking = state not in ("ready", "failed")
        if not ticking:  # while a model is measured, nothing else shall compute
            prepare_worker(find_workspace())
    st.fragment(_show_cost, run_every=TICK if ticking else None)(recipe, catalog, ticking)


def _show_cost(recipe: Recipe, catalog: Catalog, ticking: bool) -> None:
    workspace = find_workspace()
    with show_errors():
        description = read_description(recipe, workspace)
        if description.state == "ready":
            if ticking:
                st.rerun()  # once more, with the ticking off
            _show_estimate(recipe, catalog, description)
            return
        if description.state == "failed":
            st.warning(
                f"The model could not be measured: {escape_markdown(description.reason)}",
                icon=":material/speed:",
            )
            if st.button("Measure again", icon=":material/replay:"):
                start_description(recipe, workspace)
                st.rerun()
            return
        if any(job.state == "started" for job in JobQueue(workspace.queue).list_jobs()):
            # Both would be slow, and the figures wrong.
            st.info("The cost is measured once no training is running.", icon=":material/speed:")
            return
        start_description(recipe, workspace)
    st.info(
        "Measuring a few training steps on this machine … Nothing waits for it.",
        icon=":material/speed:",
    )


def _show_estimate(recipe: Recipe, catalog: Catalog, description: Description) -> None:
    values = description.values
    cost = estimate_training(values, recipe, *_count_subsets(recipe, catalog))
    with show_errors():
        lacks = find_lacks(cost, find_workspace())
    for lack in lacks:
        st.warning(f"It may not fit this machine: it takes {lack}.", icon=":material/memory:")
    figures = {
        "Time": format_time(cost.seconds_least, cost.seconds_most),
        "Memory": f"{cost.memory_mb:,.0f} MB",
        "Decoded images, on disk": f"{cost.disk_mb:,.0f} MB",
        "Parameters": f"{values['parameters']:,}",
    }
    st.table(
        pd.DataFrame({"what": figures.keys(), "how much": figures.values()}),
        border="horizontal",
        hide_header=True,
        hide_index=True,
        alt="Estimated cost of the training",
    )
    st.caption(
        f"An estimate: {values['seconds_per_step'] * 1000:,.0f} ms a step of {recipe.batch_size} "
        f"images and {values['seconds_per_image'] * 1000:,.1f} ms an image where layers are frozen "
        f"or it is only evaluated, measured on {escape_markdown(values['device'])}; "
        f"{cost.steps_per_epoch:,} steps an epoch, {recipe.n_epochs} epochs at most. The shorter "
        "time: nothing else runs, the images are decoded already, and the training stops as early "
        "as its patience lets it. The longer one: all epochs, on a busy machine."
    )


def format_time(least: float, most: float) -> str:
    """Return a range of seconds for a person, rounded outwards, e.g. "about 3 to 6 min"."""
    unit, step, name = (1, 5, "s") if most < 120 else (60, 1, "min")
    if most >= 7200:
        unit, step, name = 3600, 0.5, "h"
    low = math.floor(least / unit / step) * step
    high = max(1, math.ceil(most / unit / step)) * step
    return f"about {low:g} to {high:g} {name}" if low else f"less than {high:g} {name}"


def _count_subsets(recipe: Recipe, catalog: Catalog) -> tuple[int, int, int]:
    """Return about how many images train, validate, and test."""
    split = recipe.split
    n_images = int(read_tables(catalog, recipe.task).counts["present"].sum())
    if split.method == "published":
        subsets = catalog.present["published_split"].map(PUBLISHED_SUBSETS)
        n_test = int((subsets == "test").sum())
        n_validation = round(int((subsets == "training").sum()) * split.validation)
        n_images = min(n_images, int(subsets.notna().sum()))
    elif split.folds:
        n_test = round(n_images / split.folds)
        n_validation = round((n_images - n_test) * split.validation)
    else:
        n_test, n_validation = round(n_images * split.test), round(n_images * split.validation)
    return max(1, n_images - n_validation - n_test), n_validation, n_test
