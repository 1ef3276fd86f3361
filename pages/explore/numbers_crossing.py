"""Labels of studies beside those of their images: where a dataset has both, and they differ."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.explore import numbers_tables
from pages.explore.column_filters import write_filters
from pages.explore.cross_table import Cell, show_cross_table
from pages.explore.numbers_tables import recall
from xray_core.selection import VALUES, Filter
from xray_core.tasks import CROSSING, list_notes, spell_findings

MAX_ROWS, MAX_COLUMNS = 20, 8  # labels that the table shows, the most frequent


@dataclass(frozen=True)
class Crossing:
    """The cross-table as it is shown.

    Attributes:
        rows: labels of studies.
        columns: labels of images.
        cells: a list for each row, with a cell for each column.
        sentences: one on each label of images, Markdown.
        is_mixed: whether a study has images of several labels.
    """

    rows: list[str]
    columns: list[str]
    cells: list[list[Cell]]
    sentences: list[str]
    is_mixed: bool


def show_crossing(tables: Tables) -> None:
    """Show the cross-table of study labels and image labels; nothing where there are not both."""
    crossing = recall(_arrange, tables)
    if crossing is None:
        return
    show_section("The study's label beside the image's", "a click shows the images that are here")
    rows, columns = crossing.rows, crossing.columns
    show_cross_table(
        ("study label", "image label"),
        [_name(label) for label in rows],
        [_name(label) for label in columns],
        crossing.cells,
        "crossing",
        lambda row, column: _show_images(rows[row], columns[column]),
    )
    st.markdown("\n".join(f"- {line}" for line in crossing.sentences))
    if crossing.is_mixed:
        st.caption(
            "A mixed study has images of several labels: its own label need not be seen on "
            "each of them."
        )
    for note in list_notes(tables.catalog, CROSSING):
        st.caption(escape_markdown(f"{note.text} Source: {note.source}."))


def _arrange(tables: Tables) -> Crossing | None:
    """Return the table as it is shown: to build it takes as long as the rest of the section."""
    crossed = recall(numbers_tables.crossed, tables)
    if crossed.empty:
        return None
    rows, columns = (
        _list_frequent(crossed, name, most)
        for name, most in (("findings", MAX_ROWS), ("image_findings", MAX_COLUMNS))
    )
    return Crossing(
        rows,
        columns,
        _build_cells(crossed, rows, columns),
        _describe(crossed, columns),
        bool(crossed["elsewhere"].any()),
    )


def _list_frequent(crossed: pd.DataFrame, column: str, most: int) -> list[str]:
    """Return the labels of a column, those of the most images first, `most` at most."""
    images = crossed.groupby(column)["images"].sum()
    return [str(name) for name in images.sort_values(ascending=False, kind="stable").index[:most]]


def _build_cells(crossed: pd.DataFrame, rows: list[str], columns: list[str]) -> list[list[Cell]]:
    counts = crossed.set_index(["findings", "image_findings"])
    of_row = crossed.groupby("findings")["images"].sum()
    cells = []
    for row in rows:
        line = []
        for column in columns:
            there = (row, column) in counts.index
            images, present = counts.loc[(row, column), ["images", "present"]] if there else (0, 0)
            share = images / of_row[row]
            absent = f", {images - present:,} absent" if present < images else ""
            line.append(
                Cell(
                    int(images),
                    float(share),
                    f"{share:.1%}{absent}" if images else "",
                    f"{images:,} images: study {_name(row)}, image {_name(column)}. Show the "
                    f"{present:,} that are here",
                    not present,
                )
            )
        cells.append(line)
    return cells


def _describe(crossed: pd.DataFrame, columns: list[str]) -> list[str]:
    """Return a sentence on each label of images: which studies they are of, the usual first."""
    sentences = []
    for column in columns:
        mine = crossed[crossed["image_findings"] == column]
        first, *others = mine.sort_values("images", ascending=False).to_dict("records")
        sentence = f"**{escape_markdown(_name(column))}**: {_count(first)}"
        if others:
            rest = sum(row["images"] for row in others)
            listed = ", ".join(map(_count, others))
            sentence += f"; and {rest:,} of other studies: {listed}"
        sentences.append(f"{sentence}.")
    return sentences


def _count(row: dict[Hashable, Any]) -> str:
    """Return the images of a pair of labels, and how many of them are in mixed studies."""
    words = f"{row['images']:,} {escape_markdown(_name(row['findings']))}"
    return words + (f" ({row['elsewhere']:,} in mixed studies)" if row["elsewhere"] else "")


def _name(label: str) -> str:
    return spell_findings(label)


def _show_images(study: str, image: str) -> None:
    """Show the images of a cell, from the next run on."""
    write_filters(
        [
            Filter("findings", VALUES, values=(study,)),
            Filter("image_findings", VALUES, values=(image,)),
        ]
    )
