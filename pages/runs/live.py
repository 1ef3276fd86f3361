"""The live view of one run: state, progress, curves; `run_details` has what is below them."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.diagnosis import show_diagnosis
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.run_state import (
    NEXT_STEPS,
    format_duration,
    format_run_duration,
    show_badge,
    show_progress,
)
from pages.runs.metric_tail import Metrics, read_metrics
from pages.runs.outcome import leave_fragment_after_action
from pages.runs.run_details import show_details
from pages.runs.run_list import format_queue
from xray_core.figures.training import ZOOM, Window, curve_table, plot_learning_curve
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status

TICK, SLOW_TICK = "1s", "2s"


def show_run(run: Run, recipe: Recipe, status: Status, stopping: bool) -> None:
    """Show a run; looks again by itself until the run has ended.

    Args:
        run: shown.
        recipe: its own.
        status: by which the rest of the page was drawn. Read anew here, a run that ends while the
            page is drawn would keep the buttons of a running one.
        stopping: likewise, whether the run was asked to stop.
    """
    ticking = not status.has_ended
    show_progress_of = st.fragment(_show_progress, run_every=TICK if ticking else None)
    show_progress_of(run, status.state, stopping)
    st.fragment(show_details, run_every=SLOW_TICK if ticking else None)(run, recipe)


def _show_progress(run: Run, known: str, stopping: bool) -> None:
    leave_fragment_after_action()
    with show_errors():
        status = run.read_status()
    if status.state != known or run.stop_path.exists() != stopping:
        st.rerun()  # the buttons are others now, and an ended run needs no ticking
    with show_errors():
        metrics = read_metrics(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_badge(status)
        st.markdown(_words(run, status), width="stretch")
    if status.state == "running":
        show_progress(status)
    if status.started_at:
        _show_figures(status, metrics)
    with st.container(key="diagnosis_place"):  # always there: what follows keeps its place
        show_diagnosis(run, metrics.epochs)
    if metrics.batches.empty:
        if not status.has_ended:
            st.info("The curves begin with the first batch.", icon=":material/hourglass_top:")
        return
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            _show_curve(run, metrics, metric)
    st.caption(
        "Pale: each training batch. Points: each epoch. "
        "Drag to pan, pinch or Ctrl and scroll to zoom, double-click to see all."
    )


def _words(run: Run, status: Status) -> str:
    if status.state == "queued":
        return format_queue(run.name)
    if status.state == "running":
        if run.stop_path.exists():
            return f"Stopping … {format_message(status.message)}"
        return _resumed_from(run)
    return f"{format_message(status.message)} {NEXT_STEPS[status.state]}"


def _resumed_from(run: Run) -> str:
    """Return where a running run went on, or "" if it began at the beginning."""
    with show_errors():
        # How a phase is trained may have been noted since.
        events = [event for event in run.read_events() if event.get("event") != "features"]
    if not events or events[-1].get("event") != "restored":
        return ""
    return escape_markdown(str(events[-1].get("cause", "")))


def _show_figures(status: Status, metrics: Metrics) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Epoch", f"{status.epoch} of {status.n_epochs}", width="content")
        if (kept := metrics.kept) is not None:
            st.metric(
                f"Validation accuracy, selected epoch ({kept['epoch']})",
                f"{kept['val_accuracy']:.1%}",
                width="content",
                help="The epoch whose weights are evaluated: that of the lowest validation "
                "loss, unless the recipe says the last.",
            )
        if length := format_run_duration(status):
            st.metric("Duration", length, width="content")
        elif status.seconds_left is not None:
            st.metric("Left, about", format_duration(status.seconds_left), width="content")
    st.caption(" · ".join(_device_use(status)))


def _device_use(status: Status) -> list[str]:
    use = [escape_markdown(status.device)] if status.device else []
    if status.state != "running" or status.cpu_percent is None or status.memory_mb is None:
        return use
    use += [
        f"process at {status.cpu_percent:.0f}% of one core",
        f"memory {status.memory_mb:,.0f} MB",
    ]
    if status.gpu_percent is not None and status.gpu_memory_mb is not None:
        use += [f"GPU at {status.gpu_percent:.0f}%", f"GPU memory {status.gpu_memory_mb:,.0f} MB"]
    return use


def _show_curve(run: Run, metrics: Metrics, metric: str) -> None:
    key = f"{metric}_{run.name}"
    epochs = metrics.epochs
    if epochs.empty:
        epochs = pd.DataFrame(columns=["step", "epoch", metric, f"val_{metric}"])
    st.vega_lite_chart(
        curve_table(metrics.batches, epochs, metric, _visible(key)),
        plot_learning_curve(metric),
        key=key,
        on_select="rerun",
        selection_mode=ZOOM,
        alt=f"{metric.capitalize()} of each batch and epoch, training and validation",
    )


def _visible(key: str) -> Window | None:
    """Return the range of batches that the chart shows, once somebody zoomed into it."""
    state: Any = st.session_state.get(key)
    window = state and state["selection"].get(ZOOM, {}).get("step")
    return (float(window[0]), float(window[1])) if window else None
