"""Images of the validation set that a run gets wrong after an epoch, the most confident first."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.dataset import open_folder
from pages.components.grid import Tile, show_grid
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import build_tiles
from xray_core.errors import RunError, XrayError
from xray_core.evaluation.epochs import list_wrong, read_answers
from xray_core.figures.colors import class_color
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run

N_SHOWN, COLUMNS = 6, 3
SIDE = 192  # px


def show_wrong(run: Run, recipe: Recipe, epoch: int) -> None:
    """Show the most confident mistakes after an epoch; nothing where no answers were kept.

    Args:
        run: whose answers they are.
        recipe: of the run; it names the dataset's folder and the task.
        epoch: from 1.
    """
    stamps = stamp_answers(run, epoch)
    if None in stamps:
        return
    try:
        answers, n_wrong, n = _read_wrong(str(run.folder), epoch, stamps)
    except RunError:
        show_muted(f"What was answered after epoch {epoch} cannot be read; the figures stand.")
        return
    show_section(
        f"Wrong after epoch {epoch}",
        f"{n_wrong:,} of {n:,} validation images; most confident first",
    )
    if answers.empty:
        show_muted("None: every validation image is predicted right.")
        return
    if (tables := open_tables(recipe)) is None:
        return
    _, tiles = _build_tiles(tables, answers, str(run.folder), epoch, stamps)
    if tiles:
        show_grid(tiles, f"wrong_{run.name}", columns=COLUMNS)


def stamp_answers(run: Run, epoch: int) -> list[object]:
    """Return what changes when the answers after an epoch do; None for a file that is not there."""
    names = (f"validation/epoch-{epoch:04d}.parquet", "split.parquet")
    return [stamp_file(str(run.folder / name)) for name in names]


def open_tables(recipe: Recipe) -> Tables | None:
    """Return the images of a run, or say that they are gone and return None."""
    try:
        return read_tables(open_folder(Path(recipe.data_folder)), recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        show_muted("The images are no longer where the run read them.")
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _read_wrong(folder: str, epoch: int, stamps: Sequence[object]) -> tuple[pd.DataFrame, int, int]:
    answers = read_answers(Run(Path(folder)), epoch)
    n_wrong = int((answers["actual"] != answers["predicted"]).sum())
    return list_wrong(answers, N_SHOWN), n_wrong, len(answers)


# Keyed by the tables' identity, which nothing else can take on: the result holds them.
@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={Tables: id})
def _build_tiles(
    tables: Tables, _answers: pd.DataFrame, folder: str, epoch: int, stamps: Sequence[object]
) -> tuple[Tables, list[Tile]]:
    known = _answers[_answers["image_id"].isin(tables.places)]
    images = tables.pick_images(known["image_id"])
    classes = list(tables.counts["class"])
    tiles = [
        replace(
            tile,
            title=f"{row.actual} → {row.predicted}",
            note=f"{row.probability:.0%}",
            alt=f"X-ray {row.image_id}: {row.actual}, predicted {row.predicted} "
            f"with probability {row.probability:.0%}",
            color=class_color(str(row.actual), classes),
        )
        for tile, row in zip(build_tiles(tables, images, SIDE), known.itertuples(), strict=True)
    ]
    return tables, tiles
