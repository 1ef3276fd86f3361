"""Which image a network's layers are looked at with: one of the set whose figures may be shown."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.address import change_address
from pages.components.frame import escape_markdown
from xray_core.errors import RunError
from xray_core.evaluation.multilabel import is_multilabel
from xray_core.evaluation.shown import shown_subset
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks.targets import word_of_nothing
from xray_core.workspace import Workspace

IMAGE = "image"  # in the address


@dataclass(frozen=True)
class Looked:
    """An image that is looked at.

    Attributes:
        id: of the image.
        subset: of which it is one.
        caption: what it shows and what was predicted, as HTML.
    """

    id: str
    subset: str
    caption: str


def choose_image(run: Run, recipe: Recipe, workspace: Workspace) -> Looked:
    """Return the image in the address, else the first positive one that is predicted right.

    Shows the buttons to the one before and the one after it.

    Raises:
        RunError: no image of the run has a prediction that may be shown.
    """
    subset = shown_subset(run, workspace)
    rows = run.read_predictions()
    rows = rows[(rows["subset"] == subset) & rows["predicted"].notna()].reset_index(drop=True)
    if rows.empty:
        raise RunError(f"No image of the {subset} set of {run.read_nickname()} has a prediction.")
    wanted = st.query_params.get(IMAGE, "")
    places = np.flatnonzero(rows["image_id"] == wanted)
    if wanted and not len(places):
        st.warning(
            f"{escape_markdown(wanted)} is no image of the {subset} set with a prediction; another "
            "one is shown."
        )
    place = int(places[0]) if len(places) else find_first(rows, recipe)
    _show_buttons(list(rows["image_id"]), place)
    row = rows.iloc[place]
    return Looked(str(row["image_id"]), subset, _describe(row, recipe, is_multilabel(rows)))


def find_first(rows: pd.DataFrame, recipe: Recipe) -> int:
    """Return the place of the first positive image that is predicted right; 0 without any.

    Args:
        rows: of predictions, all of them with one.
        recipe: of the run; the first of its classes is the one without a finding.
    """
    classes = list(recipe.class_names)
    negative = word_of_nothing(classes) if recipe.multilabel else classes[0]
    right = (rows["actual"] == rows["predicted"]) & (rows["actual"] != negative)
    places = np.flatnonzero(right.fillna(False))
    return int(places[0]) if len(places) else 0


def _show_buttons(ids: list[str], place: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, icon, step in (("Previous", "chevron_left", -1), ("Next", "chevron_right", 1)):
            other = place + step
            st.button(
                name,
                icon=f":material/{icon}:",
                key=f"layers_{name.lower()}",
                disabled=not 0 <= other < len(ids),
                on_click=lambda other=other: change_address({IMAGE: ids[other]}),
                width="stretch",
            )


def _describe(row: pd.Series, recipe: Recipe, several: bool) -> str:
    known = "" if pd.isna(row["actual"]) else str(row["actual"])
    words = [f"true: {escape(known) or 'unknown'}"]
    answer = f"predicted: {escape(str(row['predicted']))}"
    if not several:
        answer += f" ({row[PROBABILITY + str(row['predicted'])]:.0%})"
    return " · ".join([*words, answer])
