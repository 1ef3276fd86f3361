"""The live view of one run: state, progress, curves; then epochs, data, device, history, log."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.confusion import show_confusion
from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.run_state import NEXT_STEPS, format_duration, show_badge, show_progress, took
from pages.parts.runs.metric_tail import Metrics, read_device, read_metrics
from pages.parts.runs.outcome import leave_fragment_after_act
from pages.parts.runs.run_list import queue_in_words
from xray_core.figures.device import plot_device, thin_device
from xray_core.figures.training import ZOOM, Window, curve_table, plot_learning_curve
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status

TICK, SLOW_TICK = "1s", "2s"
N_LOG_LINES = 200


def show_run(run: Run, recipe: Recipe) -> None:
    """Show a run; looks again by itself until the run has ended."""
    with errors_in_words():
        status = run.read_status()
    ticking = not status.has_ended
    show_progress_of = st.fragment(_show_progress, run_every=TICK if ticking else None)
    show_progress_of(run, status.state, run.stop_path.exists())
    st.fragment(_show_details, run_every=SLOW_TICK if ticking else None)(run, recipe)


def _show_progress(run: Run, known: str, stopping: bool) -> None:
    leave_fragment_after_act()
    with errors_in_words():
        status = run.read_status()
    if status.state != known or run.stop_path.exists() != stopping:
        st.rerun()  # the buttons are others now, and an ended run needs no ticking
    metrics = read_metrics(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_badge(status)
        st.markdown(_words(run, status), width="stretch")
    if status.state == "running":
        show_progress(status)
    if status.started_at:
        _show_figures(status, metrics)
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
        return queue_in_words(run.name)
    if status.state == "running":
        if run.stop_path.exists():
            return f"Stopping … {escape_markdown(status.message)}"
        return _resumed_from(run)
    return f"{escape_markdown(status.message)} {NEXT_STEPS[status.state]}"


def _resumed_from(run: Run) -> str:
    """Return where a running run went on, or "" if it began at the beginning."""
    with errors_in_words():
        events = run.read_events()
    if not events or events[-1].get("event") != "restored":
        return ""
    return escape_markdown(str(events[-1].get("cause", "")))


def _show_figures(status: Status, metrics: Metrics) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Epoch", f"{status.epoch} of {status.n_epochs}", width="content")
        if len(metrics.epochs):
            best = metrics.epochs.loc[metrics.epochs["val_loss"].idxmin()]
            st.metric(
                f"Validation accuracy, best epoch ({best['epoch']})",
                f"{best['val_accuracy']:.1%}",
                width="content",
                help="The epoch with the lowest validation loss; its weights are kept.",
            )
        if length := took(status):
            st.metric("Took", length, width="content")
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


def _show_details(run: Run, recipe: Recipe) -> None:
    metrics = read_metrics(run)
    if len(metrics.epochs):
        _show_epoch(run, recipe, metrics.epochs)
    _show_data(run)
    _show_device(run)
    _show_history(run)
    log = st.expander("Log", icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        with errors_in_words():
            log.code(run.read_log(N_LOG_LINES) or "Nothing yet.", language=None, height=300)


def _show_epoch(run: Run, recipe: Recipe, epochs: pd.DataFrame) -> None:
    classes = list(recipe.class_names)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Validation, epoch by epoch", anchor=False)
        row = epochs.iloc[_choose_epoch(run, int(epochs["epoch"].max())) - 1]
        n = sum(map(sum, row["confusion"]))
        best = " — the best so far by validation loss" if row["epoch"] == row["best_epoch"] else ""
        show_confusion(
            classes, row["confusion"], f"Epoch {row['epoch']}{best}. n = {n:,} validation images."
        )
    with right:
        st.subheader("This epoch", anchor=False)
        area = row["val_auc"]
        figures = {
            "loss": (f"{row['loss']:.4f}", f"{row['val_loss']:.4f}"),
            "accuracy": (f"{row['accuracy']:.1%}", f"{row['val_accuracy']:.1%}"),
            "AUC": ("–", "–" if pd.isna(area) else f"{area:.3f}"),
        }
        st.table(
            pd.DataFrame(figures, index=["training", "validation"]).T,
            border="horizontal",
            alt="Figures of the chosen epoch",
        )
        st.caption(
            f"Phase {escape_markdown(row['phase'])}, learning rate {row['learning_rate']:.2g} at "
            f"its end, {row['seconds']:.1f} s."
        )


def _choose_epoch(run: Run, newest: int) -> int:
    """Let the user choose an epoch; the slider follows the newest until it is moved back."""
    if newest == 1:
        return 1
    key, kept = f"epoch_{run.name}", f"epoch_kept_{run.name}"
    chosen = min(int(st.session_state.get(kept) or newest), newest)
    # Set at each look: the range grows with the epochs, and a new range forgets the value.
    st.session_state[key] = chosen

    def keep() -> None:
        moved = int(st.session_state[key])
        st.session_state[kept] = None if moved == newest else moved

    return int(st.slider("Epoch", 1, newest, key=key, on_change=keep))


def _show_device(run: Run) -> None:
    if not (run.folder / "device.jsonl").is_file():
        return
    panel = st.expander("Device", icon=":material/memory:", key="device", on_change="rerun")
    if not panel.open:
        return
    with panel:
        table = thin_device(read_device(run))
        if table.empty:
            st.caption("Nothing yet; the first look comes after two seconds.")
            return
        st.plotly_chart(plot_device(table), key=f"device_{run.name}", config={"displaylogo": False})
        st.caption(
            "Of the training process; GPU memory is that of all who use the GPU. While the run "
            "stood still, no time passes here."
        )


def _show_history(run: Run) -> None:
    panel = st.expander("History", icon=":material/history:", key="history", on_change="rerun")
    if not panel.open:
        return
    with errors_in_words():
        events = pd.DataFrame(run.read_events(), columns=["time", "event", "cause", "by"])
    if events.empty:
        panel.caption("Nothing is noted of this run.")
        return
    events["time"] = pd.to_datetime(events["time"], utc=True, errors="coerce", format="ISO8601")
    panel.dataframe(
        events.iloc[::-1],  # newest first
        hide_index=True,
        alt="Each change of the run's state",
        column_config={
            "time": st.column_config.DatetimeColumn("Time", format="localized", width=170),
            "event": st.column_config.TextColumn("What", width=100),
            "cause": st.column_config.TextColumn("Cause"),
            "by": st.column_config.TextColumn("By", width=100),
        },
    )


def _show_data(run: Run) -> None:
    path = run.folder / "data.json"
    if not path.is_file():
        return
    data = json.loads(path.read_text(encoding="utf-8"))
    if leaks := data["groups_in_several_parts"]:
        st.warning(
            f"{leaks:,} patients or identical files are in several parts of the split: the "
            "network is judged on what it was trained on, and scores too well.",
            icon=":material/warning:",
        )
    unreadable = data["unreadable"]
    if unreadable:
        st.warning(f"{len(unreadable):,} images could not be read and are left out.")
    with st.expander("Data and split", icon=":material/dataset:"):
        st.caption(
            f"{escape_markdown(data['folder'])} · grouped by {escape_markdown(data['grouped_by'])}"
        )
        parts = pd.DataFrame.from_dict(data["parts"], orient="index")
        st.dataframe(parts.assign(images=parts.sum(axis=1)), width="content")
        for remark in data["remarks"]:
            st.caption(escape_markdown(remark))
        if unreadable:
            st.dataframe(unreadable, hide_index=True)
