"""Below a run's curves: its data, its recipe, the device, its history, its log, its notes."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.download import offer_files, write_csv
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.origin import read_origin_of
from pages.components.recipe_file import offer_recipe
from pages.components.recipe_words import show_changes
from pages.components.small_type import show_facts
from pages.runs.findings import show_finding_subsets
from pages.runs.metric_tail import read_device
from pages.runs.outcome import leave_fragment_after_action
from pages.runs.run_notes import show_notes_form
from xray_core.figures.device import plot_device, thin_device
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.starting_weights import format_record
from xray_core.splits import describe_grouping

N_LOG_LINES = 200


def show_details(run: Run, recipe: Recipe) -> None:
    """Show all that stands below the curves; what is closed is not computed."""
    leave_fragment_after_action()
    with show_errors():
        data = run.read_data() if run.holds("data.json") else None
    if data:
        _warn(data)
        _show_data(run, recipe, data)
    if read_origin_of(run) is None:
        _show_recipe(run, recipe)
    _show_device(run)
    _show_history(run)
    log = st.expander("Log", icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        with show_errors():
            log.code(run.read_log(N_LOG_LINES) or "Nothing yet.", language=None, height=300)
    show_notes_form(run)


def _show_recipe(run: Run, recipe: Recipe) -> None:
    panel = st.expander("Recipe", icon=":material/receipt_long:", key="recipe", on_change="rerun")
    if not panel.open:
        return
    with panel:
        st.markdown(f"**{escape_markdown(recipe.title)}**")
        show_changes(recipe)
        show_facts({"Its folder": run.name})
        offer_recipe(recipe, run.name)


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
        show_figure(
            plot_device(table),
            f"{run.name}-device",
            "Load of the processor and the GPU, and memory, over the minutes of work",
            table,
            source=f"Load of the training process · {run.read_nickname()} ({run.name})",
            config={"displaylogo": False},
        )
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


def _warn(data: dict[str, Any]) -> None:
    """Say what must not be overlooked of a run's data."""
    if unreadable := data["unreadable"]:
        st.warning(f"{len(unreadable):,} images could not be read and are left out.")
    for words in data.get("absent", []):  # runs of older versions do not say
        st.warning(escape_markdown(words), icon=":material/warning:")


def _show_data(run: Run, recipe: Recipe, data: dict[str, Any]) -> None:
    panel = st.expander(
        "Data and split", icon=":material/dataset:", key="data_split", on_change="rerun"
    )
    if not panel.open:
        return
    with panel:
        grouping = describe_grouping(recipe.split.method, data["grouped_by"])
        st.caption(f"{escape_markdown(data['folder'])} · {escape_markdown(grouping)}")
        for words in data.get("left_out", []):  # as above
            st.caption(escape_markdown(words))
        if record := data.get("starting_weights"):  # older runs have none
            st.caption(escape_markdown(format_record(record)))
        if "n_images" in data:
            show_finding_subsets(data)
        else:
            subsets = pd.DataFrame.from_dict(data["subsets"], orient="index")
            st.dataframe(
                subsets.assign(images=subsets.sum(axis=1)),
                width="content",
                alt="Images of each class in each subset",
            )
        if (run.folder / "split.parquet").is_file():
            st.caption(
                "Which image is in which subset, its class, and its group: the patient, or "
                "else the study or image, that stays together"
            )
            offer_files(f"{run.name}-split", {"csv": lambda: write_csv(run.read_split())})
        for remark in data["remarks"]:
            st.caption(escape_markdown(remark))
        if unreadable := data["unreadable"]:
            st.dataframe(unreadable, hide_index=True, alt="Images that could not be read")
