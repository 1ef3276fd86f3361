"""Images of Explore that were picked elsewhere, such as on the map of images: `?images=`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from pages.components.address import change_address
from pages.components.frame import format_message, show_errors
from pages.components.tables import Tables
from pages.explore.image_address import PAGE
from pages.explore.rail import Rows
from xray_core.audit.issue import count_of
from xray_core.selection.listed import ListError, read_listed, write_listed
from xray_core.workspace import find_workspace

LISTED = "images"  # in the address: the word of a list


def narrow(tables: Tables, rows: Rows) -> tuple[Rows, str]:
    """Return those of `rows` that the address lists, and what that is called.

    Args:
        tables: of the catalog.
        rows: places in `catalog.images`.

    Returns:
        All of them, and "", where the address lists none; a list that is gone is said to be so.
    """
    word = st.query_params.get(LISTED, "")
    if not word:
        return rows, ""
    try:
        image_ids = read_listed(find_workspace(), word, tables.catalog.root)
    except ListError as error:
        st.warning(format_message(error))
        st.query_params.pop(LISTED)
        return rows, ""
    places = [tables.places[name] for name in image_ids if name in tables.places]
    absent = len(image_ids) - len(places)
    words = count_of(len(image_ids), "chosen image") + (f", {absent:,} absent" if absent else "")
    return rows[np.isin(rows, places)], words


def drop_listed() -> None:
    """Show all images again that pass the filters."""
    change_address({LISTED: "", PAGE: ""})


def link_listed(label: str, data: str, task: str, folder: Path, image_ids: Sequence[str]) -> None:
    """Show the link to Explore with these images alone.

    A link, not a button that switches the page: that would be two steps for "Back".

    Args:
        label: of the link.
        data: name of the dataset.
        task: of it.
        folder: of it.
        image_ids: at least one.
    """
    with show_errors():
        word = write_listed(find_workspace(), folder, image_ids)
        st.page_link(
            "pages/explore.py",
            label=label,
            icon=":material/grid_view:",
            query_params={"data": data, "task": task, LISTED: word},
        )
