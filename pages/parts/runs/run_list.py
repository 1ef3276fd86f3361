"""Every run: those under way as cards that move, those that ended as a table to open one from."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.run_state import ICONS, show_badge, show_progress, took
from pages.parts.runs.metric_tail import read_metrics
from xray_core.errors import XrayError
from xray_core.home import Home, find_home
from xray_core.jobs import JobQueue, ensure_worker
from xray_core.runs import STATES, Run, Status, list_runs

TICK = "1s"
GRACE = 10.0  # seconds that a worker may take to start
BADGE_COLORS = ["gray", "blue", "green", "red", "orange", "red"]  # in the order of STATES


def show_runs(runs: list[Run]) -> None:
    """Show `runs`, newest first, and open the one that the user picks."""
    states = [(run, status) for run in runs if (status := _read_status(run)) is not None]
    active = [run.name for run, status in states if not status.has_ended]
    ended = [(run, status) for run, status in states if status.has_ended]
    st.fragment(_show_active, run_every=TICK if active else None)(active)
    if ended:
        _show_ended(ended)
    if damaged := len(runs) - len(states):
        st.warning(f"{damaged} run folders have a damaged status file and are not shown.")


def wake_worker(home: Home) -> None:
    """Start a worker if runs wait and none is there: the machine may have been restarted."""
    for job in JobQueue(home.queue).list_jobs():
        status = home.runs / job.run / "status.json"
        # Whoever submits starts a worker, which takes a moment to be seen.
        if not status.exists() or time.time() - status.stat().st_mtime > GRACE:
            ensure_worker(home)
            return


def queue_in_words(name: str) -> str:
    """Return when the queued run `name` will start, for a person."""
    with errors_in_words():
        jobs = JobQueue(find_home().queue).list_jobs()
    names = [job.run for job in jobs]
    if name not in names:
        return "It is in no queue, so it will not start. Stop it, then train again."
    before = names.index(name)
    if jobs[before].state != "queued":
        return "It is about to start."
    return f"It waits for {before} before it." if before else "It is the next to start."


def _show_active(known: list[str]) -> None:
    home = find_home()
    states = [(run, status) for run in list_runs(home.runs) if (status := _read_status(run))]
    active = [(run, status) for run, status in states if not status.has_ended]
    if [run.name for run, _ in active] != known:
        st.rerun()  # one ended or was added: the table below changes too
    for run, status in reversed(active):  # in the order of their start
        with st.container(border=True):
            name, state, doing = st.columns([4, 1.3, 5], vertical_alignment="center")
            with name:
                show_link(run)
            with state:
                show_badge(status)
            with doing:
                if status.state == "running":
                    show_progress(status, with_time=True)
                else:
                    st.caption(queue_in_words(run.name))


def show_link(run: Run, label: str = "") -> None:
    """Show a link to the run's live view, with the run's name unless another label is given."""
    st.page_link(
        "pages/runs.py",
        label=label or escape_markdown(run.name),
        icon=":material/monitoring:",
        query_params={"run": run.name},
    )


def _show_ended(ended: list[tuple[Run, Status]]) -> None:
    st.subheader("Ended", anchor=False)
    table = pd.DataFrame([_row(run, status) for run, status in ended])
    event = st.dataframe(
        table,
        hide_index=True,
        key="ended_runs",
        on_select="rerun",
        selection_mode="single-row",
        alt="Runs that ended, newest first",
        column_config={
            "state": st.column_config.MultiselectColumn(
                "State", options=list(STATES), color=BADGE_COLORS, width=90
            ),
            "run": st.column_config.TextColumn("Run", width=230),
            "data": st.column_config.TextColumn("Data", width=90),
            "accuracy": st.column_config.NumberColumn(
                "Best accuracy",
                format="percent",
                help="Highest accuracy on the validation part; its result may be another epoch's.",
            ),
            "epochs": st.column_config.TextColumn("Epochs", width=75),
            "took": st.column_config.TextColumn("Took", width=90),
            "ended": st.column_config.DatetimeColumn("Ended", format="distance"),
            "message": st.column_config.TextColumn("Message"),
        },
    )
    st.caption("Tick a row to open its curves.")
    if chosen := event.selection.rows:
        st.query_params["run"] = ended[chosen[0]][0].name
        st.rerun()


def _row(run: Run, status: Status) -> dict[str, Any]:
    data, accuracy = _read_summary(str(run.folder), status.updated_at)
    return {
        "state": [status.state],
        "run": run.name,
        "data": data,
        "accuracy": accuracy,
        "epochs": f"{status.epoch} of {status.n_epochs}",
        "took": took(status),
        "ended": datetime.fromisoformat(status.ended_at or status.updated_at),
        "message": status.message,
    }


@st.cache_data(max_entries=2000, show_spinner=False)
def _read_summary(folder: str, changed: str) -> tuple[str, float | None]:
    """Return a run's data and best validation accuracy; it has ended, so they stay."""
    run = Run(Path(folder))
    try:
        recipe = run.read_recipe()
    except XrayError:
        return "", None  # its own page says what is wrong
    epochs = read_metrics(run).epochs
    accuracy = float(epochs["val_accuracy"].max()) if len(epochs) else None
    return Path(recipe.data_folder).name, accuracy


def _read_status(run: Run) -> Status | None:
    try:
        status = run.read_status()
    except XrayError:
        return None  # counted, and named on the run's own page
    return status if status.state in ICONS else None
