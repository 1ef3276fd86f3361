"""Which table says what, and which of its columns: for each a choice that begins with the guess."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, format_message
from xray_core.datasets.folder.draft import (
    JOINED,
    NAMING,
    UNUSED,
    MappingDraft,
    TableDraft,
    use_table,
)
from xray_core.datasets.folder.mapping import SUBSETS
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.titles import ROLE_TITLES
from xray_core.errors import DatasetError
from xray_core.glossary import explain

NONE = "–"
N_ROWS = 5
USES = {NAMING: "names images", JOINED: "is joined on a column", UNUSED: "is not used"}
OF_IMAGES = ("path", "folder")
OF_PATIENTS = (
    *("label", "patient", "study", "split", "view_position", "age", "gender"),
    *("follow_up", "site", "reading"),
)
HINTS = {
    "path": "A path or a name, with or without .png or .jpg.",
    "folder": "Where it is in a column of its own.",
    "patient": "Keeps all images of a patient in one subset of a split.",
    "split": "Words such as train, val and test.",
    "view_position": "Words such as PA, AP or lateral.",
    "age": "Years, as in 57 or 057Y.",
    "gender": "F or M.",
    "follow_up": "The number of the follow-up study, from 0.",
    "site": "The hospital or collection.",
    "reading": "What a radiologist wrote, in words.",
}


def show_tables(draft: MappingDraft, tables: FolderTables, root: Path) -> None:
    """Show the choice of tables and columns, closed while the guess will do; changes the draft."""
    begun = any(table.use != UNUSED for table in draft.tables.values())
    box = st.expander(
        "Change the columns",
        expanded=not begun,
        icon=":material/table:",
        key="map.columns",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        files = list(draft.tables)
        file = st.selectbox("Table", files, key="map.table") if len(files) > 1 else files[0]
        table = draft.tables[file]
        try:
            columns = list(tables.read(file).rows.columns)
            if len(files) == 1 and table.use == UNUSED:
                use_table(draft, tables, file, NAMING)
            elif len(files) > 1:
                _choose_use(draft, tables, table)
        except DatasetError as error:
            st.error(format_message(error))
            return
        _show_rows(tables, table)
        if table.use != UNUSED:
            _choose_columns(draft, table, columns)


def choose_role(table: TableDraft, columns: Sequence[str], role: str) -> None:
    """Show the choice of the column for a role; changes the draft."""
    names = [NONE, *columns]
    value = table.columns.get(role, NONE)
    title = ROLE_TITLES[role]
    chosen = st.selectbox(
        title,
        names,
        index=names.index(value) if value in names else 0,
        key=f"map.{table.file}.{role}",
        help=" ".join(filter(None, (explain(title), HINTS.get(role, "")))) or None,
    )
    if chosen != NONE:
        table.columns[role] = chosen
    else:
        table.columns.pop(role, None)


def choose_roles(table: TableDraft, columns: Sequence[str], roles: Sequence[str], n: int) -> None:
    """Show the choices for several roles, `n` in a row, in order on a narrow screen, too."""
    for start in range(0, len(roles), n):
        for place, role in zip(st.columns(n), roles[start : start + n], strict=False):
            with place:
                choose_role(table, columns, role)


def _choose_use(draft: MappingDraft, tables: FolderTables, table: TableDraft) -> None:
    use = st.segmented_control(
        "This table",
        list(USES),
        default=table.use,
        format_func=USES.__getitem__,
        required=True,
        key=f"map.{table.file}.use",
    )
    if use and use != table.use:
        use_table(draft, tables, table.file, use)


def _choose_columns(draft: MappingDraft, table: TableDraft, columns: Sequence[str]) -> None:
    """Show the choices of one table that is used."""
    if table.use == JOINED:
        _choose_key(draft, table, columns)
        choose_roles(table, columns, OF_PATIENTS, 2)
    else:
        choose_roles(table, columns, (*OF_IMAGES, *OF_PATIENTS), 2)
    table.findings = tuple(
        st.multiselect(
            "Findings in columns of 0 and 1",
            columns,
            default=[name for name in table.findings if name in columns],
            key=f"map.{table.file}.findings",
            help=f"{explain('finding')} 1 is present, 0 absent, −1 uncertain.",
        )
    )
    if table.use == NAMING and "split" not in table.columns:
        choices = [NONE, *SUBSETS]
        chosen = st.selectbox(
            "All its images are of the subset",
            choices,
            index=choices.index(table.subset) if table.subset in choices else 0,
            key=f"map.{table.file}.subset",
            help=explain("subset"),
        )
        table.subset = "" if chosen == NONE else chosen


def _choose_key(draft: MappingDraft, table: TableDraft, columns: Sequence[str]) -> None:
    """Show by which columns the rows belong to those of the tables that name images."""
    names = [NONE, *columns]
    chosen = st.selectbox(
        "Joined on its column",
        names,
        index=names.index(table.on) if table.on in names else 0,
        key=f"map.{table.file}.on",
        help="The column whose values the table with the images has, too, such as an id.",
    )
    table.on = "" if chosen == NONE else chosen
    table.of = st.text_input(
        "Called in the other table",
        table.of or table.on,
        key=f"map.{table.file}.of",
    ).strip()


def _show_rows(tables: FolderTables, table: TableDraft) -> None:
    """Show the first rows as they are, those columns first that say something."""
    rows = tables.read(table.file).rows
    guessed = [name for name in table.columns.values() if name in rows.columns]
    order = list(dict.fromkeys([*guessed, *rows.columns]))
    st.caption(f"The first rows of {escape_markdown(table.file)}, {len(rows):,} in all")
    st.dataframe(
        rows.head(N_ROWS).fillna(""),
        hide_index=True,
        height="content",
        column_order=order,
        alt="The first rows of the table",
    )
