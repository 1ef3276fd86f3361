"""An image of a cell large: its heat map, probabilities, what else is known of it and like it."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.components.grid import show_grid
from pages.components.heat_maps import (
    HeatMap,
    ask_heat,
    lay_over,
    show_heat_words,
    show_opacity,
)
from pages.components.nearest import show_nearest_of
from pages.components.small_type import show_facts, show_section
from pages.components.tables import Tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from pages.evaluate.cell_address import ROW_HEIGHT, CellWords, close_image, open_image, show_link
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY

MOST_OTHERS = 12  # images of the same patient


def show_large(
    run: Run,
    tables: Tables,
    rows: pd.DataFrame,
    place: int,
    recipe: Recipe,
    words: CellWords,
    *,
    heated: bool,
) -> None:
    """Show one image of a cell large, and what is known of it.

    Args:
        run: evaluated.
        tables: of the dataset.
        rows: of the cell, in their order; see `cell_images.show_cell_images`.
        place: of the image in `rows`.
        recipe: of the run.
        words: how the cell is called.
        heated: whether a heat map is wanted.
    """
    row = rows.iloc[place]
    ids = list(rows["image_id"])
    images = tables.pick_images([row.image_id])
    title = f"{row.probability:.0%} {words.answer}"
    maps: Mapping[str, HeatMap] = {}
    opacity = 0.0
    if heated:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            target = _choose_target(recipe, words)
            opacity = show_opacity()
        maps = ask_heat(run, [row.image_id], target) or {}
    tiles = build_tiles(tables, images, LARGE_SIDE)
    show_viewer(
        lay_over([replace(tile, title=title) for tile in tiles], maps, recipe),
        "cell_large",
        list_windows(tables, images),
        open_image,
        lambda _: close_image(),
        before=ids[place - 1] if place else "",
        after=ids[place + 1] if place + 1 < len(ids) else "",
        place=f"{place + 1:,} of {len(ids):,}",
        show_boxes=bool(st.session_state["cell_boxes"]),
        show_heat=opacity,
    )
    show_heat_words(maps)
    show_facts(_list_probabilities(row, recipe), beside=True)
    _show_others(tables, images)
    show_nearest_of(run, recipe, str(row.image_id))
    show_link(str(row.image_id), recipe)


def _choose_target(recipe: Recipe, words: CellWords) -> str:
    """Show of which class the heat map is to be; return that."""
    classes = list(recipe.class_names)
    # Another cell begins with its own class.
    return str(
        st.selectbox(
            "Heat map for",
            classes,
            index=classes.index(words.target),
            key=f"heat_target_{words.actual}_{words.predicted}",
            format_func=lambda name: f"for {name}",
            label_visibility="collapsed",
            width=230,
        )
    )


def _list_probabilities(row: pd.Series, recipe: Recipe) -> dict[str, str]:
    """Return the probability of each class of an image, most probable first."""
    values = {
        name: float(row[PROBABILITY + name])
        for name in recipe.class_names
        if PROBABILITY + name in row.index
    }
    ordered = sorted(values, key=lambda name: -values[name])
    return {f"Probability of {name}": f"{values[name]:.1%}" for name in ordered}


def _show_others(tables: Tables, images: pd.DataFrame) -> None:
    """Show the other images of the patient of an image, if there are any."""
    patient, own = images["patient_id"].iloc[0], images["image_id"].iloc[0]
    if pd.isna(patient):
        return
    present = tables.catalog.present
    others = present[(present["patient_id"] == patient) & (present["image_id"] != own)]
    if others.empty:
        return
    shown = others.iloc[:MOST_OTHERS]
    note = f"{len(others):,}" if len(shown) == len(others) else f"{len(shown)} of {len(others):,}"
    show_section("The patient's other images", note)
    show_grid(build_tiles(tables, shown), "cell_others", row_height=ROW_HEIGHT)
