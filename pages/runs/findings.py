"""One epoch of a run on several findings: each one's AUC, and the labels that are most wrong."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.finding_areas import show_areas
from pages.components.grid import Tile, show_grid
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables
from pages.components.tiles import build_tiles
from pages.runs.wrong import open_tables, stamp_answers
from xray_core.errors import RunError
from xray_core.evaluation.finding_answers import (
    CALLED,
    MISSED,
    count_wrong_findings,
    list_wrong_findings,
    read_finding_answers,
)
from xray_core.evaluation.measured import FEW_PATIENTS
from xray_core.figures.colors import class_color
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.splits import SUBSETS

N_SHOWN = 3  # images of a kind, in one row
SIDE = 192  # px
KINDS = {
    MISSED: ("Missed", "findings that are there and have a probability below 50%"),
    CALLED: ("False positives", "findings that are absent and have a probability from 50% on"),
}


def holds_findings(row: "pd.Series[Any]", classes: Sequence[str]) -> bool:
    """Return whether the line of an epoch tells of these findings."""
    counts = row.get("finding_counts")
    return isinstance(counts, list) and len(counts) == len(classes)


def show_epoch_areas(run: Run, classes: Sequence[str], row: "pd.Series[Any]", note: str) -> None:
    """Show each finding's AUC after an epoch.

    Args:
        run: whose epoch it is.
        classes: its findings, in the order of the log.
        row: the epoch's, of the metric log.
        note: what is said of the epoch.
    """
    show_section("AUC of each finding", note)
    counts = pd.DataFrame(row["finding_counts"], columns=["TN", "FP", "FN", "TP"])
    present = counts["FN"] + counts["TP"]
    absent = counts["TN"] + counts["FP"]
    areas = pd.DataFrame(
        {
            "finding": pd.Series(list(classes), dtype="object"),
            "area": pd.Series(row["finding_auc"], dtype="float64"),
            "low": float("nan"),
            "high": float("nan"),
            "present": present,
            "absent": absent,
            "too_few": (present < FEW_PATIENTS) | (absent < FEW_PATIENTS),
        }
    )
    show_areas(areas, f"areas_{run.name}", counted="images")


def show_finding_subsets(data: dict[str, Any]) -> None:
    """Show how many images of each subset have each finding.

    Args:
        data: what a run on several findings wrote of its data.
    """
    there = [name for name in SUBSETS if name in data["subsets"]]
    counts = pd.DataFrame(data["subsets"])[there]
    unknown = pd.DataFrame(data["unknown"])[there].add_suffix(", unknown")
    st.dataframe(
        pd.concat([counts, unknown.loc[:, unknown.any()]], axis=1),
        width="content",
        alt="Images that have each finding in each subset",
    )
    show_muted(
        "Images that have the finding, of "
        + ", ".join(f"{data['n_images'][name]:,} of the {name} set" for name in there)
        + "; an image may have several."
    )


def show_wrong_findings(run: Run, recipe: Recipe, epoch: int) -> None:
    """Show the labels that are most wrong after an epoch; nothing where no answers were kept.

    Args:
        run: whose answers they are.
        recipe: of the run; it names the dataset's folder and the task.
        epoch: from 1.
    """
    stamps = stamp_answers(run, epoch)
    if None in stamps:
        return
    try:
        wrong, counts, n = _read_wrong(str(run.folder), epoch, stamps)
    except RunError:
        show_muted(f"What was answered after epoch {epoch} cannot be read; the figures stand.")
        return
    if (tables := open_tables(recipe)) is None:
        return
    for kind, (title, explanation) in KINDS.items():
        note = f"{counts[kind]:,} labels on {n:,} validation images"
        show_section(f"{title} after epoch {epoch}", note)
        if wrong[kind].empty:
            show_muted(f"None: there are no {explanation}.")
            continue
        _, tiles = _build_tiles(tables, wrong[kind], str(run.folder), epoch, kind, stamps)
        if tiles:
            show_grid(tiles, f"wrong_{kind}_{run.name}", columns=N_SHOWN)
            show_muted(f"The most confident of the {explanation}, one of each finding first.")


@st.cache_data(max_entries=256, show_spinner=False)
def _read_wrong(
    folder: str, epoch: int, stamps: Sequence[object]
) -> tuple[dict[str, pd.DataFrame], dict[str, int], int]:
    answers = read_finding_answers(Run(Path(folder)), epoch)
    wrong = {kind: list_wrong_findings(answers, kind, N_SHOWN) for kind in KINDS}
    return wrong, count_wrong_findings(answers), len(answers)


# Keyed by the tables' identity, which nothing else can take on: the result holds them.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Tables: id})
def _build_tiles(
    tables: Tables,
    _wrong: pd.DataFrame,
    folder: str,
    epoch: int,
    kind: str,
    stamps: Sequence[object],
) -> tuple[Tables, list[Tile]]:
    known = _wrong[_wrong["image_id"].isin(tables.places)]
    images = tables.pick_images(known["image_id"])
    classes = list(tables.counts["class"])
    tiles = [
        replace(
            tile,
            title=str(row.finding),
            note=f"{row.probability:.0%}",
            alt=f"X-ray {row.image_id}: {row.finding} {KINDS[kind][0].lower()}, probability "
            f"{row.probability:.0%}",
            color=class_color(str(row.finding), classes),
        )
        for tile, row in zip(build_tiles(tables, images, SIDE), known.itertuples(), strict=True)
    ]
    return tables, tiles
