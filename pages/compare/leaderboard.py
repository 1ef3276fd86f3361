"""The leaderboard of a dataset and task: its runs by their validation set, to be compared."""

import os
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import (
    DATA,
    SHOWN,
    TASK,
    Context,
    Results,
    open_results,
)
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import metric_name
from pages.components.small_type import show_muted
from xray_core.audit.issue import count_of
from xray_core.evaluation.board_entry import Entry
from xray_core.evaluation.leaderboard import (
    BY,
    FOR_FINDINGS,
    OF_MASKS,
    Board,
    build_board,
    list_boards,
)
from xray_core.files import parse_time
from xray_core.registry import list_datasets
from xray_core.runs.index import run_table
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import MASKS, TASKS
from xray_core.workspace import Workspace

RUNS, TICKED, ORDER = "runs", "ticked", "order"  # in the address
ORDER_CHOICE = "leaderboard_order"
FEWEST, MOST = 2, 8  # runs that are compared at once
ALWAYS = ("place", "run", "validation", "test", "when")  # columns
MOST_OPEN = 3  # kinds of words on entries that are read without a click
N_LINKS = 6  # to other leaderboards
TEST_WORDS = {"closed": "closed", "none": "no test set", "published": ""}


def show_leaderboard(context: Context, workspace: Workspace) -> None:
    """Show the finished runs of the chosen data and task, best validation first.

    Args:
        context: what the bar at the top says.
        workspace: the folders.
    """
    if not context.data:
        context.open_catalog()  # draws the demo data
    task = TASKS.get(context.task)
    several = task is not None and task.multilabel
    figures = FOR_FINDINGS if several else BY
    if task is not None and task.asks == MASKS:
        figures = OF_MASKS
    by = _choose_order(figures, several)
    with show_errors():
        runs = run_table(workspace)
        board = build_board(
            runs,
            os.path.realpath(context.folder),
            context.task,
            by,
            published=not is_synthetic(context.folder),
        )
    if not any(entry.run for entry in board.entries):
        _show_others(runs, workspace)
        if not board.entries:
            return
    show_muted(" ".join(board.words))
    _show_table(board, by, several, context)
    _show_marks(board)
    with open_bottom_bar():
        _show_compare(_read_ticked(board))


def list_results(workspace: Workspace) -> Results:
    """Return where runs are finished, whether or not their dataset is registered here.

    The page opens on the data and task of the run shown last, else on those with most finished
    runs, of equals those with the newest.
    """
    with show_errors():
        boards = _name_boards(run_table(workspace), workspace)
    tasks: dict[str, list[str]] = {}
    for (data, _), task, _ in boards:
        tasks.setdefault(data, []).append(task)
    shown = st.session_state.get(SHOWN)
    most = max(boards, key=lambda board: board[2], default=None)
    last = next((b for b in boards if (str(b[0][1]), b[1]) == shown), most)
    return Results(
        {data: folder for (data, folder), _, _ in boards},
        tasks,
        (last[0][0], last[1]) if last else ("", ""),
    )


def _name_boards(
    runs: pd.DataFrame, workspace: Workspace
) -> list[tuple[tuple[str, Path], str, int]]:
    """Return name and folder of the data, task and number of runs of each leaderboard.

    A folder that is called as another dataset here is called by its whole path.
    """
    names = {name: os.path.realpath(root) for name, root in list_datasets(workspace).items()}
    boards = []
    for folder, data, task, n in list_boards(runs):
        name = data if names.setdefault(data, folder) == folder else folder
        boards.append(((name, Path(folder)), task, n))
    return boards


def _show_others(runs: pd.DataFrame, workspace: Workspace) -> None:
    """Say that no run is finished here, with links to where some are."""
    st.info(
        "No run on this data and task is finished yet. Train one, and it stands here.",
        icon=":material/leaderboard:",
    )
    st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
    for (data, _), task, n in _name_boards(runs, workspace)[:N_LINKS]:
        question = TASKS[task].question if task in TASKS else task
        st.button(
            escape_markdown(f"{data}: {count_of(n, 'run')}, {question}"),
            icon=":material/leaderboard:",
            type="tertiary",
            on_click=open_results,
            args=(data, task),
        )


def _choose_order(figures: tuple[str, ...], several: bool) -> str:
    """Show by which figure the runs are put in order, and return the one in the address."""
    order = read_word(ORDER, figures)
    if len(figures) > 1:
        st.session_state[ORDER_CHOICE] = order
        st.segmented_control(
            "In the order of",
            figures,
            key=ORDER_CHOICE,
            format_func=lambda name: metric_name(name, several),
            label_visibility="collapsed",
            required=True,
            on_change=lambda: change_address({ORDER: st.session_state[ORDER_CHOICE]}),
            width="content",
        )
    return order


def _show_table(board: Board, by: str, several: bool, context: Context) -> None:
    ticked = set(_read_ticked(board))
    names = [entry.run for entry in board.entries]
    key = f"board_{board.task}_{by}_{len(names)}"
    rows = [number for number, name in enumerate(names) if name in ticked]
    column = st.column_config
    st.dataframe(
        _build_cells(board),
        hide_index=True,
        key=key,
        on_select=lambda: _tick(key, names, context),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": rows, "columns": [], "cells": []}},
        placeholder="–",
        alt="Runs in the order of their validation set, and published results",
        column_config={
            "place": column.TextColumn(
                "Place", width=70, help="With what the 95% confidence interval leaves open."
            ),
            "run": column.TextColumn("Run", width=200),
            "validation": column.TextColumn(
                f"Validation {metric_name(by, several)}",
                width=200,
                help="With its 95% confidence interval and the number of images; it decides.",
            ),
            "test": column.TextColumn(
                "Test",
                width=200,
                help="Where the test set was opened; nothing goes by it.",
            ),
            "know": column.TextColumn("To be known", width=330),
            "by": column.TextColumn("By", width=90),
            "when": column.DatetimeColumn("When", format="distance", width=110),
            "recipe": column.TextColumn("Made from", width=220, help="The recipe."),
            "split": column.TextColumn("Split", width=260),
        },
    )


def _build_cells(board: Board) -> pd.DataFrame:
    """Return what stands in the table; columns that say nothing of any run are left out."""
    cells = pd.DataFrame([_build_row(entry) for entry in board.entries])
    return cells[[name for name in cells if name in ALWAYS or cells[name].astype(bool).any()]]


def _build_row(entry: Entry) -> dict[str, Any]:
    return {
        "place": entry.place,
        "run": entry.title,
        "validation": entry.validation.words if entry.validation else "",
        "test": entry.test.words if entry.test else TEST_WORDS.get(entry.test_set, ""),
        "know": "; ".join(entry.marks),
        "by": entry.by,
        "when": parse_time(entry.time) if entry.time else None,
        "recipe": entry.recipe,
        "split": entry.split,
    }


def _show_marks(board: Board) -> None:
    """Show what is to be known of each entry, whole: a column has no room for sentences."""
    named: dict[str, list[str]] = {}
    for entry in board.entries:
        if entry.marks:
            named.setdefault("; ".join(entry.marks), []).append(entry.title)
    if not named:
        return
    lines = "".join(
        f"<li>{escape(', '.join(titles))}: {escape(mark)}</li>" for mark, titles in named.items()
    )
    opened = " open" if len(named) <= MOST_OPEN else ""
    st.html(
        f'<details class="muted"{opened}><summary>To be known, in full words</summary>'
        f"<ul>{lines}</ul></details>"
    )


def _read_ticked(board: Board) -> list[str]:
    """Return the runs that the address ticks, of those that are here, best first."""
    wanted = set(st.query_params.get_all(TICKED))
    return [entry.run for entry in board.entries if entry.run and entry.run in wanted]


def _tick(key: str, names: list[str], context: Context) -> None:
    """Keep the ticked rows in the address; a published result cannot be compared."""
    rows = sorted(st.session_state[key].selection.rows)
    ticked = [names[row] for row in rows if row < len(names) and names[row]]
    # With the place, so that "Back" leads to these runs wherever the page opens by then.
    place = {DATA: context.data, TASK: context.task}
    before = {name: word for name, word in st.query_params.to_dict().items() if name != TICKED}
    st.query_params.from_dict({**before, **place, **({TICKED: ticked} if ticked else {})})


def _show_compare(ticked: list[str]) -> None:
    n = len(ticked)
    fits = FEWEST <= n <= MOST
    if not fits:
        show_muted(f"Tick {FEWEST} to {MOST} runs to compare them; {n} ticked.")
    st.space("stretch")
    if st.button(
        f"Compare {n}" if fits else "Compare",
        icon=":material/compare_arrows:",
        type="primary",
        disabled=not fits,
    ):
        # In one step: "Back" leads to the ticked rows.
        st.query_params.from_dict({RUNS: ",".join(ticked)})
        st.rerun()
