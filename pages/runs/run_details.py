"""Below a run's curves: its epochs, its data, the device, its history, its log."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.download import offer_files, write_csv
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_file import offer_recipe
from pages.runs.metric_tail import Metrics, read_device, read_metrics
from xray_core.figures.device import plot_device, thin_device
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.starting_weights import format_record

N_LOG_LINES = 200


def show_details(run: Run, recipe: Recipe) -> None:
    """Show all that stands below the curves."""
    with show_errors():
        metrics = read_metrics(run)
        data = run.read_data() if run.holds("data.json") else None
    if len(metrics.epochs):
        _show_epoch(run, recipe, metrics)
    if data:
        _show_data(run, data)
    offer_recipe(recipe, run.name)
    _show_device(run)
    _show_history(run)
    log = st.expander("Log", icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        with show_errors():
            log.code(run.read_log(N_LOG_LINES) or "Nothing yet.", language=None, height=300)


def _show_epoch(run: Run, recipe: Recipe, metrics: Metrics) -> None:
    epochs = metrics.epochs
    classes = list(recipe.class_names)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Validation, epoch by epoch", anchor=False)
        number = _choose_epoch(run, int(epochs["epoch"].max()))
        rows = epochs[epochs["epoch"] == number]
        if rows.empty or len(rows.iloc[-1]["confusion"]) != len(classes):
            st.info(f"The log of this run holds no figures of epoch {number} that can be read.")
            return
        row = rows.iloc[-1]
        n = sum(map(sum, row["confusion"]))
        is_kept = row["epoch"] == epochs["best_epoch"].iloc[-1]
        kept = " — its weights are kept" if is_kept else ""
        show_confusion(
            classes, row["confusion"], f"Epoch {row['epoch']}{kept}. n = {n:,} validation images."
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
    with show_errors():
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


def _show_data(run: Run, data: dict[str, Any]) -> None:
    unreadable = data["unreadable"]
    if unreadable:
        st.warning(f"{len(unreadable):,} images could not be read and are left out.")
    for words in data.get("absent", []):  # runs of older versions do not say
        st.warning(escape_markdown(words), icon=":material/warning:")
    with st.expander("Data and split", icon=":material/dataset:"):
        st.caption(
            f"{escape_markdown(data['folder'])} · grouped by {escape_markdown(data['grouped_by'])}"
        )
        if record := data.get("starting_weights"):  # older runs have none
            st.caption(escape_markdown(format_record(record)))
        subsets = pd.DataFrame.from_dict(data["subsets"], orient="index")
        st.dataframe(subsets.assign(images=subsets.sum(axis=1)), width="content")
        if (run.folder / "split.parquet").is_file():
            st.caption(
                "Which image is in which subset, its class, and its group: the patient, or "
                "else the study or image, that stays together"
            )
            offer_files(f"{run.name}-split", {"csv": lambda: write_csv(run.read_split())})
        for remark in data["remarks"]:
            st.caption(escape_markdown(remark))
        if unreadable:
            st.dataframe(unreadable, hide_index=True)
