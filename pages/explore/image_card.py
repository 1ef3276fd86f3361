"""One image, large: its boxes, what is known of it, and the patient's other images."""

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.grid import show_grid
from pages.components.tables import Tables
from pages.components.tiles import build_tiles, name_label
from pages.explore.image_address import close_image, open_image
from pages.explore.image_filters import Rows
from pages.explore.image_way import choose_second, find_near, list_others, show_link
from pages.explore.window_level import choose_overlays, show_images

N_OTHERS = 6


def show_image(tables: Tables, rows: Rows, row: pd.Series) -> None:
    """Show the image of one row of `catalog.images`; `rows` are those to page through."""
    others = list_others(tables.catalog, row)
    _show_way_on(tables, rows, row, others)
    image = tables.catalog.images.loc[[row.name]]
    left, facts = st.columns([3, 2], gap="medium")
    with facts:
        st.subheader(escape_markdown(row["image_id"]), anchor=False)
        original = _ratio(row["original_width"], row["original_height"])
        shape = "as on disk"
        if original and abs(original - (_ratio(row["width"], row["height"]) or original)) > 0.02:
            shape = st.segmented_control(
                "Proportions",
                ["as on disk", "as taken"],
                default="as on disk",
                required=True,
                help="The file was stretched; its radiograph had other proportions.",
            )
        overlays = choose_overlays(tables, image)
        known = list_facts(tables, row)
        table = pd.DataFrame({"fact": list(known), "value": list(known.values())})
        st.table(table, border="horizontal", hide_header=True)
    with left:
        ratio = original if shape == "as taken" else None
        show_images(tables, image, "large", [""], overlays, ratio)
    boxes = tables.catalog.boxes[tables.catalog.boxes["image_id"] == row["image_id"]]
    with facts:
        if len(boxes):
            st.caption("Boxes, in pixels of the original")
            st.dataframe(boxes.drop(columns="image_id").round(0), hide_index=True)
    _show_others(tables, others)


def list_facts(tables: Tables, row: pd.Series) -> dict[str, str]:
    """Return what is known of an image, name -> words that Streamlit shows to the letter."""
    n_boxes = len(tables.boxes.get(row["image_id"], ()))
    facts = {
        "Label": name_label(tables.labels[row.name]),
        "Findings": row["findings"],
        "Findings of the image": row["image_findings"],
        "Boxes": n_boxes or None,
        "Patient": row["patient_id"],
        "Age": None if pd.isna(row["age"]) else f"{row['age']:.3g} years",
        "Gender": row["gender"],
        "Follow-up": row["follow_up"],
        "Study": row["study_id"],
        "Published subset": row["published_split"],
        "View position": row["view_position"],
        "Site": row["site"],
        "On disk": _size(row["width"], row["height"]),
        "Original": _size(row["original_width"], row["original_height"]),
        "File": row["path"],
        "File size": None if pd.isna(row["file_size"]) else f"{row['file_size'] / 1000:,.0f} kB",
        "Lung mask": row["mask_path"],
    }
    return {name: escape_markdown(str(fact)) for name, fact in facts.items() if pd.notna(fact)}


def _show_way_on(tables: Tables, rows: Rows, row: pd.Series, others: pd.DataFrame) -> None:
    place, before, after = find_near(tables, rows, row)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All images", icon=":material/grid_view:", on_click=close_image)
        for label, key, near in (("Previous", "Left", before), ("Next", "Right", after)):
            st.button(label, shortcut=key, disabled=not near, on_click=open_image, args=(near,))
        choose_second(tables, rows, row, others)
        show_link(row["image_id"])
        st.page_link(
            "pages/prepare.py",
            label="Prepare this image",
            icon=":material/tune:",
            query_params={"image": row["image_id"]},
        )
        if place >= 0:
            st.caption(f"{place + 1:,} of {len(rows):,}", width="content")


def _show_others(tables: Tables, others: pd.DataFrame) -> None:
    if others.empty:
        return
    first = f", the first {N_OTHERS}" if len(others) > N_OTHERS else ""
    st.subheader("Other images of this patient", anchor=False)
    st.caption(
        f"{len(others)} in all{first}. A fair split keeps a patient in one subset; else the test "
        "has seen the patient before."
    )
    tiles = build_tiles(tables, others.head(N_OTHERS))
    show_grid(tiles, key="others", on_open=open_image, columns=N_OTHERS)


def _size(width: float, height: float) -> str | None:
    return None if pd.isna(width) else f"{int(width):,} × {int(height):,} px"


def _ratio(width: float, height: float) -> float | None:
    return None if pd.isna(width) else float(width / height)
