"""What the cells of the mapped columns mean: several labels, uncertain and blank, boxes, masks."""

from collections.abc import Mapping

import streamlit as st

from pages.components.frame import escape_markdown
from pages.home.map_tables import choose_roles
from xray_core.datasets.folder.draft import UNUSED, MappingDraft, TableDraft
from xray_core.datasets.folder.mapping import BOX_CORNERS, BOX_SIDES, ORIGINAL_SIZE
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.titles import (
    MEANING_TITLES,
    ORDER_TITLES,
    SEPARATOR_TITLES,
    UNIT_TITLES,
)
from xray_core.errors import DatasetError
from xray_core.glossary import explain

BOXES = {
    "none": (),
    "corner and size": BOX_SIDES,
    "two corners": BOX_CORNERS,
    "in one cell": ("box",),
}


def show_cells(draft: MappingDraft) -> None:
    """Show what divides labels, and what uncertain and blank findings mean; changes the draft."""
    used = _list_used(draft)
    labelled = any("label" in table.columns for table in used)
    findings = any(table.findings for table in used)
    if not (labelled or findings):
        return
    box = st.expander(
        "Several labels, uncertain and blank" if findings else "Several labels in a cell",
        icon=":material/label:",
        key="map.cells",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        if labelled:
            draft.separator = _choose(
                "Labels in a cell are divided by", SEPARATOR_TITLES, draft.separator, "separator"
            )
        if findings:
            draft.uncertain = _choose(
                "Uncertain (−1) means", MEANING_TITLES, draft.uncertain, "uncertain"
            )
            draft.blank = _choose("A blank cell means", MEANING_TITLES, draft.blank, "blank")


def show_boxes(draft: MappingDraft, tables: FolderTables) -> None:
    """Show in which columns boxes and masks are, and in which unit; changes the draft."""
    used = _list_used(draft)
    if not used:
        return
    box = st.expander(
        "Boxes and masks", icon=":material/crop_free:", key="map.boxes", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        by_file = {table.file: table for table in used}
        files = list(by_file)
        boxed = next((t.file for t in used if _name_way(t) != "none"), files[0])
        if len(files) > 1:
            boxed = st.selectbox("Table", files, index=files.index(boxed), key="map.boxes.table")
        try:
            columns = list(tables.read(boxed).rows.columns)
        except DatasetError:
            return  # said above, where columns are chosen
        _choose_boxes(draft, by_file[boxed], columns)


def _choose_boxes(draft: MappingDraft, table: TableDraft, columns: list[str]) -> None:
    ways = list(BOXES)
    way = st.segmented_control(
        "Boxes around what is seen",
        ways,
        default=_name_way(table),
        required=True,
        key=f"map.{table.file}.boxes",
        help=explain("box"),
    )
    roles = BOXES[way or "none"]
    for role in {*BOX_SIDES, *BOX_CORNERS, "box"} - {*roles}:
        table.columns.pop(role, None)
    if roles:
        choose_roles(table, columns, roles, min(len(roles), 2))
        if not set(roles) & table.columns.keys():
            st.info("Choose the columns of the boxes, or none above.")
        draft.box_unit = _choose("Their unit", UNIT_TITLES, draft.box_unit, "unit")
        if roles == ("box",):
            draft.box_order = _choose("A cell holds", ORDER_TITLES, draft.box_order, "order")
        st.caption(
            "If the boxes were drawn on larger images than these files, name the columns with "
            "the size of the larger ones."
        )
        choose_roles(table, columns, ORIGINAL_SIZE, 2)
    else:
        for role in ORIGINAL_SIZE:
            table.columns.pop(role, None)
    choose_roles(table, columns, ("runs",), 1)


def _name_way(table: TableDraft) -> str:
    return next((way for way, roles in BOXES.items() if set(roles) & table.columns.keys()), "none")


def _choose(label: str, titles: Mapping[str, str], value: str, key: str) -> str:
    chosen = st.selectbox(
        escape_markdown(label),
        list(titles),
        index=list(titles).index(value),
        format_func=titles.__getitem__,
        key=f"map.{key}",
        help=explain(label) or None,
    )
    return str(chosen)


def _list_used(draft: MappingDraft) -> list[TableDraft]:
    return [table for table in draft.tables.values() if table.use != UNUSED]
