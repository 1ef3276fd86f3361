"""All runs as a table: open one, tag several, throw them into the trash."""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import show_errors
from pages.components.run_state import COLORS, format_duration
from pages.runs.outcome import carry_out
from pages.runs.run_filters import OTHER_VERSION, STATE_OPTIONS, choose_runs, sort_runs
from pages.runs.trash import show_trash
from xray_core.errors import RunError
from xray_core.files import format_bytes
from xray_core.recipes.titles import use_titles
from xray_core.runs import Run
from xray_core.runs.notes import Notes, read_notes, write_notes
from xray_core.runs.trash import disk_use, trash_run
from xray_core.workspace import Workspace

STATE_COLORS = [{**COLORS, OTHER_VERSION: "gray"}.get(state, "red") for state in STATE_OPTIONS]
DISK_TTL = 300  # seconds for which the size of an ended run is believed


def show_table(workspace: Workspace, runs: pd.DataFrame) -> None:
    """Show every run that passes the filters, and open the one that is clicked.

    Args:
        workspace: the folders.
        runs: as `index.run_table` returns.
    """
    if runs.empty:  # all are in the trash
        show_trash(workspace)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("All runs", anchor=False)
        show_trash(workspace)
    runs = runs.assign(duration=(runs["ended_at"] - runs["started_at"]).dt.total_seconds())
    passed, order, with_disk = choose_runs(runs)
    if with_disk:
        with st.spinner("Measuring …"):
            keys = runs[["name", "state", "ended_at"]].astype("str").itertuples(index=False)
            runs["disk"] = [_read_size(str(workspace.runs / key.name), tuple(key)) for key in keys]
        _say_disk_use(workspace, runs)
    shown = sort_runs(runs[passed], order)
    st.caption(_count(len(shown), len(runs)))
    if shown.empty:
        st.info("No run passes the filters. Take one back.", icon=":material/filter_list_off:")
        return
    _show(workspace, shown, runs)


def _show(workspace: Workspace, shown: pd.DataFrame, runs: pd.DataFrame) -> None:
    names = shown["name"].tolist()
    event: Any = st.dataframe(
        _cells(shown),
        hide_index=True,
        # Another key for other rows: a tick must never pass on to the run that moves up.
        key=f"runs_{zlib.crc32(' '.join(names).encode()):x}",
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        placeholder="–",
        alt="Runs",
        column_config=_columns(),
    )
    st.caption("Click a run to open it. Tick rows at their left to tag or delete several at once.")
    picked = event.selection
    if picked.cells:
        st.query_params["run"] = names[picked.cells[0][0]]
        st.rerun()
    if ticked := [names[row] for row in picked.rows if row < len(names)]:
        show_bulk(workspace, ticked, runs)


def show_bulk(workspace: Workspace, names: list[str], runs: pd.DataFrame) -> None:
    """Show what can be done to several runs at once: tag them, or throw them away.

    Args:
        workspace: the folders.
        names: of the runs.
        runs: the whole table, for the tags that exist already.
    """
    known = sorted({tag for tags in runs["tags"] for tag in tags}, key=str.casefold)
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**{len(names)}** ticked", width="content")
        tags = st.multiselect(
            "Tags", known, key="bulk_tags", accept_new_options=True, placeholder="choose or type"
        )
        for label, icon, add in (("Add tags", "new_label", True), ("Take off", "label_off", False)):
            st.button(
                label,
                icon=f":material/{icon}:",
                on_click=carry_out,
                args=(_tag, workspace, names, tags, add),
                disabled=not tags,
            )
        st.button(
            "Delete to the trash",
            icon=":material/delete:",
            on_click=carry_out,
            args=(_bin, workspace, names),
            help="They can be restored until the trash is emptied.",
        )


def _tag(workspace: Workspace, names: list[str], tags: list[str], add: bool) -> str:
    for name in names:
        run = Run(workspace.runs / name)
        old = read_notes(run)
        kept = tuple(tag for tag in old.tags if tag not in tags)
        write_notes(run, Notes((*kept, *tags) if add else kept, old.note))
    st.session_state["bulk_tags"] = []
    return f"{_count(len(names))} tagged." if add else f"Tags taken off {_count(len(names))}."


def _bin(workspace: Workspace, names: list[str]) -> str:
    refused = []
    for name in names:
        try:
            trash_run(Run(workspace.runs / name), workspace)
        except RunError as error:  # the others may go all the same
            refused.append(str(error))
    words = f"{_count(len(names) - len(refused))} moved to the trash."
    if refused:
        raise RunError(" ".join([words, *refused]))
    return words


def _count(n: int, of: int = 0) -> str:
    runs = f"run{'s' * ((of or n) != 1)}"
    return f"{n:,} of {of:,} {runs}" if of and n != of else f"{n:,} {runs}"


def _cells(shown: pd.DataFrame) -> pd.DataFrame:
    """Return what stands in the cells; columns that say nothing of any run are left out."""
    cells = pd.DataFrame(
        {
            "state": [[state] for state in shown["state"]],
            "run": shown["name"].to_numpy(),
            "changes": shown["changes"].to_numpy(),
            "data": shown["data"].to_numpy(),
            "tags": [list(tags) for tags in shown["tags"]],
            "user": shown["user"].to_numpy(),
            "validation": shown["val_accuracy"].to_numpy(),
            "accuracy": shown["accuracy"].to_numpy(),
            "auc": shown["auc"].to_numpy(),
            "epochs": [
                f"{epoch} of {most}" if most else ""
                for epoch, most in zip(shown["epoch"], shown["n_epochs"], strict=True)
            ],
            "duration": [format_duration(s) if s == s else "" for s in shown["duration"]],
            "created": shown["created_at"].to_numpy(),
        }
    )
    if "disk" in shown:
        cells["disk"] = shown["disk"].to_numpy() / 1e6
    cells["message"] = [use_titles(text) for text in shown["message"]]
    said = {"tags": shown["tags"].map(len).any()}
    said |= {name: (shown[name] != "").any() for name in ("changes", "user")}
    return cells.drop(columns=[name for name, is_told in said.items() if not is_told])


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "state": column.MultiselectColumn(
            "State", options=STATE_OPTIONS, color=STATE_COLORS, width=95
        ),
        "run": column.TextColumn("Run", width=300),
        "changes": column.TextColumn(
            "Changed", width=180, help="What its recipe has otherwise than as published."
        ),
        "data": column.TextColumn("Data", width=90),
        "tags": column.ListColumn("Tags", width=120),
        "user": column.TextColumn("By", width=80),
        "validation": column.NumberColumn(
            "Validation",
            format="percent",
            help="Accuracy on the validation set, at the epoch whose weights are kept.",
        ),
        "accuracy": column.NumberColumn(
            "Result",
            format="percent",
            help="Accuracy of the final evaluation, on the test set where there is one.",
        ),
        "auc": column.NumberColumn("AUC", format="%.3f", help="Of the final evaluation."),
        "epochs": column.TextColumn("Epochs", width=80),
        "duration": column.TextColumn("Duration", width=95),
        "created": column.DatetimeColumn("Created", format="distance"),
        "disk": column.NumberColumn("Disk", format="%.1f MB"),
        "message": column.TextColumn("Message"),
    }


@st.cache_data(max_entries=4000, ttl=DISK_TTL, show_spinner=False)
def _read_size(folder: str, state: Sequence[str]) -> int:
    """Return a run's bytes on disk; measured again when its state is another."""
    return disk_use(Run(Path(folder)))


def _say_disk_use(workspace: Workspace, runs: pd.DataFrame) -> None:
    words = f"All {len(runs):,} runs together use {format_bytes(int(runs['disk'].sum()))}"
    with show_errors():
        free = shutil.disk_usage(workspace.folder).free
    st.caption(f"{words}; {format_bytes(free)} of the disk are free.")
