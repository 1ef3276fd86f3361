"""Map of images: those that were picked, as tiles or one of them large, and the way to Explore."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.address import change_address
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import show_grid
from pages.components.nearest import show_nearest_of
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from pages.explore.listed_images import link_listed
from xray_core.audit.issue import count_of
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.registry import name_root
from xray_core.runs import Run
from xray_core.workspace import find_workspace

IMAGE = "map_image"  # in the address: the one that is large
N_SHOWN = 24
IN_ROW = 4  # of them, so that names and “wrong” can be read


def show_picked(rows: pd.DataFrame, run: Run, recipe: Recipe, called: str) -> None:
    """Show the images that were picked on the map.

    Args:
        rows: of `map_table.Points.table`, at least one.
        run: whose map it is.
        recipe: of the run.
        called: what they are, in words.
    """
    folder = Path(recipe.data_folder)
    try:
        tables = read_tables(open_folder(folder), recipe.task)
    except (XrayError, OSError):
        st.info(
            f"The images are no longer at {escape_markdown(recipe.data_folder)}; the map stands "
            "without them."
        )
        return
    here = rows[rows["image_id"].isin(tables.places)].reset_index(drop=True)
    wanted = st.query_params.get(IMAGE, "")
    [places] = (here["image_id"] == wanted).to_numpy().nonzero()
    more = f", the first {N_SHOWN} are shown" if len(here) > N_SHOWN and not len(places) else ""
    show_section(count_of(len(rows), "image"), called + more)
    if absent := len(rows) - len(here):
        show_muted(f"{absent:,} of them absent from the folder.")
    _offer_explore(here, recipe, folder)
    if len(places):
        _show_large(tables, here, int(places[0]), run, recipe)
    elif len(here):
        tiles = build_tiles(tables, tables.pick_images(here["image_id"].head(N_SHOWN)))
        notes = dict(zip(here["image_id"], map(_note, here.itertuples()), strict=True))
        tiles = [replace(tile, note=notes[tile.id]) for tile in tiles]
        show_grid(tiles, "map_grid", _open, columns=IN_ROW, least_width=96)


def _show_large(tables: Tables, rows: pd.DataFrame, place: int, run: Run, recipe: Recipe) -> None:
    row, ids = rows.iloc[place], rows["image_id"].tolist()
    images = tables.pick_images([row.image_id])
    title = f"{row.label}, predicted {row.predicted} ({row.subset} set)"
    show_viewer(
        [replace(tile, title=title) for tile in build_tiles(tables, images, LARGE_SIDE)],
        "map_large",
        list_windows(tables, images),
        _open,
        lambda _: change_address({IMAGE: ""}),
        before=ids[place - 1] if place else "",
        after=ids[place + 1] if place + 1 < len(ids) else "",
        place=f"{place + 1:,} of {len(ids):,}",
    )
    show_nearest_of(run, recipe, str(row.image_id))


def _note(row: object) -> str:
    """Return that an image is predicted wrongly; "" where it is not."""
    return "wrong" if getattr(row, "predicted", "") != getattr(row, "label", "") else ""


def _open(image_id: str) -> None:
    change_address({IMAGE: image_id})


def _offer_explore(rows: pd.DataFrame, recipe: Recipe, folder: Path) -> None:
    name = name_root(find_workspace(), folder)
    if name is None:
        show_muted(f"To open them in Explore, add the folder {folder} to the datasets first.")
        return
    if rows.empty:
        return
    link_listed(
        f"Open {'it' if len(rows) == 1 else f'all {len(rows):,}'} in Explore",
        name,
        recipe.task,
        folder,
        rows["image_id"].tolist(),
    )
