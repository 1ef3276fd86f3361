"""All runs as a table: open one, tag several, throw them into the bin."""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.frame import errors_in_words
from pages.parts.run_state import COLORS, format_duration
from pages.parts.runs.outcome import act
from pages.parts.runs.run_bin import format_size, show_bin
from pages.parts.runs.run_filters import STATE_OPTIONS, choose_runs, sort_runs
from xray_core.errors import RunError
from xray_core.home import Home
from xray_core.run_shelf import Notes, bin_run, disk_use, read_notes, write_notes
from xray_core.runs import Run

STATE_COLORS = [COLORS.get(state, "red") for state in STATE_OPTIONS]
DISK_TTL = 300  # seconds for which the size of an ended run is believed


def show_table(home: Home, runs: pd.DataFrame) -> None:
    """Show every run that passes the filters, and open the one that is clicked.

    Args:
        home: the workspace.
        runs: as `run_shelf.run_table` returns.
    """
    if runs.empty:  # all are in the bin
        show_bin(home)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("All runs", anchor=False)
        show_bin(home)
    runs = runs.assign(took=(runs["ended_at"] - runs["started_at"]).dt.total_seconds())
    passed, order, with_disk = choose_runs(runs)
    if with_disk:
        with st.spinner("Measuring …"):
            keys = runs[["name", "state", "ended_at"]].astype("str").itertuples(index=False)
            runs["disk"] = [_read_size(str(home.runs / key.name), tuple(key)) for key in keys]
        _say_disk_use(home, runs)
    shown = sort_runs(runs[passed], order)
    st.caption(_count(len(shown), len(runs)))
    if shown.empty:
        st.info("No run passes the filters. Take one back.", icon=":material/filter_list_off:")
        return
    _show(home, shown, runs)


def _show(home: Home, shown: pd.DataFrame, runs: pd.DataFrame) -> None:
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
        show_bulk(home, ticked, runs)


def show_bulk(home: Home, names: list[str], runs: pd.DataFrame) -> None:
    """Show what can be done to several runs at once: tag them, or throw them away.

    Args:
        home: the workspace.
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
                on_click=act,
                args=(_tag, home, names, tags, add),
                disabled=not tags,
            )
        st.button(
            "Delete to the bin",
            icon=":material/delete:",
            on_click=act,
            args=(_bin, home, names),
            help="They can be restored until the bin is emptied.",
        )


def _tag(home: Home, names: list[str], tags: list[str], add: bool) -> str:
    for name in names:
        run = Run(home.runs / name)
        old = read_notes(run)
        kept = tuple(tag for tag in old.tags if tag not in tags)
        write_notes(run, Notes((*kept, *tags) if add else kept, old.note))
    st.session_state["bulk_tags"] = []
    return f"{_count(len(names))} tagged." if add else f"Tags taken off {_count(len(names))}."


def _bin(home: Home, names: list[str]) -> str:
    refused = []
    for name in names:
        try:
            bin_run(Run(home.runs / name), home)
        except RunError as error:  # the others may go all the same
            refused.append(str(error))
    words = f"{_count(len(names) - len(refused))} moved to the bin."
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
            "took": [format_duration(s) if s == s else "" for s in shown["took"]],
            "created": shown["created_at"].to_numpy(),
        }
    )
    if "disk" in shown:
        cells["disk"] = shown["disk"].to_numpy() / 1e6
    cells["message"] = shown["message"].to_numpy()
    said = {"tags": shown["tags"].map(len).any()}
    said |= {name: (shown[name] != "").any() for name in ("changes", "user")}
    return cells.drop(columns=[name for name, any_of_it in said.items() if not any_of_it])


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
            help="Accuracy on the validation part, at the epoch whose weights are kept.",
        ),
        "accuracy": column.NumberColumn(
            "Result",
            format="percent",
            help="Accuracy of the final judgement, on the test part where there is one.",
        ),
        "auc": column.NumberColumn("AUC", format="%.3f", help="Of the final judgement."),
        "epochs": column.TextColumn("Epochs", width=80),
        "took": column.TextColumn("Took", width=95),
        "created": column.DatetimeColumn("Created", format="distance"),
        "disk": column.NumberColumn("Disk", format="%.1f MB"),
        "message": column.TextColumn("Message"),
    }


@st.cache_data(max_entries=4000, ttl=DISK_TTL, show_spinner=False)
def _read_size(folder: str, state_of_it: Sequence[str]) -> int:
    """Return a run's bytes on disk; measured again when its state is another."""
    return disk_use(Run(Path(folder)))


def _say_disk_use(home: Home, runs: pd.DataFrame) -> None:
    words = f"All {len(runs):,} runs together use {format_size(int(runs['disk'].sum()))}"
    with errors_in_words():
        free = shutil.disk_usage(home.folder).free
    st.caption(f"{words}; {format_size(free)} of the disk are free.")
