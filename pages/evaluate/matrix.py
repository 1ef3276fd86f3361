"""The confusion matrix, and beside it the images of the cell that is clicked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import Cell, show_confusion
from pages.components.small_type import show_facts
from pages.evaluate.cell_address import CELL, CellWords, open_cell
from pages.evaluate.cell_images import show_cell_images
from pages.evaluate.scores import format_metrics
from xray_core.recipes import Recipe
from xray_core.runs import Run

PER_PAGE = 12  # images beside the matrix: two rows, so that the tabs below are in sight


@dataclass(frozen=True)
class _Evaluated:
    """What was evaluated, read-only: a row an image, with the places of its two classes."""

    table: pd.DataFrame


@st.fragment(key="cells")
def show_cells(run: Run, recipe: Recipe, report: dict[str, Any], predictions: pd.DataFrame) -> None:
    """Show the matrix with the figures below it, and the images of one cell.

    Args:
        run: evaluated.
        recipe: its own.
        report: likewise.
        predictions: as `read_evaluated` returns them.
    """
    picked = _read_cell(report)
    left, right = st.columns([6, 7], gap="medium")
    with left:
        show_confusion(
            report["classes"],
            report["confusion"],
            f"n = {report['n']:,} images of the {report['subset']} set; shares of the row; framed: "
            "right. Click a cell for its images.",
            key=f"matrix_{run.name}",
            picked=picked,
            on_pick=open_cell,
            recalls=[format_ends(row["recall"]) for row in report["per_class"]],
        )
        show_facts(*format_metrics(report), beside=True)
    with right:
        actual, predicted = (report["classes"][place] for place in picked)
        rows = predictions[
            (predictions["actual"] == actual) & (predictions["predicted"] == predicted)
        ].assign(probability=lambda table: table["confidence"])
        words = CellWords(
            title=f"{actual}, predicted {predicted}",
            caption="Below each image: how sure the network was of its answer.",
            answer=f"sure of {predicted}",
            actual=actual,
            predicted=predicted,
            target=predicted,
        )
        key = f"{picked[0]}_{picked[1]}"
        show_cell_images(run, rows, recipe, words, key=key, per_page=PER_PAGE)


def format_ends(recall: dict[str, float | None]) -> str:
    """Return the ends of an interval in percent, e.g. "79 to 90"; "" where there is none."""
    low, high = recall["low"], recall["high"]
    return "" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f}"


def _read_cell(report: dict[str, Any]) -> Cell:
    """Return the cell in the address; else the most frequent mistake, or what is right."""
    n_classes = len(report["classes"])
    first, _, second = st.query_params.get(CELL, "").partition("-")
    if first.isdecimal() and second.isdecimal() and max(int(first), int(second)) < n_classes:
        return int(first), int(second)
    counts = report["confusion"]
    cells = [(row, column) for row in range(n_classes) for column in range(n_classes)]
    return max(cells, key=lambda cell: (cell[0] != cell[1]) * counts[cell[0]][cell[1]])


def read_evaluated(run: Run, subset: str) -> pd.DataFrame:
    """Return what the network said of each evaluated image, with how sure it was of its answer.

    Args:
        run: evaluated.
        subset: that was evaluated.

    Returns:
        As `Run.read_predictions`, with a column "confidence" in [0, 1]; read-only and shared.

    Raises:
        RunError: the predictions cannot be read.
    """
    path = run.folder / "predictions.parquet"
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _read_evaluated(str(run.folder), stamp, subset).table


@st.cache_resource(max_entries=16, show_spinner=False)
def _read_evaluated(folder: str, stamp: int, subset: str) -> _Evaluated:
    table = Run(Path(folder)).read_predictions()
    table = table[(table["subset"] == subset) & table["predicted"].notna()]
    columns = [name for name in table.columns if name.startswith("p_")]
    return _Evaluated(table.assign(confidence=table[columns].max(axis=1)))
