"""Links from one image to others: the next, the patient's, a second one beside it."""

from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.tables import Tables
from pages.components.tiles import name_label
from pages.explore.image_address import FIRST, SECOND, open_pair
from pages.explore.image_filters import Rows
from xray_core.catalog import Catalog

N_OFFERED = 50  # of a patient's other images


def find_named(catalog: Catalog, name: str) -> pd.Series | None:
    """Return the row of the present image that the address names `name`, and warn of a wrong one.

    Args:
        catalog: the dataset.
        name: `FIRST` or `SECOND`.
    """
    image_id = st.query_params.get(name)
    if image_id is None:
        return None
    images = catalog.images
    named = images[((images["image_id"] == image_id) & images["path"].notna()).to_numpy(bool)]
    if len(named):
        return named.iloc[0]
    here = "here are the others" if name == FIRST else "choose another to compare with"
    st.warning(f"This dataset has no image {escape_markdown(repr(image_id))}; {here}.")
    return None


def find_near(tables: Tables, rows: Rows, row: pd.Series, skip: str = "") -> tuple[int, str, str]:
    """Return the place of an image among those to page through, and the ids before and after it.

    Args:
        tables: of the catalog.
        rows: places in `catalog.images` to page through.
        row: the image's row of `catalog.images`.
        skip: an image id to pass over.

    Returns:
        Place from 0, -1 if the image is not among them; "" as an id where there is none.
    """
    [places] = np.nonzero(rows == row.name)
    if not len(places):
        return -1, "", ""
    place, ids = int(places[0]), tables.catalog.images["image_id"]
    before = [ids.iat[at] for at in rows[max(0, place - 2) : place][::-1]]
    after = [ids.iat[at] for at in rows[place + 1 : place + 3]]
    near = (
        next((image_id for image_id in side if image_id != skip), "") for side in (before, after)
    )
    return place, *near


def list_others(catalog: Catalog, row: pd.Series) -> pd.DataFrame:
    """Return the present images of the same patient, without `row` itself."""
    images = catalog.images
    if pd.isna(row["patient_id"]):
        return images.iloc[:0]
    of_patient = (images["patient_id"] == row["patient_id"]) & images["path"].notna()
    return images[of_patient.to_numpy(bool, na_value=False)].drop(index=row.name)


def choose_second(tables: Tables, rows: Rows, row: pd.Series, others: pd.DataFrame) -> None:
    """Show the popover that puts another image beside that of `row`; `others` are its patient's."""
    first = row["image_id"]
    with st.popover("Compare with …", icon=":material/compare:", key="compare"):
        _, before, after = find_near(tables, rows, row)
        with st.container(horizontal=True):
            for label, second in (("the previous", before), ("the next", after)):
                st.button(
                    label,
                    key=f"compare_{label}",
                    disabled=not second,
                    on_click=open_pair,
                    args=(first, second),
                )
        if len(others):
            offered = others.head(N_OFFERED)
            labels = dict(zip(offered["image_id"], tables.labels[offered.index], strict=True))
            st.selectbox(
                "another of this patient",
                list(labels),
                index=None,
                format_func=lambda image_id: f"{image_id} · {name_label(labels[image_id])}",
                key="compare_patient",
                placeholder=f"{len(labels)} to choose from",
                on_change=_open_chosen,
                args=(first, "compare_patient"),
            )
        st.text_input(
            "or an image by its id",
            key="compare_id",
            placeholder="Paste an id from Explore",
            on_change=_open_chosen,
            args=(first, "compare_id"),
        )


def show_link(*image_ids: str) -> None:
    """Show an address to copy that leads to one image, or to two side by side."""
    named = dict(zip((FIRST, SECOND), image_ids, strict=False))
    query = urlencode({"data": st.session_state["data"], **named})
    with st.popover("Link", icon=":material/link:"):
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)
        st.caption("Opens this view. The browser's own address does so too, with your filters.")


def _open_chosen(first: str, key: str) -> None:
    chosen = (st.session_state[key] or "").strip()
    st.session_state[key] = "" if key == "compare_id" else None
    if chosen and chosen != first:
        open_pair(first, chosen)
