"""The selection of images that is trained on; it stands in the address, as on Explore."""

from html import escape

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.catalog import Catalog
from xray_core.glossary import explain
from xray_core.recipes import Recipe
from xray_core.selection import (
    FilterError,
    describe_filters,
    find_doubtful,
    parse_filters,
    select_catalog,
)
from xray_core.workspace import find_workspace

WHERE = "where"


def read_selection() -> str:
    """Return the selection in the address, as a recipe's field takes it; "" for all images."""
    text = st.query_params.get(WHERE, "")
    try:
        parse_filters(text)
    except FilterError as error:
        st.warning(f"The selection in the address is left out. {escape_markdown(str(error))}")
        return ""
    return text


def write_selection(text: str) -> None:
    """Make `text` the selection in the address."""
    st.query_params.pop(WHERE, None)
    if text:
        st.query_params[WHERE] = text


def show_selection(text: str) -> None:
    """Show which images are trained on, with a button to take all of them; nothing if all are.

    Args:
        text: as `read_selection` returns it.
    """
    if not text:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="selection"):
        st.html(f"<b>Only:</b> {escape(describe_filters(text))}", width="content")
        st.button(
            "Use all images",
            icon=":material/close:",
            type="tertiary",
            help=f"{explain('selection')} This takes the conditions back.",
            on_click=write_selection,
            args=("",),
        )


def open_selected(catalog: Catalog, recipe: Recipe) -> Catalog:
    """Return `catalog` with the images that `recipe` is trained on, read-only and shared.

    Whatever is said of a training before it starts, its sets, doubts and cost, is said of this.

    Raises:
        XrayError: see `select_catalog`.
    """
    if not recipe.selection:
        return catalog
    doubtful = find_doubtful(catalog, recipe.selection, recipe.task, find_workspace())
    _, selected = _select(catalog, recipe.selection, recipe.task, doubtful)
    return selected


# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Catalog: id})
def _select(
    catalog: Catalog, selection: str, task: str, doubtful: tuple[str, ...]
) -> tuple[Catalog, Catalog]:
    return catalog, select_catalog(catalog, selection, task, doubtful)
