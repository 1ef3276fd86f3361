"""The images that are open beside the grid: one with all that is known of it, or several."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.address import change_address
from pages.components.grid import MOST_TICKED, Tile, show_grid
from pages.components.masks import show_unread
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.components.tiles import (
    LARGE_SIDE,
    add_real_values,
    build_tiles,
    list_windows,
    ratios_of,
)
from pages.components.viewer import EIGHT_BITS, show_viewer
from pages.explore.facts import show_boxes_of, show_differences, show_image_facts
from pages.explore.image_address import name_images, open_image, open_images, tick_image
from pages.explore.rail import Rows
from pages.explore.tools import page_of
from xray_core.catalog import Catalog
from xray_core.preprocess.real_values import RealImage
from xray_core.preprocess.window import list_real_windows

SMALL_HEIGHT = 72  # px, of the patient's other images
N_OTHERS = 12  # of them that are shown
SAME_RATIO = 0.02  # by which width / height may differ


def show_large(
    tables: Tables, rows: Rows, opened: pd.DataFrame, overlays: tuple[bool, bool]
) -> None:
    """Show the images large, with what is known of them.

    Args:
        tables: of their catalog.
        rows: places in `catalog.images` to page through.
        opened: rows of `catalog.images`, files present, one to four.
        overlays: whether boxes and masks are drawn.
    """
    show_boxes, show_masks = overlays
    ids = list(opened["image_id"])
    place, before, after = find_near(tables.catalog, rows, opened)

    def turn(image_id: str) -> None:
        # Several: the first ones stay, and the last is another.
        passing = tables.catalog.images["image_id"].iloc[rows]
        page = page_of(int(np.flatnonzero(passing == image_id)[0]))
        change_address(name_images([*ids[:-1], image_id]) | page)

    large = st.container()  # whose proportions are known once the switch below it is
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_links(ids)
        ratios = _choose_ratios(opened)
    tiles = [
        replace(tile, note=_name_outlined(tile), ratio=ratio)
        for tile, ratio in zip(
            build_tiles(tables, opened, LARGE_SIDE, with_masks=show_masks),
            ratios,
            strict=True,
        )
    ]
    tiles, real = add_real_values(tables, opened, tiles)
    lowest = min((image.stored.lowest for image in real), default=EIGHT_BITS[0])
    highest = max((image.stored.highest for image in real), default=EIGHT_BITS[1])
    with large:
        show_viewer(
            tiles,
            "large",
            list_real_windows(real) if real else list_windows(tables, opened),
            turn,
            open_images,
            scale=(lowest, highest),
            about=_describe_values(real),
            before=before,
            after=after,
            place=f"{place + 1:,} of {len(rows):,}" if place >= 0 else "not among those filtered",
            show_boxes=show_boxes,
        )
    show_unread(tiles)
    if len(opened) > 1:
        show_differences(tables, opened)
        return
    row = opened.iloc[0]
    show_image_facts(tables, row)
    show_boxes_of(tables.catalog, row)
    _show_others(tables, row)


def find_near(catalog: Catalog, rows: Rows, opened: pd.DataFrame) -> tuple[int, str, str]:
    """Return the place of the last open image among `rows`, and the ids before and after it.

    Returns:
        Place from 0, -1 if it is not among them; "" as an id where there is none. Images that
        are open already are passed over.
    """
    [places] = np.nonzero(rows == opened.index[-1])
    if not len(places):
        return -1, "", ""
    place, ids, skip = int(places[0]), catalog.images["image_id"], set(opened["image_id"])
    before = (ids.iat[at] for at in rows[max(0, place - MOST_TICKED) : place][::-1])
    after = (ids.iat[at] for at in rows[place + 1 : place + 1 + MOST_TICKED])
    near = (next((name for name in side if name not in skip), "") for side in (before, after))
    return place, *near


def list_others(catalog: Catalog, row: pd.Series) -> pd.DataFrame:
    """Return the present images of the same patient, without `row` itself."""
    images = catalog.images
    if pd.isna(row["patient_id"]):
        return images.iloc[:0]
    of_patient = (images["patient_id"] == row["patient_id"]) & images["path"].notna()
    return images[of_patient.to_numpy(bool, na_value=False)].drop(index=row.name)


def _describe_values(real: Sequence[RealImage]) -> str:
    """Return what the values of some files are; "" where there are none."""
    if not real:
        return ""
    bits = " and ".join(sorted({f"{image.stored.bits} bits" for image in real}))
    black = {image.stored.is_inverted for image in real}
    ends = {frozenset({True}): "The highest is black.", frozenset({False}): "The lowest is black."}
    return f"Values of the file itself, of {bits}. {ends.get(frozenset(black), '')}".strip()


def _name_outlined(tile: Tile) -> str:
    """Return the id of an image, with the findings that are outlined on it."""
    names = ", ".join(outline.name for outline in tile.outlines)
    return f"{tile.id} · outlined: {names}" if names else tile.id


def _choose_ratios(opened: pd.DataFrame) -> list[float]:
    """Show the switch of proportions where files were stretched; return those to show."""
    on_disk = ratios_of(opened["width"], opened["height"])
    taken = ratios_of(
        opened["original_width"].fillna(opened["width"]),
        opened["original_height"].fillna(opened["height"]),
    )
    pairs = zip(on_disk, taken, strict=True)
    if all(abs(file - radiograph) <= SAME_RATIO for file, radiograph in pairs):
        return on_disk
    shape = st.segmented_control(
        "Proportions",
        ["as on disk", "as taken"],
        default="as on disk",
        required=True,
        key="proportions",
        help="The file was stretched; its radiograph had other proportions.",
        label_visibility="collapsed",
    )
    return taken if shape == "as taken" else on_disk


def _show_links(ids: list[str]) -> None:
    link = st.popover(
        "Link", icon=":material/link:", type="tertiary", key="link", on_change="rerun"
    )
    compare = st.popover(
        "Compare with …",
        icon=":material/compare:",
        type="tertiary",
        key="compare",
        on_change="rerun",
        disabled=len(ids) >= MOST_TICKED,
    )
    st.page_link(
        "pages/prepare.py",
        label="Prepare this image",
        icon=":material/tune:",
        query_params={"image": ids[0]},
    )
    if link.open:
        words = {"data": st.session_state["data"], **name_images(ids)}
        query = urlencode({name: word for name, word in words.items() if word})
        link.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)
        link.caption("Opens this view. The browser's own address does so too, with your filters.")
    if compare.open:
        compare.caption(f"Tick images in the grid, {MOST_TICKED} at most in all, or name one here.")
        compare.text_input(
            "An image by its id",
            key="compare_id",
            placeholder="Paste an id",
            on_change=_add_named,
        )


def _add_named() -> None:
    image_id = (st.session_state["compare_id"] or "").strip()
    st.session_state["compare_id"] = ""
    if image_id:
        tick_image(image_id)


def _show_others(tables: Tables, row: pd.Series) -> None:
    others = list_others(tables.catalog, row)
    if others.empty:
        return
    first = f", the first {N_OTHERS}" if len(others) > N_OTHERS else ""
    show_section(
        "Other images of this patient",
        f"{len(others):,} in all{first}. A fair split keeps a patient in one subset; else the test "
        "has seen the patient before.",
    )
    tiles = build_tiles(tables, others.head(N_OTHERS))
    show_grid(tiles, "others", open_image, row_height=SMALL_HEIGHT, on_tick=tick_image)
