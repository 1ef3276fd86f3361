"""What a run that draws masks is worth: Dice in one sentence, its histogram, the worst images."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.dataset import open_folder
from pages.components.figure import name_source, show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import Outline, Tile, show_grid
from pages.components.mask_words import format_mask_figures
from pages.components.pager import show_pager
from pages.components.small_type import show_facts, show_muted, show_section
from pages.components.tables import Tables, read_tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from pages.evaluate.cell_address import IMAGE, ROW_HEIGHT, close_image, open_image, show_link
from xray_core.errors import XrayError
from xray_core.figures.masks import count_dice, plot_dice
from xray_core.recipes import Recipe
from xray_core.runs import Run

PER_PAGE = 12
TRUE, DRAWN = "mask of the dataset", "drawn by the network"
COLUMNS = {"image_id": "Image", "dice": "Dice", "iou": "IoU"}
ORDERS = {"lowest Dice first": True, "highest Dice first": False}


@st.fragment(key="masks")
def show_masks(run: Run, recipe: Recipe, report: dict[str, Any]) -> None:
    """Show the histogram of Dice, and the images with the true and the drawn outlines.

    Args:
        run: evaluated.
        recipe: its own.
        report: that is shown; images of its subset alone are.
    """
    with show_errors():
        drawn = read_drawn(run, report["subset"])
    left, right = st.columns([5, 8], gap="medium")
    with left:
        table = count_dice(drawn["dice"])
        show_figure(
            plot_dice(table, report["subset"]),
            f"{run.name}-{report['subset']}-dice",
            f"Dice of {len(drawn):,} images of the {report['subset']} set, the lowest "
            f"{drawn['dice'].min():.3f}",
            table,
            title="Dice of each image",
            note=f"n = {report['n']:,}",
            source=name_source(run, report),
        )
        show_facts(format_mask_figures(report))
    with right:
        _show_images(run, recipe, drawn)


def read_drawn(run: Run, subset: str) -> pd.DataFrame:
    """Return what a run drew on the images of a subset; see `Run.read_masks`."""
    table = run.read_masks()
    return table[(table["subset"] == subset) & table["dice"].notna()].reset_index(drop=True)


def _show_images(run: Run, recipe: Recipe, drawn: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_section("Images", f"{len(drawn):,}; dotted: {TRUE}; solid: {DRAWN}")
        st.space("stretch")
        order = st.selectbox(
            "Order",
            list(ORDERS),
            key="mask_order",
            persist_state="session",
            label_visibility="collapsed",
            width=190,
        )
    rows = drawn.sort_values("dice", ascending=ORDERS[str(order)], kind="stable")
    try:
        tables = read_tables(open_folder(Path(recipe.data_folder)), recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        st.info(
            f"The images are no longer at {escape_markdown(recipe.data_folder)}; the figures "
            "stand without them."
        )
        st.dataframe(
            rows[list(COLUMNS)], hide_index=True, column_config=COLUMNS, alt="The images, by name"
        )
        return
    rows = rows[rows["image_id"].isin(tables.places)].reset_index(drop=True)
    if absent := len(drawn) - len(rows):
        st.caption(f"{absent:,} of them {'is' if absent == 1 else 'are'} absent from the folder.")
    [places] = (rows["image_id"] == st.query_params.get(IMAGE, "")).to_numpy().nonzero()
    if len(places):
        _show_large(tables, rows, int(places[0]), recipe)
    elif len(rows):
        _show_page(tables, rows, f"masks_{run.name}_{order}")


def _show_page(tables: Tables, rows: pd.DataFrame, key: str) -> None:
    n_pages = math.ceil(len(rows) / PER_PAGE)
    place = st.container()  # above the line of the pager
    page = 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_muted("Below each image: its Dice. Click one to see it large.")
        if n_pages > 1:
            page = show_pager(n_pages, f"page_{key}")
    shown = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    with place:
        show_grid(
            _build(tables, shown),
            "mask_grid",
            open_image,
            row_height=ROW_HEIGHT,
            show_boxes=False,
        )


def _show_large(tables: Tables, rows: pd.DataFrame, place: int, recipe: Recipe) -> None:
    ids = list(rows["image_id"])
    row = rows.iloc[[place]]
    show_viewer(
        _build(tables, row, LARGE_SIDE),
        "mask_large",
        list_windows(tables, tables.pick_images(row["image_id"])),
        open_image,
        lambda _: close_image(),
        before=ids[place - 1] if place else "",
        after=ids[place + 1] if place + 1 < len(ids) else "",
        place=f"{place + 1:,} of {len(ids):,}",
        show_boxes=False,
    )
    show_link(ids[place], recipe)


def _build(tables: Tables, rows: pd.DataFrame, side: int = 0) -> list[Tile]:
    images = tables.pick_images(rows["image_id"])
    tiles = build_tiles(tables, images, side) if side else build_tiles(tables, images)
    return [
        replace(
            tile,
            title=f"Dice {row.dice:.3f}" if side else f"{row.dice:.3f}",
            note=f"IoU {row.iou:.3f}" if side else "",
            color="",
            boxes=(),
            outlines=tuple(
                outline
                for outline in (
                    Outline(DRAWN, row.outline),
                    Outline(TRUE, row.true_outline, "dotted"),
                )
                if isinstance(outline.path, str) and outline.path
            ),
            alt=f"X-ray {row.image_id}: Dice {row.dice:.3f}; outlined: {TRUE}, {DRAWN}",
        )
        for tile, row in zip(tiles, rows.itertuples(), strict=True)
    ]
