"""The images of a cell of a confusion matrix: as tiles, one of them large, or by name."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.confusion import Cell
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import Tile, show_grid
from pages.components.pager import show_pager
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.registry import name_root
from xray_core.workspace import find_workspace

ROW_HEIGHT = 96  # px
CELL, IMAGE = "cell", "image"  # in the address
COLUMNS = {
    "image_id": "Image",
    "actual": "True class",
    "predicted": "Predicted class",
    "probability": st.column_config.NumberColumn("Probability", format="percent"),
}
ORDERS = {"most confident first": False, "least confident first": True}


@dataclass(frozen=True)
class CellWords:
    """How a cell and its images are called.

    Attributes:
        title: of the cell.
        caption: what stands below each image.
        answer: what the probability of an image is one of, e.g. "probability of effusion".
        actual: the true class.
        predicted: the predicted one.
    """

    title: str
    caption: str
    answer: str
    actual: str
    predicted: str


def show_cell_images(
    rows: pd.DataFrame, recipe: Recipe, words: CellWords, key: str, per_page: int
) -> None:
    """Show the images of a cell, or one of them large.

    Args:
        rows: image_id, actual, predicted, confidence (by which they are ordered) and probability,
            in [0, 1], which is shown.
        recipe: of the run; it names the dataset's folder and the task.
        words: how all this is called.
        key: unique for each cell: another one begins on its first page.
        per_page: images that are shown at once.
    """
    rows = rows.assign(actual=words.actual, predicted=words.predicted)
    if rows.empty:
        show_section(words.title, "no image in this cell; choose another one")
        return
    order = _show_head(rows, words)
    rows = rows.sort_values("confidence", ascending=ORDERS[order], kind="stable")
    try:
        catalog = open_folder(Path(recipe.data_folder))
        tables = read_tables(catalog, recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        _show_without_images(rows, recipe)
        return
    here = rows[rows["image_id"].isin(tables.places)].reset_index(drop=True)
    if absent := len(rows) - len(here):
        st.caption(f"{absent:,} of them {'is' if absent == 1 else 'are'} absent from the folder.")
    if here.empty:
        _show_without_images(rows, recipe)
        return
    wanted = st.query_params.get(IMAGE, "")
    [places] = (here["image_id"] == wanted).to_numpy().nonzero()
    if len(places):
        _show_large(tables, here, int(places[0]), recipe, words)
    else:
        _show_page(tables, here, words, f"{key}_{order}", per_page)


def _show_head(rows: pd.DataFrame, words: CellWords) -> str:
    """Show what the cell holds, and the order; return the latter."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_section(words.title, f"{len(rows):,} image{'s' * (len(rows) != 1)}")
        st.space("stretch")
        st.toggle("Boxes", True, key="cell_boxes", persist_state="session")
        return str(
            st.selectbox(
                "Order",
                list(ORDERS),
                key="cell_order",
                persist_state="session",
                label_visibility="collapsed",
                width=190,
            )
        )


def _show_page(
    tables: Tables, rows: pd.DataFrame, words: CellWords, key: str, per_page: int
) -> None:
    n_pages = math.ceil(len(rows) / per_page)
    place = st.container()  # above the line of the pager
    page = 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_muted(words.caption)
        if n_pages > 1:
            page = show_pager(n_pages, f"page_{key}")
    shown = rows.iloc[(page - 1) * per_page : page * per_page]
    with place:
        show_grid(
            _build(tables, shown, words),
            "cell_grid",
            open_image,
            row_height=ROW_HEIGHT,
            show_boxes=st.session_state["cell_boxes"],
        )


def _show_large(
    tables: Tables, rows: pd.DataFrame, place: int, recipe: Recipe, words: CellWords
) -> None:
    row = rows.iloc[place]
    ids = list(rows["image_id"])
    images = tables.pick_images([row.image_id])
    title = f"{row.probability:.0%} {words.answer}"
    show_viewer(
        [replace(tile, title=title) for tile in build_tiles(tables, images, LARGE_SIDE)],
        "cell_large",
        list_windows(tables, images),
        open_image,
        lambda _: close_image(),
        before=ids[place - 1] if place else "",
        after=ids[place + 1] if place + 1 < len(ids) else "",
        place=f"{place + 1:,} of {len(ids):,}",
        show_boxes=bool(st.session_state["cell_boxes"]),
    )
    show_link(str(row.image_id), recipe)


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


def show_link(image_id: str, recipe: Recipe) -> None:
    """Show the link that opens an image in Explore, or say how it can be opened there."""
    name = name_root(find_workspace(), Path(recipe.data_folder))
    if name is None:
        st.caption(
            f"To open it in Explore, add the folder {escape_markdown(recipe.data_folder)} to the "
            "datasets first."
        )
        return
    st.page_link(
        "pages/explore.py",
        label="Open in Explore",
        icon=":material/grid_view:",
        query_params={"data": name, "task": recipe.task, "image": image_id},
    )


def open_cell(cell: Cell) -> None:
    """Put the cell into the address."""
    st.query_params.pop(IMAGE, None)
    st.query_params[CELL] = f"{cell[0]}-{cell[1]}"


def open_image(image_id: str) -> None:
    """Put the image that is shown large into the address."""
    st.query_params[IMAGE] = image_id


def close_image() -> None:
    """Take it out of the address again."""
    st.query_params.pop(IMAGE, None)
