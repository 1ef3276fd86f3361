"""Heat maps where there are no boxes: of answers that were right, and of some that were wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.grid import show_grid
from pages.components.heat import SHOWN
from pages.components.heat_maps import ask_heat, lay_over
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.components.tiles import build_tiles
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import STATE

N_EACH, ROW_HEIGHT = 8, 150


def show_answers(run: Run, recipe: Recipe, subset: str, tables: Tables, method: str) -> None:
    """Show heat maps of the surest right answers and of the surest wrong ones.

    Args:
        run: finished.
        recipe: its own.
        subset: of which images are shown.
        tables: of the dataset.
        method: of the heat maps.
    """
    name = ""
    if recipe.multilabel:
        name = str(st.selectbox("Finding", recipe.class_names, key="where_finding", width=230))
    rows = list_answers(run.read_predictions(), subset, list(recipe.class_names), name)
    rows = rows[rows["image_id"].isin(list(tables.places))].sort_values("sure", ascending=False)
    picked = {
        title: list(rows.loc[rows["right"] == right, "image_id"].head(N_EACH))
        for title, right in (("Right", True), ("Wrong", False))
    }
    wanted = [image_id for ids in picked.values() for image_id in ids]
    if not wanted:
        return
    maps = ask_heat(run, wanted, name or "predicted", method)
    if maps is None:
        return
    for title, ids in picked.items():
        shown = tables.pick_images(image_id for image_id in ids if image_id in maps)
        if shown.empty:
            continue
        show_section(title, f"the {len(shown)} surest answers, and where they come from")
        show_grid(
            [
                replace(tile, note=f"heat of {maps[tile.id].target}")
                for tile in lay_over(build_tiles(tables, shown), maps, recipe)
            ],
            f"where_{title.lower()}",
            row_height=ROW_HEIGHT,
            show_heat=SHOWN,
        )


def list_answers(
    predictions: pd.DataFrame, subset: str, classes: list[str], name: str = ""
) -> pd.DataFrame:
    """Return which answers were right, and how sure the network was.

    Args:
        predictions: of a run.
        subset: of which images.
        classes: of its task.
        name: of a multi-label task, the finding in question; then only images are returned that
            have it, right if it is more likely than not.

    Returns:
        image_id, right, and sure, a probability.
    """
    rows = predictions[(predictions["subset"] == subset) & predictions["predicted"].notna()]
    if name:
        rows = rows[rows[STATE + name] == 1]
        chance = rows[PROBABILITY + name].to_numpy("float64")
        right = chance >= 0.5
        sure = np.maximum(chance, 1 - chance)
    else:
        columns = [PROBABILITY + each for each in classes]
        sure = rows[columns].to_numpy("float64").max(axis=1)
        right = (rows["actual"] == rows["predicted"]).to_numpy("bool")
    return pd.DataFrame({"image_id": rows["image_id"].to_numpy(), "right": right, "sure": sure})
