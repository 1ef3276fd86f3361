"""One epoch of a run that draws masks: the Dice of each validation image, the worst ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.figure import show_figure
from pages.components.grid import Tile, show_grid
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables
from pages.components.tiles import build_tiles
from pages.runs.wrong import COLUMNS, N_SHOWN, SIDE, open_tables, stamp_answers
from xray_core.errors import RunError
from xray_core.figures.masks import count_dice, plot_dice
from xray_core.recipes import Recipe
from xray_core.runs import Run


def holds_dice(row: "pd.Series[Any]", classes: Sequence[str]) -> bool:
    """Return whether the line of an epoch tells of masks."""
    return not pd.isna(row.get("val_dice"))


def show_epoch_dice(run: Run, recipe: Recipe, row: "pd.Series[Any]", note: str) -> None:
    """Show which Dice the validation images have after an epoch, and the worst of them.

    Args:
        run: whose epoch it is.
        recipe: its own.
        row: the epoch's, of the metric log.
        note: what is said of the epoch.
    """
    epoch = int(row["epoch"])
    stamps = stamp_answers(run, epoch)
    measured = None
    if None not in stamps:
        try:
            measured = _read_measured(str(run.folder), epoch, stamps)
        except RunError:
            show_muted(f"What was drawn after epoch {epoch} cannot be read; the figures stand.")
    if measured is None:
        show_section("Dice of the validation images", note)
        return
    table = count_dice(measured["dice"])
    show_figure(
        plot_dice(table, "validation"),
        f"{run.name}-dice",
        f"Dice of {len(measured):,} validation images after epoch {epoch}: mean "
        f"{measured['dice'].mean():.3f}, lowest {measured['dice'].min():.3f}",
        table,
        title="Dice of the validation images",
        note=note,
    )
    worst = measured.nsmallest(N_SHOWN, "dice")
    if (tables := open_tables(recipe)) is None:
        return
    _, tiles = _build_tiles(tables, worst, str(run.folder), epoch, stamps)
    if tiles:
        show_section(f"Lowest Dice after epoch {epoch}", "outlines come with the final result")
        show_grid(tiles, f"worst_{run.name}", columns=COLUMNS)


@st.cache_data(max_entries=256, show_spinner=False)
def _read_measured(folder: str, epoch: int, stamps: Sequence[object]) -> pd.DataFrame:
    return Run(Path(folder)).read_mask_validation(epoch)


# Keyed by the tables' identity, which nothing else can take on: the result holds them.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Tables: id})
def _build_tiles(
    tables: Tables, _worst: pd.DataFrame, folder: str, epoch: int, stamps: Sequence[object]
) -> tuple[Tables, list[Tile]]:
    known = _worst[_worst["image_id"].isin(tables.places)]
    images = tables.pick_images(known["image_id"])
    tiles = [
        replace(
            tile,
            title=f"Dice {row.dice:.3f}",
            note="",
            alt=f"X-ray {row.image_id}: Dice {row.dice:.3f}",
            color="",
        )
        for tile, row in zip(build_tiles(tables, images, SIDE), known.itertuples(), strict=True)
    ]
    return tables, tiles
