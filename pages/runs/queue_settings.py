"""What the queue is allowed: how many trainings at once, and whether one is kept ready."""

from dataclasses import replace

import streamlit as st

from pages.components.frame import show_errors
from pages.runs.outcome import carry_out
from xray_core.jobs import find_gpus, read_settings, write_settings
from xray_core.workspace import Workspace

MAX_RUNS = 64  # of slots and of runs of one user at once


def show_settings(workspace: Workspace) -> None:
    """Show the settings of the queue in a popover, to be changed and saved together."""
    panel = st.popover(
        "Slots and limits",
        icon=":material/tune:",
        type="tertiary",
        key="queue_settings",
        on_change="rerun",
    )
    if not panel.open:
        return
    with show_errors():
        settings = read_settings(workspace)
    with panel, st.form("queue_form", border=False):
        gpus = find_gpus()
        words = f"{len(gpus)} GPU{'s' * (len(gpus) != 1)} found" if gpus else "no GPU found"
        st.number_input(
            "Trainings at once",
            0,
            MAX_RUNS,
            value=settings.slots or 0,
            key="slots",
            help="0: as many as GPUs are found, or one on the processor.",
        )
        st.caption(f"0 is automatic: {max(1, len(gpus))} here, {words}.")
        st.number_input(
            "Of one user at once",
            0,
            MAX_RUNS,
            value=settings.per_user or 0,
            key="per_user",
            help="0: no limit of its own.",
        )
        st.toggle("Pause the queue", value=settings.paused, key="queue_paused")
        st.toggle(
            "Keep a training process ready",
            value=settings.standby,
            key="queue_standby",
            help="With TensorFlow loaded, so that a training begins some seconds sooner. It takes "
            "about 800 MB of memory while it waits.",
        )
        st.form_submit_button("Save", on_click=carry_out, args=(_save, workspace))


def _save(workspace: Workspace) -> str:
    state = st.session_state
    settings = replace(
        read_settings(workspace),
        slots=int(state["slots"]) or None,
        per_user=int(state["per_user"]) or None,
        paused=bool(state["queue_paused"]),
        standby=bool(state["queue_standby"]),
    )
    write_settings(workspace, settings)
    return "Saved. It counts from now on; what runs goes on."
