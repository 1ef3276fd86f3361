"""Marks of doubtful labels: the buttons that set them, how many there are, and what to do next."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.download import write_csv
from pages.components.small_type import show_muted
from pages.components.tables import Tables
from pages.components.user import find_user
from pages.runs.outcome import carry_out
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.selection import asks_marks
from xray_core.selection.marks import KEEP, LEAVE_OUT, count_marks, write_marks
from xray_core.workspace import Workspace

ICONS = {LEAVE_OUT: ":material/block:", KEEP: ":material/check:"}
LABELS = {LEAVE_OUT: "Label doubtful: leave out", KEEP: "Label right: keep"}
WITHOUT = "doubtful?no"  # the selection that leaves the marked images out
WITHOUT_HELP = (
    "The images marked to leave out are then in none of the subsets: figures are of those that are "
    "left, and not to be compared with those of all."
)
OF_IMAGE = "A mark is of the whole image, whichever of its findings is in doubt."


def offer_marks(
    tables: Tables, row: Any, label: str, workspace: Workspace, go_on: Callable[[], None]
) -> None:
    """Show the buttons that mark the image that is open.

    Args:
        tables: of its dataset and task.
        row: of the doubts: image_id, finding and mark ("" for none).
        label: of the image, in words.
        workspace: the folders.
        go_on: called once the image is marked: opens the next one.
    """

    def mark(kind: str) -> None:
        labels = {row.image_id: label}
        write_marks(workspace, tables.catalog.root, tables.task, labels, kind, find_user())
        if kind:
            go_on()

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for kind, words in LABELS.items():
            is_set = row.mark == kind
            st.button(
                f"{words} (marked)" if is_set else words,
                icon=ICONS[kind],
                key=f"mark_{kind}",
                disabled=is_set,
                help=OF_IMAGE if row.finding else None,
                on_click=carry_out,
                args=(mark, kind),
            )
        if row.mark:
            st.button(
                "Take the mark back",
                type="tertiary",
                key="mark_back",
                on_click=carry_out,
                args=(mark, ""),
            )


def show_marked(rows: pd.DataFrame, marks: pd.DataFrame, run: Run, recipe: Recipe) -> None:
    """Show how many images are marked, the tables as files, and the way to train without them.

    Args:
        rows: the labels in doubt, with key and mark.
        marks: of this task, as `read_marks` returns them.
        run: whose settings are trained again.
        recipe: its own.
    """
    counts = count_marks(marks, recipe.task)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_muted(f"{counts[LEAVE_OUT]:,} marked to leave out, {counts[KEEP]:,} to keep.")
        _offer_file("doubtful labels", rows.drop(columns=["key", "is_doubtful"]))
        if len(marks):
            _offer_file("marks", marks)
        if counts[LEAVE_OUT]:
            selection = recipe.selection
            if not asks_marks(selection):
                selection = ";".join(filter(None, [selection, WITHOUT]))
            st.page_link(
                "pages/train.py",
                label="Train without them",
                icon=":material/model_training:",
                help=WITHOUT_HELP,
                query_params={"from": run.name, "set": f"selection={selection}"},
            )


def _offer_file(name: str, table: pd.DataFrame) -> None:
    st.download_button(
        f"{name[0].upper()}{name[1:]} as CSV",
        lambda: write_csv(table),
        file_name=f"{name.replace(' ', '_')}.csv",
        mime="text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"csv_{name}",
    )
