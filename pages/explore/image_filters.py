"""The filters above the grid of Explore; all stand in the address, so a link shows the same."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.frame import escape_markdown
from pages.components.tables import Tables, read_tables
from pages.explore.column_filters import WHERE, read_filters, show_filters
from pages.explore.image_address import start_over
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.eda.filters import Filter
from xray_core.eda.order import list_sorts, sort_images
from xray_core.glossary import explain

REVERSED = ", reversed"
Rows = NDArray[np.int64]  # places in `catalog.images`, in the order to show


def choose_images(catalog: Catalog, task: str, folded: bool) -> tuple[Tables, Rows]:
    """Show the filters; return the tables of the chosen task and the images that pass.

    Args:
        catalog: the dataset.
        task: whose classes are told apart.
        folded: whether the filters step back, since an image is shown large.
    """
    filters = read_filters(catalog)
    place = st.expander("Filters and order", key="filters") if folded else st.container()
    with place, st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tables = read_tables(catalog, task)
        wanted = st.pills(
            "Class",
            list(tables.counts["class"]),
            format_func=escape_markdown,
            key="class",
            help=f"{explain('class')} None chosen shows all.",
            wrap=True,
            bind="query-params",
            on_change=start_over,
        )
        boxes, subset = "all", None
        if len(catalog.boxes):
            boxes = st.segmented_control(
                "Boxes",
                list(eda.BOX_FILTERS),
                key="boxes",
                default="all",
                required=True,
                bind="query-params",
                on_change=start_over,
                help="Rectangles that a radiologist drew around what is seen.",
            )
        subsets = sorted(catalog.images["published_split"].dropna().unique())
        if len(subsets) > 1:
            subset = st.segmented_control(
                "Published subset",
                subsets,
                key="subset",
                bind="query-params",
                on_change=start_over,
                help="How the authors divided their images.",
            )
        show_filters(catalog, filters)
        order = st.selectbox(
            "Sort by",
            [name + end for name in list_sorts(catalog) for end in ("", REVERSED)],
            key="sort",
            bind="query-params",
            width=210,
            on_change=start_over,
            help="Lowest first, or reversed: highest first. Images of which it is not known "
            "are last either way. The area of boxes is a share of the image.",
        )
        if wanted or boxes != "all" or subset or filters:
            st.button("Reset filters", icon=":material/filter_list_off:", on_click=_reset)
    _, rows = _find_rows(tables, wanted or "", boxes, subset or "", filters, order)
    return tables, rows


def _reset() -> None:
    for name in ("class", "subset"):
        if name in st.session_state:
            st.session_state[name] = None
    if "boxes" in st.session_state:
        st.session_state["boxes"] = "all"
    st.query_params.pop(WHERE, None)
    start_over()


# Kept as places, a megabyte for 100,000 images, not as tables. By the identity of `tables`, which
# nothing else can take on: the result holds it.
@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Tables: id})
def _find_rows(
    tables: Tables, wanted: str, boxes: str, subset: str, filters: tuple[Filter, ...], order: str
) -> tuple[Tables, Rows]:
    catalog = tables.catalog
    images = eda.filter_images(catalog, tables.labels, wanted, boxes, subset, filters)
    by = order.removesuffix(REVERSED)
    images = sort_images(catalog, images, by, reverse=order.endswith(REVERSED))
    return tables, images.index.to_numpy()
