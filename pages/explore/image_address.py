"""Which images of Explore are open, one or several beside each other: it stands in the address."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.address import change_address
from pages.components.frame import escape_markdown
from pages.components.grid import MOST_TICKED
from xray_core.catalog import Catalog
from xray_core.selection import format_list, parse_list

WHERE, PAGE = "where", "page"
SHOW = "show"  # images or counts; images where it is not in the address
FIRST, OTHERS = "image", "with"


def read_open(catalog: Catalog) -> pd.DataFrame:
    """Return the rows of the present images that the address names, in its order; warn of others.

    Returns:
        Rows of `catalog.images`, four at most, index kept.
    """
    wanted = list_open()
    if not wanted:
        return catalog.images.iloc[:0]
    images = catalog.images
    named = images[(images["image_id"].isin(wanted) & images["path"].notna()).to_numpy(bool)]
    rows = {image_id: row for row, image_id in named["image_id"].items()}
    if strange := [image_id for image_id in wanted if image_id not in rows]:
        names = escape_markdown(", ".join(map(repr, strange)))
        st.warning(f"This dataset has no image {names}; click another.")
    return images.loc[[rows[image_id] for image_id in wanted if image_id in rows]]


def list_open() -> list[str]:
    """Return the ids in the address: each once, four at most, whether they exist or not."""
    others = st.query_params.get(OTHERS, "")
    wanted = (st.query_params.get(FIRST, ""), *(parse_list(others) if others else ()))
    return list(dict.fromkeys(filter(None, wanted)))[:MOST_TICKED]


def name_images(image_ids: Sequence[str]) -> dict[str, str]:
    """Return the words of the address that open these images; none of them opens nothing."""
    return {FIRST: "".join(image_ids[:1]), OTHERS: format_list(image_ids[1:])}


def open_images(image_ids: Sequence[str]) -> None:
    """Show these images large from the next run on; none of them closes what is open."""
    change_address(name_images(image_ids))


def open_image(image_id: str) -> None:
    """Show one image large, alone."""
    open_images([image_id])


def tick_image(image_id: str) -> None:
    """Show one more image beside those that are open, or not any more."""
    shown = list_open()
    if image_id in shown:
        open_images([other for other in shown if other != image_id])
    elif len(shown) < MOST_TICKED:
        open_images([*shown, image_id])


def filter_by(text: str, image_ids: Sequence[str] = ()) -> None:
    """Show the images that pass these filters, as `format_filters` writes them, from the first on.

    Args:
        text: of the filters.
        image_ids: of the images that are large.
    """
    change_address({WHERE: text, PAGE: "", SHOW: "", **name_images(image_ids)})
