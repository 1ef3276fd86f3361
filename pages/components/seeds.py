"""The button that trains a run's recipe with five seeds: how far does the seed alone move it?"""

from typing import Any, Literal

import streamlit as st

from pages.components.frame import show_errors
from pages.components.run_state import format_duration
from pages.components.user import find_user
from xray_core.audit.issue import count_of
from xray_core.evaluation.noise import N_SEEDS, choose_seeds, find_seeds
from xray_core.files import parse_time
from xray_core.jobs.seeds import train_seeds
from xray_core.runs import Run
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.workspace import find_workspace


def offer_seeds(
    run: Run, call: str = "it", *, type: Literal["primary", "secondary", "tertiary"] = "tertiary"
) -> bool:
    """Show the button where seeds of the recipe are missing; nothing where all are there.

    It asks first: how many trainings are queued, and about how long they take.

    Args:
        run: finished.
        call: what the run is called in the button.
        type: of the button.

    Returns:
        Whether it is shown.
    """
    if run.holds(ORIGIN) or run.read_stored_status().state != "done":
        return False
    workspace = find_workspace()
    with show_errors():
        seeds, first = find_seeds(run, workspace), run.read_recipe().seed
    missing = choose_seeds(seeds, first)
    if not missing:
        return False
    panel = st.popover(
        f"Train {call} with five seeds",
        icon=":material/casino:",
        type=type,
        key=f"seeds_{run.name}",
        on_change="rerun",
    )
    if not panel.open:
        return True
    with panel:
        st.markdown(_describe_cost(run, len(missing)))
        sure = st.button(
            f"Queue {count_of(len(missing), 'training')}",
            icon=":material/casino:",
            type="primary",
            key=f"seeds_sure_{run.name}",
        )
    if sure:
        with show_errors():
            made = train_seeds(run, workspace, find_user(), N_SEEDS)
        if made:
            sweep: Any = made[0].read_submission().sweep
            st.switch_page("pages/runs.py", query_params={"sweep": sweep})
        st.rerun()
    return True


def _describe_cost(run: Run, n_missing: int) -> str:
    words = (
        f"Queues the same recipe on the same split, {count_of(n_missing, 'more time')} with "
        "another random seed. Then it is known by how much two runs differ by the seed alone, and "
        "each comparison says whether a gain is larger."
    )
    status = run.read_stored_status()
    start, end = parse_time(status.started_at or ""), parse_time(status.ended_at or "")
    if start is None or end is None:
        return words
    seconds = (end - start).total_seconds() * n_missing
    return f"{words} About {format_duration(seconds)} of training in all."
