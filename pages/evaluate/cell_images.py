"""The images of a cell of a confusion matrix: as tiles, one of them large, or by name."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import Tile, show_grid
from pages.components.heat import SHOWN
from pages.components.heat_maps import (
    ask_heat,
    lay_over,
    show_heat_toggle,
    show_heat_words,
)
from pages.components.pager import show_pager
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import build_tiles
from pages.evaluate.cell_address import IMAGE, ROW_HEIGHT, CellWords, open_image
from pages.evaluate.cell_large import show_large
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.runs import Run

ORDER = "cell_order"  # in the session
COLUMNS = {
    "image_id": "Image",
    "actual": "True class",
    "predicted": "Predicted class",
    "probability": st.column_config.NumberColumn("Probability", format="percent"),
}
ORDERS = {"most confident first": False, "least confident first": True}


def show_cell_images(
    run: Run, rows: pd.DataFrame, recipe: Recipe, words: CellWords, key: str, per_page: int
) -> None:
    """Show the images of a cell, or one of them large.

    Args:
        run: evaluated.
        rows: image_id, actual, predicted, confidence (by which they are ordered) and probability,
            in [0, 1], which is shown; beside them may stand the probability of each class.
        recipe: of the run; it names the dataset's folder and the task.
        words: how all this is called.
        key: unique for each cell: another one begins on its first page.
        per_page: images that are shown at once.
    """
    rows = rows.assign(actual=words.actual, predicted=words.predicted)
    if rows.empty:
        show_section(words.title, "no image in this cell; choose another one")
        return
    try:
        catalog = open_folder(Path(recipe.data_folder))
        tables = read_tables(catalog, recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        show_section(words.title, f"{len(rows):,} image{'s' * (len(rows) != 1)}")
        _show_without_images(rows.sort_values("confidence", ascending=False), recipe)
        return
    here = rows[rows["image_id"].isin(tables.places)]
    is_large = bool((here["image_id"] == st.query_params.get(IMAGE, "")).any())
    order, heated = _show_head(run, rows, words, is_large=is_large)
    here = here.sort_values("confidence", ascending=ORDERS[order], kind="stable")
    here = here.reset_index(drop=True)
    if absent := len(rows) - len(here):
        st.caption(f"{absent:,} of them {'is' if absent == 1 else 'are'} absent from the folder.")
    if here.empty:
        _show_without_images(rows, recipe)
        return
    network = run if heated else None
    if is_large:
        place = int((here["image_id"] == st.query_params[IMAGE]).to_numpy().argmax())
        show_large(run, tables, here, place, recipe, words, heated=heated)
    else:
        page = _choose_page(len(here), f"{key}_{order}", per_page, words.caption)
        with page.place:
            _show_page(network, tables, here.iloc[page.rows], recipe, words)


def _show_head(
    run: Run, rows: pd.DataFrame, words: CellWords, *, is_large: bool
) -> tuple[str, bool]:
    """Show what the cell holds; return the order of its images, and whether heat is wanted."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_section(words.title, f"{len(rows):,} image{'s' * (len(rows) != 1)}")
        st.space("stretch")
        heated = show_heat_toggle(run)
        st.toggle("Boxes", True, key="cell_boxes", persist_state="session")
        if is_large:  # the order stays what it is
            return str(st.session_state.get(ORDER, next(iter(ORDERS)))), heated
        order = st.selectbox(
            "Order",
            list(ORDERS),
            key=ORDER,
            persist_state="session",
            label_visibility="collapsed",
            width=176,
        )
    return str(order), heated


@dataclass(frozen=True)
class _Page:
    """Where the images of a page stand, and which they are."""

    place: Any
    rows: slice


def _choose_page(n_images: int, key: str, per_page: int, caption: str) -> _Page:
    n_pages = math.ceil(n_images / per_page)
    place, page = st.container(gap="small"), 1  # above the line of the pager
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_muted(caption)
        if n_pages > 1:
            page = show_pager(n_pages, f"page_{key}")
    return _Page(place, slice((page - 1) * per_page, page * per_page))


def _show_page(
    run: Run | None, tables: Tables, rows: pd.DataFrame, recipe: Recipe, words: CellWords
) -> None:
    """Show images as tiles, with heat maps of the run's network if one is given."""
    maps = ask_heat(run, list(rows["image_id"]), words.target) if run else None
    show_grid(
        lay_over(_build(tables, rows, words), maps or {}, recipe),
        "cell_grid",
        open_image,
        row_height=ROW_HEIGHT,
        show_boxes=st.session_state["cell_boxes"],
        show_heat=SHOWN,
    )
    show_heat_words(maps or {})


def _build(tables: Tables, rows: pd.DataFrame, words: CellWords) -> list[Tile]:
    tiles = build_tiles(tables, tables.pick_images(rows["image_id"]))
    return [
        replace(
            tile,
            title=f"{row.probability:.0%}",
            note="",
            color="",
            alt=f"X-ray {row.image_id}: {row.actual}, predicted {row.predicted} "
            f"({row.probability:.0%} {words.answer.split(' of ')[0]})",
        )
        for tile, row in zip(tiles, rows.itertuples(), strict=True)
    ]


def _show_without_images(rows: pd.DataFrame, recipe: Recipe) -> None:
    st.info(
        f"The images are no longer at {escape_markdown(recipe.data_folder)}; the figures stand "
        "without them."
    )
    st.dataframe(
        rows[list(COLUMNS)],
        hide_index=True,
        column_config=COLUMNS,
        alt="The images of the cell, by name",
    )
