"""Which cell of a matrix, and which of its images, is shown: kept in the address; and its words."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.components.confusion import Cell
from pages.components.frame import escape_markdown
from xray_core.recipes import Recipe
from xray_core.registry import name_root
from xray_core.workspace import find_workspace

ROW_HEIGHT = 96  # px, of the images of a cell
CELL, IMAGE = "cell", "image"  # in the address


@dataclass(frozen=True)
class CellWords:
    """How a cell and its images are called.

    Attributes:
        title: of the cell.
        caption: what stands below each image.
        answer: what the probability of an image is one of, e.g. "probability of effusion".
        actual: the true class.
        predicted: the predicted one.
        target: the class that heat maps are of.
    """

    title: str
    caption: str
    answer: str
    actual: str
    predicted: str
    target: str


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
