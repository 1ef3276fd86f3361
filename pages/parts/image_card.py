"""One image, large: its boxes, what is known of it, and the patient's other images."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts.frame import escape_markdown
from pages.parts.grid import show_grid
from pages.parts.tables import Tables
from pages.parts.tiles import build_tiles, name_label

LARGE = 1024  # px
N_OTHERS = 6


def open_image(image_id: str) -> None:
    """Go to the large view of an image, before the page runs again."""
    st.query_params["image"] = image_id


def _close_image() -> None:
    st.query_params.pop("image", None)


def show_image(tables: Tables, images: pd.DataFrame, row: pd.Series) -> None:
    """Show the image of one row of `catalog.images`; `images` are those to page through."""
    _show_way_on(images, row["image_id"])
    film, facts = st.columns([3, 2], gap="medium")
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
                help="The file was squashed; its radiograph had other proportions.",
            )
        has_boxes = row["image_id"] in tables.boxes
        show_boxes = has_boxes and st.toggle(
            "Draw boxes", True, key="large_boxes", persist_state="session"
        )
        st.table(_facts(tables, row), border="horizontal", hide_header=True)
    [tile] = build_tiles(tables, tables.catalog.images.loc[[row.name]], LARGE)
    if shape == "as taken" and original:
        tile = replace(tile, ratio=original)
    with film:
        show_grid([replace(tile, title="")], key="large", columns=1, show_boxes=show_boxes)
    boxes = tables.catalog.boxes[tables.catalog.boxes["image_id"] == row["image_id"]]
    with facts:
        if has_boxes:
            st.caption("Boxes, in pixels of the original")
            st.dataframe(boxes.drop(columns="image_id").round(0), hide_index=True)
    _show_others(tables, row)


def _show_way_on(images: pd.DataFrame, image_id: str) -> None:
    ids = list(images["image_id"])
    place = ids.index(image_id) if image_id in ids else -1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All images", icon=":material/grid_view:", on_click=_close_image)
        for label, key, step in (("Previous", "Left", -1), ("Next", "Right", 1)):
            near = place + step
            st.button(
                label,
                shortcut=key,
                disabled=place < 0 or not 0 <= near < len(ids),
                on_click=open_image,
                args=(ids[near] if 0 <= near < len(ids) else "",),
            )
        st.page_link(
            "pages/prepare.py",
            label="Prepare this image",
            icon=":material/tune:",
            query_params={"image": image_id},
        )
        if place >= 0:
            st.caption(f"{place + 1:,} of {len(ids):,}", width="content")


def _facts(tables: Tables, row: pd.Series) -> pd.DataFrame:
    facts = {
        "Label": name_label(tables.labels[row.name]),
        "Findings": row["findings"],
        "Findings of the image": row["image_findings"],
        "Patient": row["patient_id"],
        "Study": row["study_id"],
        "Published part": row["published_split"],
        "View": row["view"],
        "On disk": _size(row["width"], row["height"]),
        "Original": _size(row["original_width"], row["original_height"]),
        "File": row["path"],
    }
    known = {name: escape_markdown(str(fact)) for name, fact in facts.items() if pd.notna(fact)}
    return pd.DataFrame({"fact": list(known), "value": list(known.values())})


def _show_others(tables: Tables, row: pd.Series) -> None:
    if pd.isna(row["patient_id"]):
        return
    present = tables.catalog.present
    others = present[
        (present["patient_id"] == row["patient_id"]) & (present["image_id"] != row["image_id"])
    ]
    if others.empty:
        return
    first = f", the first {N_OTHERS}" if len(others) > N_OTHERS else ""
    st.subheader("Other images of this patient", anchor=False)
    st.caption(
        f"{len(others)} in all{first}. A fair split keeps a patient in one part; else the test "
        "has seen the patient before."
    )
    tiles = build_tiles(tables, others.head(N_OTHERS))
    show_grid(tiles, key="others", on_open=open_image, columns=N_OTHERS)


def _size(width: float, height: float) -> str | None:
    return None if pd.isna(width) else f"{int(width):,} × {int(height):,} px"


def _ratio(width: float, height: float) -> float | None:
    return None if pd.isna(width) else float(width / height)
