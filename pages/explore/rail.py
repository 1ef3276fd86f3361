"""The facets at the left of Explore and the chips above its grid; both stand in the address."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.facets import Choice, Group, show_chips, show_facets
from pages.components.frame import escape_markdown
from pages.components.tables import Tables
from pages.explore import numbers_tables
from pages.explore.column_filters import ERROR, show_filters, write_filters
from pages.explore.numbers_tables import recall
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.eda.order import sort_images
from xray_core.figures.colors import SUBSETS, color_classes
from xray_core.glossary import explain
from xray_core.selection import (
    CLASS,
    KNOWN,
    NO,
    VALUES,
    YES,
    Filter,
    describe_filter,
    find_finding,
    find_passing,
    name_column,
    name_value,
)

Rows = NDArray[np.int64]  # places in `catalog.images`, in the order to show
REVERSED = ", reversed"
ANSWERS = {YES: "with", NO: "without"}


def show_rail(tables: Tables, filters: tuple[Filter, ...]) -> None:
    """Show the facets of a dataset, with what each value would show beside `filters`."""
    with st.container(key="stay_rail", gap="small"):
        show_facets(
            _list_groups(tables, filters),
            "facets",
            lambda column, value: write_filters(toggle_value(tables, filters, column, value)),
        )
        show_filters(tables.catalog, filters)


def show_chosen(
    catalog: Catalog,
    filters: tuple[Filter, ...],
    listed: str = "",
    drop_listed: Callable[[], None] | None = None,
) -> None:
    """Show each filter as a chip that takes it back.

    Args:
        catalog: of the images.
        filters: that they pass.
        listed: what images are called that were picked elsewhere; "" for none.
        drop_listed: shows the others again.
    """
    if error := st.session_state.pop(ERROR, ""):
        st.error(escape_markdown(error))

    def drop(place: int | None) -> None:
        if drop_listed is not None and place in (None, len(filters)):
            drop_listed()
        rest = [wish for at, wish in enumerate(filters) if at != place]
        write_filters([] if place is None else rest)

    if filters or listed:
        of_study = bool(catalog.images["image_findings"].notna().any())
        words = [describe_filter(wish, of_study) for wish in filters]
        show_chips([*words, *filter(None, [listed])], "chips", drop)


def toggle_value(
    tables: Tables, filters: tuple[Filter, ...], column: str, value: str
) -> tuple[Filter, ...]:
    """Return `filters` with one value of a facet chosen, or not any more if it was."""
    [facet] = [facet for facet in recall(numbers_tables.facets, tables) if facet.column == column]
    at = next(
        (n for n, wish in enumerate(filters) if (wish.column, wish.kind) == (column, facet.kind)),
        len(filters),
    )
    before = filters[at] if at < len(filters) else None
    changed: tuple[Filter, ...] = ()
    if facet.kind == KNOWN:
        if before is None or before.text != value:
            changed = (Filter(column, KNOWN, text=value),)
    else:
        chosen = set(before.values if before else ()) ^ {value}
        if values := tuple(name for name in facet.masks if name in chosen):
            changed = (Filter(column, VALUES, values=values),)
    return (*filters[:at], *changed, *filters[at + 1 :])


def find_rows(tables: Tables, filters: tuple[Filter, ...], order: str) -> Rows:
    """Return the images that pass `filters`, in an order that `list_orders` names."""
    _, rows = _find_rows(tables, filters, order)
    return rows


# Kept as places, a megabyte for 100,000 images, not as tables. By the identity of `tables`, which
# nothing else can take on: the result holds it.
@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Tables: id})
def _find_rows(tables: Tables, filters: tuple[Filter, ...], order: str) -> tuple[Tables, Rows]:
    catalog, facets = tables.catalog, recall(numbers_tables.facets, tables)
    passing = find_passing(catalog, filters, lambda name: eda.find_class(facets, name))
    by = order.removesuffix(REVERSED)
    images = sort_images(catalog, catalog.images[passing], by, reverse=order.endswith(REVERSED))
    return tables, images.index.to_numpy()


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Tables: id})
def _count(
    tables: Tables, filters: tuple[Filter, ...]
) -> tuple[Tables, tuple[eda.Facet, ...], list[dict[str, int]]]:
    facets = tuple(recall(numbers_tables.facets, tables))
    return tables, facets, eda.count_facets(tables.catalog, facets, filters)


def _list_groups(tables: Tables, filters: tuple[Filter, ...]) -> list[Group]:
    _, facets, counts = _count(tables, filters)
    colors = {CLASS: color_classes(list(tables.counts["class"])), "published_split": SUBSETS}
    chosen = {
        (wish.column, value)
        for wish in filters
        for value in (wish.values if wish.kind == VALUES else (wish.text,))
    }
    return [
        Group(
            facet.column,
            name_column(facet.column),
            explain("unknown finding" if find_finding(facet.column) else name_column(facet.column)),
            tuple(
                Choice(
                    value,
                    ANSWERS[value] if facet.kind == KNOWN else name_value(facet.column, value),
                    count,
                    colors.get(facet.column, {}).get(value, ""),
                    (facet.column, value) in chosen,
                )
                for value, count in counted.items()
            ),
        )
        for facet, counted in zip(facets, counts, strict=True)
    ]
