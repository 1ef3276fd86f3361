"""The filters above the grid of Explore; all stand in the address, so a link shows the same."""

import pandas as pd
import streamlit as st

from pages.parts.tables import Tables, read_tables
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.labels import views_of


def choose_images(catalog: Catalog) -> tuple[Tables, pd.DataFrame]:
    """Show the filters; return the tables of the chosen label view and the images that pass."""
    views = views_of(catalog.source)
    with st.container(horizontal=True, gap="medium"):
        view_name = st.selectbox(
            "Label view",
            list(views),
            key="labels",
            bind="query-params",
            width=210,
            on_change=_begin_again,
            help="A regrouping of the published findings into classes; a training learns one.",
        )
        view_name = view_name if view_name in views else next(iter(views))
        tables = read_tables(catalog, view_name)
        wanted = st.pills(
            views[view_name].question,
            list(tables.counts["class"]),
            key="class",
            help="One class of the label view, with its images; none chosen shows all.",
            bind="query-params",
            on_change=_begin_again,
        )
        boxes, part = "all", None
        if len(catalog.boxes):
            boxes = st.segmented_control(
                "Boxes",
                list(eda.BOX_FILTERS),
                key="boxes",
                default="all",
                required=True,
                bind="query-params",
                on_change=_begin_again,
                help="Rectangles that a radiologist drew around what is seen.",
            )
        parts = sorted(catalog.images["published_split"].dropna().unique())
        if len(parts) > 1:
            part = st.segmented_control(
                "Published part",
                parts,
                key="part",
                bind="query-params",
                on_change=_begin_again,
                help="How the authors divided their images.",
            )
    return tables, eda.filter_images(catalog, tables.labels, wanted or "", boxes, part or "")


def _begin_again() -> None:
    """Show the first page of what now passes, not the image or page that was open before."""
    st.query_params.pop("image", None)
    st.session_state["page"] = 1
