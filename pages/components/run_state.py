"""The state of a run in words, colours and a share of the way."""

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.files import parse_time
from xray_core.runs import Run, Status

COLORS = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "stopped": "orange",
    "lost": "red",
}
ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "stopped": ":material/stop_circle:",
    "lost": ":material/help:",
}
NEXT_STEPS = {
    "done": "Look at its result on the Evaluate page.",
    "failed": "Repair what the message names, then resume it, or restart it from the beginning.",
    "stopped": "Resume it, or restart it from the beginning.",
    "lost": "Resume it, or restart it from the beginning.",
}


def show_badge(status: Status) -> None:
    """Show the state as a coloured word."""
    st.badge(status.state, icon=ICONS[status.state], color=COLORS[status.state])


def progress_share(status: Status) -> float:
    """Return how much of a run is behind it, in [0, 1]: of the epochs, or before them 0."""
    if status.state == "done" or status.step == "evaluating":
        return 1.0
    within = min(max(status.done / status.total, 0.0), 1.0) if status.total else 0.0
    if status.step == "preparing":
        return within  # of the images; the epochs have not begun
    if status.n_epochs < 1 or status.epoch < 1:
        return 0.0
    return min(1.0, (status.epoch - 1 + within) / status.n_epochs)


def format_progress(status: Status) -> str:
    """Return the message with the epochs to come, e.g. "Epoch 3 of 20: training"."""
    words = status.message
    if status.step == "training" and status.n_epochs:
        words = words.replace(
            f"Epoch {status.epoch}:", f"Epoch {status.epoch} of {status.n_epochs}:"
        )
    return words


def format_duration(seconds: float) -> str:
    """Return a length of time for a person: "45 s", "3 min 20 s", "2 h 05 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def format_run_duration(status: Status) -> str:
    """Return how long a run took, "" if it never began."""
    began, ended = map(parse_time, (status.started_at, status.ended_at))
    if began is None or ended is None:
        return ""
    return format_duration((ended - began).total_seconds())


def show_predict_link(run: Run) -> None:
    """Show a link to the page that predicts images with the run."""
    st.page_link(
        "pages/predict.py",
        label="Try an own image",
        icon=":material/add_photo_alternate:",
        query_params={"run": run.name},
    )


def show_link(run: Run, label: str = "") -> None:
    """Show a link to the run's live view, called by its nickname unless a label is given."""
    st.page_link(
        "pages/runs.py",
        label=label or escape_markdown(run.read_nickname()),
        icon=":material/monitoring:",
        query_params={"run": run.name},
    )
