"""Boxes in numbers: how many, how large, where, and on which side of the image."""

import pandas as pd
import streamlit as st

from pages.components.download import show_table
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.explore import numbers_figures, numbers_tables
from pages.explore.numbers_tables import recall
from xray_core import eda
from xray_core.tasks import BOX_SIDES, list_notes


def show_boxes(tables: Tables) -> None:
    """Show what the boxes of the dataset have in common, by class."""
    source = tables.catalog.source
    if tables.catalog.boxes.empty:
        st.info("This dataset has no boxes.")
        return
    boxes = recall(numbers_tables.boxes, tables)
    by_finding = tables.catalog.boxes["finding"].nunique() > 1
    st.caption(
        f"{len(tables.catalog.boxes):,} boxes on {boxes['image_id'].nunique():,} images. "
        + (
            "A box is counted under the finding that it encloses."
            if by_finding
            else "A box is counted under the class of its image in the chosen task."
        )
    )
    show_section("One side or both")
    _show_sides(tables, boxes)
    show_figure(
        recall(numbers_figures.box_maps, tables),
        f"{source}-box-places",
        "For each class a map of the image: the share of boxes that cover each place",
        title="Where boxes lie",
    )
    st.caption(
        "Share of the class' boxes that cover a place; each map goes up to its own peak. The "
        "image's left is the patient's right."
    )
    left, right = st.columns(2, gap="large")
    with left:
        counts = recall(numbers_tables.n_boxes, tables)
        show_figure(
            recall(numbers_figures.n_boxes, tables),
            f"{source}-boxes",
            "Boxes on an image",
            counts,
            title="Boxes on an image",
        )
    with right:
        areas = recall(numbers_tables.box_areas, tables)
        show_figure(
            recall(numbers_figures.box_areas, tables),
            f"{source}-box-areas",
            "Area of boxes by class",
            areas,
            title="Area of a box",
        )


def _show_sides(tables: Tables, boxes: pd.DataFrame) -> None:
    source, sides = tables.catalog.source, recall(numbers_tables.box_sides, tables)
    left, right = st.columns(2, gap="large")
    with left:
        show_figure(
            recall(numbers_figures.box_sides, tables),
            f"{source}-sides",
            "Share of images with boxes on the left, on the right and on both sides, by class",
        )
    with right:
        of_n = zip(sides["images"], sides["n"], strict=True)
        ends = zip(sides["low"], sides["high"], strict=True)
        show_table(
            pd.DataFrame(
                {
                    "class": sides["class"],
                    "side": sides["side"],
                    "images": [f"{images:,} of {n:,}" for images, n in of_n],
                    "share": [f"{share:.1%}" for share in sides["share"]],
                    "95% interval": [f"{low:.1%} to {high:.1%}" for low, high in ends],
                }
            ),
            f"{source}-sides",
            "Images with boxes on one side or both, by class, with 95% intervals",
            whole=sides,
        )
    st.markdown("\n".join(f"- {line}" for line in _say_sides(sides, boxes)))
    for note in list_notes(tables.catalog, BOX_SIDES):
        st.caption(escape_markdown(f"{note.text} Source: {note.source}."))
    st.caption(
        "All images with a box are counted. A box lies on the side of its centre. Intervals: "
        "Wilson, 95 %, each image taken as independent; patients with several images make them "
        "somewhat too narrow. The image's left is the patient's right."
    )


def _say_sides(sides: pd.DataFrame, boxes: pd.DataFrame) -> list[str]:
    """Return a sentence on each class; where boxes are single, why none lie on both sides."""
    if not boxes.groupby(["class", "image_id"], observed=True).size().gt(1).any():
        return ["No image has two boxes of one class here, so none can lie on both sides."]
    lines = []
    for name, rows in sides.groupby("class", sort=False):
        [both] = rows[rows["side"] == eda.SIDES[2]].to_dict("records")
        lines.append(
            f"**{escape_markdown(str(name))}**: both sides in {both['share']:.1%} "
            f"({both['low']:.1%} to {both['high']:.1%}), one side in {1 - both['share']:.1%} "
            f"of {both['n']:,} images"
        )
    return lines
