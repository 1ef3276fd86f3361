"""The popover "More filters": conditions on any column, kept in the address as `?where=`."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.tables import Tables
from pages.explore.image_address import WHERE, filter_by
from pages.explore.numbers_tables import facets, recall
from xray_core.catalog import COLUMNS, Catalog
from xray_core.selection import (
    AGE_GROUP,
    CLASS,
    KNOWN,
    NO,
    RANGE,
    TEXT,
    VALUES,
    YES,
    Filter,
    FilterError,
    find_finding,
    format_filters,
    kinds_of,
    name_column,
    name_state_column,
    name_value,
    parse_filters,
)
from xray_core.tasks import list_findings, name_states

N_LISTED = 50  # values offered by name; rarer ones can be typed
BASES = {AGE_GROUP: "age"}  # what follows from a column -> that column
ERROR = "where_error"  # in the session: why the last change was refused
WriteFilter = Callable[..., None]  # gets the fields of the filter that is wanted, or none of them
KINDS = {VALUES: "is one of", TEXT: "contains", RANGE: "lies between", KNOWN: "is known or not"}


def read_filters(tables: Tables) -> tuple[Filter, ...]:
    """Return the filters in the address that fit this dataset and task, and warn of the others."""
    try:
        filters = parse_filters(st.query_params.get(WHERE, ""))
    except FilterError as error:
        st.warning(f"The filters in the address are left out. {escape_markdown(str(error))}")
        return ()
    reasons = {wish: _find_misfit(tables, wish) for wish in filters}
    for reason in sorted({reason for reason in reasons.values() if reason}):
        st.warning(escape_markdown(f"{reason} The filter on it is left out."))
    return tuple(wish for wish in filters if not reasons[wish])


def _find_misfit(tables: Tables, wish: Filter) -> str:
    """Return why a filter can tell nothing here; "" if it can."""
    images = tables.catalog.images
    if wish.column == CLASS:
        [classes, *_] = recall(facets, tables)
        strange = [value for value in wish.values if value not in ("", *classes.masks)]
        return f"This task has no class {', '.join(map(repr, strange))}." if strange else ""
    if (finding := find_finding(wish.column)) and finding not in list_findings(tables.catalog):
        return f"This dataset does not say whether {finding!r} is present or absent."
    column = BASES.get(wish.column, wish.column)
    if column in images and images[column].isna().all():
        return f"This dataset tells nothing of: {name_column(wish.column)}."
    return ""


def show_filters(catalog: Catalog, filters: tuple[Filter, ...]) -> None:
    """Show the popover in which filters on any column are added and changed."""
    panel = st.popover(
        "More filters", icon=":material/filter_list:", key="more_filters", on_change="rerun"
    )
    if panel.open:
        with panel:
            _show_editor(catalog, filters)


def write_filters(filters: Sequence[Filter], image_ids: Sequence[str] = ()) -> None:
    """Write the filters to the address, and show the images; see `filter_by`."""
    text = format_filters(filters)
    try:
        parse_filters(text)  # too many or too long for an address?
    except FilterError as error:
        st.session_state[ERROR] = str(error)
        return
    filter_by(text, image_ids)


def _show_editor(catalog: Catalog, filters: tuple[Filter, ...]) -> None:
    _, columns = _list_columns(catalog)
    column = st.selectbox(
        "Column",
        columns,
        format_func=name_column,
        index=None,
        placeholder="Choose a column to filter by",
        key="where_column",
    )
    if column is None:
        return
    values = _read_values(catalog, column)
    kinds = [kind for kind in kinds_of(column) if kind != KNOWN or values.isna().any()]
    if column == "mask_path":
        kinds = [KNOWN]
    kind = st.radio("How", kinds, format_func=KINDS.get, horizontal=True, key=f"how_{column}")
    existing = next(
        (
            column_filter
            for column_filter in filters
            if (column_filter.column, column_filter.kind) == (column, kind)
        ),
        None,
    )

    def write_filter(**wanted: Any) -> None:
        """Write the filters with `existing` changed to `wanted`, or without it."""
        try:
            changed = [Filter(column, kind, **wanted)] if wanted else []
        except FilterError as error:
            st.session_state[ERROR] = str(error)
            return
        at = filters.index(existing) if existing else len(filters)
        write_filters([*filters[:at], *changed, *filters[at + 1 :]])

    edit = {VALUES: _edit_values, TEXT: _edit_text, RANGE: _edit_range, KNOWN: _edit_known}
    edit[kind](values, column, existing, write_filter)


# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Catalog: id})
def _list_columns(catalog: Catalog) -> tuple[Catalog, list[str]]:
    columns = (*COLUMNS, *map(name_state_column, list_findings(catalog)))
    return catalog, [name for name in columns if _tells_apart(_read_values(catalog, name))]


def _read_values(catalog: Catalog, column: str) -> pd.Series:
    """Return what a column holds, or the state of a finding, of the images that are present."""
    finding = find_finding(column)
    values = name_states(catalog, finding) if finding else catalog.images[column]
    return values[catalog.images["path"].notna()]


def _tells_apart(values: pd.Series) -> bool:
    """Whether a filter on a column can tell any two images apart."""
    known = values.notna()
    return bool(known.any() and not (known.all() and (values == values.iloc[0]).all()))


def _edit_values(
    values: pd.Series, column: str, existing: Filter | None, write_filter: WriteFilter
) -> None:
    counts = values.fillna("").value_counts()
    chosen = list(existing.values) if existing else []
    listed = list(counts.index[:N_LISTED])
    key = _hold(f"where_{column}_{VALUES}", chosen)
    more = f", the {N_LISTED} most frequent of {len(counts):,}" if len(counts) > N_LISTED else ""

    def change() -> None:
        picked = tuple(st.session_state[key])
        write_filter(**({"values": picked} if picked else {}))

    st.multiselect(
        f"{name_column(column)}{more}",
        [*listed, *(value for value in chosen if value not in listed)],
        format_func=lambda value: f"{name_value(column, value)} ({counts.get(value, 0):,})",
        key=key,
        accept_new_options=bool(more),
        placeholder="Choose, or type another" if more else "Choose",
        select_all=False,
        on_change=change,
    )


def _edit_text(
    values: pd.Series, column: str, existing: Filter | None, write_filter: WriteFilter
) -> None:
    key = _hold(f"where_{column}_{TEXT}", existing.text if existing else "")

    def change() -> None:
        text = st.session_state[key]
        write_filter(**({"text": text} if text else {}))

    example = next(iter(values.dropna()), "")
    st.text_input(
        f"{name_column(column)} contains",
        key=key,
        placeholder=f"e.g. a part of {example}",
        help="Letters to find anywhere in it, in upper or lower case. No wildcards.",
        on_change=change,
    )


def _edit_known(
    values: pd.Series, column: str, existing: Filter | None, write_filter: WriteFilter
) -> None:
    key = _hold(f"where_{column}_{KNOWN}", existing.text if existing else None)
    n_known = int(values.notna().sum())
    words = {YES: f"known ({n_known:,})", NO: f"unknown ({len(values) - n_known:,})"}

    def change() -> None:
        answer = st.session_state[key]
        write_filter(**({"text": answer} if answer else {}))

    st.pills(
        name_column(column), [YES, NO], format_func=words.__getitem__, key=key, on_change=change
    )


def _edit_range(
    values: pd.Series, column: str, existing: Filter | None, write_filter: WriteFilter
) -> None:
    keys = [
        _hold(f"where_{column}_{name}", getattr(existing, name, None)) for name in ("low", "high")
    ]

    def change() -> None:
        low, high = (st.session_state[key] for key in keys)
        write_filter(**({} if low is None and high is None else {"low": low, "high": high}))

    with st.container(horizontal=True):
        for label, key, end in zip(
            ("At least", "At most"), keys, (values.min(), values.max()), strict=True
        ):
            st.number_input(
                label,
                value=None,
                key=key,
                format="%.10g",
                placeholder=f"{end:.10g}",
                width=140,
                on_change=change,
            )
    st.caption(
        f"{name_column(column)}: {values.min():,.10g} to {values.max():,.10g} in this dataset."
    )


def _hold(key: str, value: object) -> str:
    """Let the widget called `key` show what the address says; return `key`."""
    with suppress(KeyError):
        if st.session_state[key] == value:
            return key
    st.session_state[key] = value
    return key
