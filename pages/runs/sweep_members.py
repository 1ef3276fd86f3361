"""The runs of a sweep: in the order of their validation set, and how their test sets are opened."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.small_type import show_muted, show_section
from pages.components.user import find_user
from pages.evaluate.opening import COST
from pages.runs.outcome import carry_out_for_all
from pages.runs.run_table import (
    COLUMNS,
    call_run,
    format_result,
    format_run_score,
    format_validation,
    list_rows,
    name_figure,
)
from xray_core.audit.issue import count_of
from xray_core.evaluation.board_entry import OUTSIDE
from xray_core.evaluation.leaderboard import build_board
from xray_core.runs import Run
from xray_core.runs.opening import open_test
from xray_core.workspace import Workspace


def show_closed(workspace: Workspace, closed: Sequence[str]) -> None:
    """Say which test sets are closed, with the button that opens them all.

    Args:
        workspace: the folders.
        closed: names of the runs, at least one.
    """
    n = len(closed)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        panel = st.popover(
            f"Open {count_of(n, 'test set')}",
            icon=":material/lock:",
            key="open_sweep",
            on_change="rerun",
        )
        show_muted("All figures here are of the validation set.")
    if panel.open:
        with panel:
            st.markdown(COST)
            st.button(
                "Open now",
                type="primary",
                icon=":material/lock_open:",
                on_click=_open,
                args=(workspace, closed, find_user()),
            )


def _open(workspace: Workspace, closed: Sequence[str], user: str) -> None:
    runs = [Run(workspace.runs / name) for name in closed]
    carry_out_for_all("opened", lambda run: open_test(run, workspace, user, "click"), runs)
    st.session_state["open_sweep"] = False


def _put_in_order(members: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with their place, best validation first, then those that are not through."""
    first = members.iloc[0]
    by = name_figure(first)
    board = build_board(members, first["folder"], first["task"], by, published=False)
    places = {entry.run: entry.place for entry in board.entries}
    order = {name: number for number, name in enumerate(places)}
    placed = members.assign(place=[places.get(name, OUTSIDE) for name in members["name"]])
    return placed.sort_values("name", key=lambda names: names.map(order), kind="stable")


def show_members(members: pd.DataFrame, name: str) -> None:
    """Show the runs of a sweep, best on the validation set first; a click opens one.

    Args:
        members: as `run_table.add_now` returns them, with setting and member.
        name: of the sweep.
    """
    show_section("Its runs", "best on the validation set first; click one to open it")
    members = _put_in_order(members)
    rows = list_rows(members)
    cells = pd.DataFrame(
        {
            "place": members["place"].to_numpy(),
            "run": [call_run(row) for row in rows],
            "state": ["diverged" if row.diverged else row.state for row in rows],
            "setting": members["setting"].to_numpy(),
            "member": members["member"].to_numpy(),
            "validation": [format_validation(row) for row in rows],
            "auc": [format_run_score(row, "val_auc", share=False) for row in rows],
            "result": [format_result(row) for row in rows],
        }
    )
    event: Any = st.dataframe(
        cells.drop(
            columns=[
                *([] if (members["place"] != OUTSIDE).any() else ["place"]),
                *([] if (members["member"] != members["name"]).any() else ["member"]),
                *([] if members["setting"].nunique() > 1 else ["setting"]),
                *([] if cells["auc"].any() else ["auc"]),
            ]
        ),
        hide_index=True,
        key=f"members_{name}",
        on_select="rerun",
        selection_mode="single-cell",
        placeholder="–",
        alt="Runs of the sweep",
        column_config={
            "place": st.column_config.TextColumn(
                "Place", width=70, help="With what the 95% confidence interval leaves open."
            ),
            "run": st.column_config.TextColumn("Name", width=150),
            "state": st.column_config.TextColumn("State", width=90),
            "setting": st.column_config.TextColumn("Setting", width=220),
            "member": st.column_config.TextColumn("Which", width=130),
            **{key: COLUMNS[key] for key in ("validation", "auc", "result")},
        },
    )
    if picked := event.selection.cells:
        st.query_params["run"] = members["name"].iloc[picked[0][0]]
        st.rerun(scope="app")
