"""Evaluated images, right and wrong, with what the network said of them."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import show_grid
from pages.components.pager import show_pager
from pages.components.tables import read_tables
from pages.components.tiles import build_tiles
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.registry import find_name
from xray_core.workspace import find_workspace

COLUMNS, ROWS = 4, 2
WRONG, RIGHT = "wrong", "right"
ORDERS = {"most sure first": False, "least sure first": True}
COLORS = {True: "#14967a", False: "#d9660f"}  # right and wrong


def show_examples(predictions: pd.DataFrame, recipe: Recipe) -> None:
    """Show evaluated images as a grid that can be filtered and paged.

    Args:
        predictions: rows that were evaluated, as `evaluation.report.prediction_table` returns.
        recipe: of the run; it names the dataset folder and the task.
    """
    st.subheader("Examples", anchor=False)
    if opened := st.session_state.pop("evaluate_opened", None):
        _open_in_explore(opened, recipe)
    evaluated = _add_confidence(predictions)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            "Show", [WRONG, RIGHT], default=WRONG, required=True, key="examples"
        )
        actual = st.pills(
            "True class",
            sorted(evaluated["actual"].unique()),
            format_func=escape_markdown,
            key="examples_class",
        )
        order = st.selectbox("Order", list(ORDERS), width=200)
    chosen = evaluated[evaluated["is_right"] == (kind == RIGHT)]
    if actual:
        chosen = chosen[chosen["actual"] == actual]
    chosen = chosen.sort_values("confidence", ascending=ORDERS[order], kind="stable")
    if chosen.empty:
        st.info(f"No image of this kind was evaluated {kind}.")
        return
    n_pages = math.ceil(len(chosen) / (COLUMNS * ROWS))
    with st.container(horizontal=True, vertical_alignment="center"):
        # A key of their own for each filter: another filter begins on its first page.
        page = show_pager(n_pages, f"examples_page_{kind}_{actual}_{order}")
        st.caption(f"{len(chosen):,} of {len(evaluated):,} evaluated images")
    _show_tiles(chosen.iloc[(page - 1) * COLUMNS * ROWS : page * COLUMNS * ROWS], recipe)


def _add_confidence(predictions: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in predictions.columns if name.startswith("p_")]
    return predictions.assign(
        confidence=predictions[columns].max(axis=1),
        is_right=(predictions["actual"] == predictions["predicted"]).astype(bool),
    )


def _show_tiles(rows: pd.DataFrame, recipe: Recipe) -> None:
    folder = Path(recipe.data_folder)
    try:
        catalog = open_folder(folder)
        tables = read_tables(catalog, recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        st.info(
            f"The images are no longer at {escape_markdown(str(folder))}; the figures above stand "
            "without them."
        )
        st.dataframe(rows[["image_id", "actual", "predicted", "confidence"]], hide_index=True)
        return
    place = pd.Series(catalog.present.index, index=catalog.present["image_id"])
    known = rows[rows["image_id"].isin(place.index)]
    images = catalog.present.loc[place[known["image_id"]]]
    tiles = [
        replace(
            tile,
            title=row.actual if row.is_right else f"{row.actual} → {row.predicted}",
            note=f"{row.confidence:.0%}",
            alt=f"X-ray {row.image_id}: {row.actual}, predicted {row.predicted} "
            f"({row.confidence:.0%} sure)",
            color=COLORS[row.is_right],
        )
        for tile, row in zip(build_tiles(tables, images), known.itertuples(), strict=True)
    ]
    in_registry = find_name(find_workspace(), folder) is not None
    show_grid(tiles, "examples_grid", _remember if in_registry else None, COLUMNS)
    st.caption(
        "Wrong ones read true → predicted; beside it, how sure the network was. "
        + (
            "Click an image to open it in Explore."
            if in_registry
            else f"To open them in Explore, add the folder {escape_markdown(str(folder))} to the "
            "datasets first."
        )
    )


def _remember(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state["evaluate_opened"] = image_id


def _open_in_explore(image_id: str, recipe: Recipe) -> None:
    if name := find_name(find_workspace(), Path(recipe.data_folder)):
        st.session_state["data"] = name
        st.switch_page("pages/explore.py", query_params={"data": name, "image": image_id})
