"""The strip at the top of a run: state, progress, time, the figure so far, and what it says."""

from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.context import name_tab
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.run_state import (
    NEXT_STEPS,
    format_duration,
    format_progress,
    format_run_duration,
    progress_share,
    show_badge,
)
from pages.runs.metric_tail import Metrics, read_metrics
from pages.runs.outcome import leave_fragment_after_action
from pages.runs.run_list import format_queue
from pages.runs.scores import (
    Final,
    format_interval,
    read_area_interval,
    read_dice_interval,
    read_final,
    read_interval,
)
from xray_core.runs import Run, Status
from xray_core.runs.shapes import count_validated

GOES_ON = "The training goes on without this page: close it, and come back whenever you like."


def show_strip(run: Run, known: str, stopping: bool, about: str) -> None:
    """Show how a run stands; a fragment that looks again by itself.

    The same elements in the same order whatever the state, so that nothing of a running run is
    left beside what takes its place.

    Args:
        run: shown.
        known: the state by which the rest of the page was drawn.
        stopping: likewise, whether the run was asked to stop.
        about: what it trains, for Markdown.
    """
    leave_fragment_after_action()
    with show_errors():
        status = run.read_status()
    if status.state != known or run.stop_path.exists() != stopping:
        st.rerun()  # the buttons are others now, and an ended run needs no ticking
    with show_errors():
        metrics = read_metrics(run)
    name = run.read_nickname()
    name_tab(f"Run {name} · {_name_stage(status)}")
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", gap="medium", key="strip"
    ):
        show_badge(status)
        st.html(f"<b>{escape(name)}</b>", width="content")
        st.progress(progress_share(status), text=_describe_progress(status), width=250)
        st.html(_format_figures(run, status, metrics), width="content")
    failed = status.state == "failed"
    st.caption(about if failed else f"{about} · {_describe(run, status)}")
    with st.container(key="reason_place"):  # always there: what follows keeps its place
        if failed:
            st.error(_describe(run, status), icon=":material/error:")


def _name_stage(status: Status) -> str:
    if status.state == "running" and status.step == "training" and status.n_epochs:
        return f"epoch {status.epoch} of {status.n_epochs}"
    return status.state


def _describe_progress(status: Status) -> str:
    if status.state == "running" and status.message:
        return format_message(format_progress(status))
    if not status.n_epochs:  # nothing was trained
        return "Evaluated"
    return f"Epoch {status.epoch} of {status.n_epochs}"


def _format_figures(run: Run, status: Status, metrics: Metrics) -> str:
    """Return time and the score so far, as HTML."""
    parts = []
    if length := format_run_duration(status):
        parts.append(f"<b>{length}</b> <span class='muted'>in all</span>")
    elif status.state == "running" and status.seconds_left is not None:
        left = format_duration(status.seconds_left)
        parts.append(f"<b>{left}</b> <span class='muted'>left, about</span>")
    if (kept := metrics.kept) is not None:
        final = read_final(run) if status.state == "done" else None
        n = final.n if final else count_validated(kept)
        # Whose AUC, or Dice, may be higher at another epoch.
        several = "finding_counts" in kept or _has_masks(kept)
        chose = kept["val_loss"] == metrics.epochs["val_loss"].min()
        why = " (lowest validation loss)" if several and chose else ""
        parts.append(
            f"{_format_score(run, kept, final)} "
            f"<span class='muted'>n = {n:,} · selected epoch {kept['epoch']}{why}"
            f"{_format_difference(kept, final)}</span>"
        )
    return " &emsp; ".join(parts) or "<span class='muted'>No figures yet</span>"


def _format_score(run: Run, kept: "pd.Series[Any]", final: Final | None) -> str:
    """Return the validation score with its interval, as HTML: of a run that is done the final."""
    epoch, several = int(kept["epoch"]), "finding_counts" in kept
    if final:
        value, interval = final.value, final.interval
    elif _has_masks(kept):
        value, interval = kept["val_dice"], read_dice_interval(run, epoch)
    elif several:
        value, interval = kept["val_auc"], read_area_interval(run, epoch)
    else:
        value, interval = kept["val_accuracy"], read_interval(run, epoch)
    if value is None or pd.isna(value):
        return "No AUC can be computed"
    if _has_masks(kept):
        words = f"{value:.3f}{format_interval(interval, share=False)}"
        return f"Mean validation Dice <b>{words}</b>"
    if several:
        words = f"{value:.3f}{format_interval(interval, share=False)}"
        return f"Mean validation AUC <b>{words}</b>"
    return f"Validation accuracy <b>{value:.1%}{format_interval(interval)}</b>"


def _has_masks(kept: "pd.Series[Any]") -> bool:
    return "val_dice" in kept


def _format_difference(kept: "pd.Series[Any]", final: Final | None) -> str:
    """Return that the figure after the epoch was another one, and why, as HTML; "" if it is not."""
    if final is None or final.value is None:
        return ""
    if _has_masks(kept):  # its final predictions are those after the epoch
        return ""
    several = "finding_counts" in kept
    form = ".3f" if several else ".1%"
    after = format(kept["val_auc" if several else "val_accuracy"], form)
    if after == format(final.value, form):
        return ""
    return (
        f" ({after} right after it, without the test-time augmentation and calibration that the "
        "recipe may ask for)"
    )


def _describe(run: Run, status: Status) -> str:
    """Return what the run says of itself, and what to do next, for Markdown."""
    if status.state == "queued":
        return format_queue(run.name)
    if status.state == "running":
        if run.stop_path.exists():
            return f"Stopping … {format_message(status.message)}"
        return " · ".join(filter(None, [_resumed_from(run), *_device_use(status), GOES_ON]))
    return f"{format_message(status.message)} {NEXT_STEPS[status.state]}"


def _resumed_from(run: Run) -> str:
    """Return where a running run went on, or "" if it began at the beginning."""
    with show_errors():
        # How a phase is trained may have been noted since.
        events = [event for event in run.read_events() if event.get("event") != "features"]
    if not events or events[-1].get("event") != "restored":
        return ""
    return escape_markdown(str(events[-1].get("cause", "")))


def _device_use(status: Status) -> list[str]:
    use = [escape_markdown(status.device)] if status.device else []
    if status.cpu_percent is None or status.memory_mb is None:
        return use
    use += [
        f"process at {status.cpu_percent:.0f}% of one core",
        f"memory {status.memory_mb:,.0f} MB",
    ]
    if status.gpu_percent is not None and status.gpu_memory_mb is not None:
        use += [f"GPU at {status.gpu_percent:.0f}%", f"GPU memory {status.gpu_memory_mb:,.0f} MB"]
    return use
