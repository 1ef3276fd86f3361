"""The dialog in which a user says, once, which column of a CSV file means what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, format_message
from xray_core.datasets import READERS
from xray_core.datasets.folder import find_layout
from xray_core.datasets.folder.files import FolderFiles, list_files
from xray_core.datasets.folder.mapping import (
    BOX_CORNERS,
    BOX_SIDES,
    ORIGINAL_SIZE,
    FolderMapping,
    find_mapping,
    read_mapping,
    write_mapping,
)
from xray_core.datasets.folder.suggest import (
    count_named,
    list_tables,
    read_rows,
    suggest_columns,
    suggest_mapping,
)
from xray_core.datasets.folder.table import SOURCE, MappingPreview, preview_mapping
from xray_core.errors import DatasetError
from xray_core.registry import add_dataset, find_name
from xray_core.workspace import Workspace

STATE = "mapping"
NONE = "–"
N_ROWS, N_LABELS, MANY_LABELS = 5, 8, 50
MAIN = {
    "path": ("Image file", "A path or a name, with or without .png or .jpg."),
    "label": ("Label", "What the image shows: the network learns it."),
    "patient": ("Patient", "Keeps all images of a patient in one subset of a split."),
    "study": ("Study", "One examination, which may hold several images."),
    "split": ("Subset", "Words such as train, val and test."),
    "view_position": ("View position", "Words such as PA, AP or lateral."),
    "age": ("Age", "Years, as in 57 or 057Y."),
    "gender": ("Sex", "F or M."),
}
BOXES = {"none": (), "corner and size": BOX_SIDES, "two corners": BOX_CORNERS}
BOX_LABELS = {
    **{"x": "Left", "y": "Top", "width": "Width", "height": "Height"},
    **{"x1": "Left", "y1": "Top", "x2": "Right", "y2": "Bottom"},
    **{"original_width": "Image width", "original_height": "Image height"},
}
SEPARATORS = {"": "nothing: one label each", "|": "|", ";": ";", ",": ","}


@dataclass
class _Mapping:
    """A folder that waits for its columns, with what was found in it.

    Attributes:
        guess: what the dialog starts with; None if no column seems to name images.
        problem: why an earlier mapping of the folder cannot be used.
        looks: table -> its rows and the guess at its columns, once it was looked at.
        previewed: the last mapping that was tried, and what it made of the table.
    """

    folder: Path
    files: FolderFiles
    guess: FolderMapping | None
    problem: str = ""
    looks: dict[str, tuple[pd.DataFrame, FolderMapping | None]] = field(default_factory=dict)
    previewed: tuple[FolderMapping, MappingPreview] | None = None


def start_mapping(workspace: Workspace, folder: Path) -> bool:
    """Let the dialog open for `folder`, if it needs one; return whether it does.

    It does where a CSV file and images lie in a folder that no reader of a published dataset
    knows; not where a mapping is there, unless the folder is in the registry: then it is changed.

    Args:
        workspace: the folders.
        folder: resolved, and one that the app may read.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    if not folder.is_dir() or any(
        reader.find_root(folder) for reader in READERS.values() if not reader.generic
    ):
        return False
    root = READERS[SOURCE].find_root(folder)
    if root and root != folder and find_mapping(root):
        return False  # an archive's outer folder, with a mapping inside
    earlier, problem = None, ""
    try:
        earlier = read_mapping(folder)
    except DatasetError as error:
        problem = str(error)
    if earlier and find_name(workspace, folder) is None:
        return False
    files = list_files(folder)
    if not files.images or not list_tables(files):
        return False
    guess = earlier or suggest_mapping(files)
    if root and not earlier and not problem:
        # Its folders name classes. A table that names no image, such as a log, is no rival.
        if guess is None:
            return False
        if not count_named(files, read_rows(folder / guess.table)[guess.columns["path"]]):
            return False
    st.session_state[STATE] = _Mapping(folder, files, guess, problem)
    return True


def is_mapping() -> bool:
    """Whether the dialog is open."""
    return STATE in st.session_state


def show_mapping(workspace: Workspace, done: Callable[[Path], None]) -> None:
    """Show the dialog where a folder waits for it.

    Args:
        workspace: the folders.
        done: called with the folder once it is in the registry.
    """
    if is_mapping():
        _show_dialog(workspace, st.session_state[STATE], done)


def _forget() -> None:
    st.session_state.pop(STATE, None)


@st.dialog("Which column says what?", width="medium", on_dismiss=_forget)
def _show_dialog(workspace: Workspace, waiting: _Mapping, done: Callable[[Path], None]) -> None:
    tables = list_tables(waiting.files)
    st.caption(
        f"{escape_markdown(waiting.folder.name)} holds {len(waiting.files.images):,} images. "
        "Say once what the columns of its table mean."
    )
    if waiting.problem:
        st.warning(escape_markdown(waiting.problem))
    first = waiting.guess.table if waiting.guess and waiting.guess.table in tables else tables[0]
    table = st.selectbox("Table", tables, index=tables.index(first), key="map.table")
    try:
        rows, guess = _look(waiting, table)
        # What is guessed first: a table may have thirty columns.
        guessed = list(dict.fromkeys(guess.columns.values())) if guess else []
        order = [*guessed, *(name for name in rows.columns if name not in guessed)]
        shown = rows.head(N_ROWS).fillna("")
        st.dataframe(shown, hide_index=True, height="content", column_order=order)
        mapping = _choose_columns(table, rows, guess)
        preview = _preview(waiting, mapping) if mapping else None
    except DatasetError as error:
        st.error(format_message(error))
        mapping = preview = None
    usable = preview is not None and _show_preview(preview)
    with st.container(horizontal=True):
        if st.button("Save and open", type="primary", disabled=not usable) and mapping:
            _save(workspace, waiting, mapping, done)
        if find_mapping(waiting.folder) is None and find_layout(waiting.folder):
            words = "Use the names of the folders as labels"
            if st.button(words, help="Leave the table alone: each folder is a class."):
                _save(workspace, waiting, None, done)


def _look(waiting: _Mapping, table: str) -> tuple[pd.DataFrame, FolderMapping | None]:
    if table not in waiting.looks:
        rows = read_rows(waiting.files.root / table)
        earlier = waiting.guess if waiting.guess and waiting.guess.table == table else None
        waiting.looks[table] = (rows, earlier or suggest_columns(waiting.files, table, rows))
    return waiting.looks[table]


def _choose_columns(
    table: str, rows: pd.DataFrame, guess: FolderMapping | None
) -> FolderMapping | None:
    """Show the choice of columns; return the mapping, None while the image file is not chosen."""
    guessed = dict(guess.columns) if guess else {}
    columns: dict[str, str] = {}
    names = [NONE, *rows.columns]

    def choose(role: str, label: str, words: str | None = None) -> None:
        value = guessed.get(role, NONE)
        index = names.index(value) if value in names else 0
        key = f"map.{table}.{role}"
        chosen = st.selectbox(label, names, index=index, key=key, help=words)
        if chosen != NONE:
            columns[role] = chosen

    _in_grid(MAIN, lambda role: choose(role, *MAIN[role]), n_columns=2)
    separator = st.segmented_control(
        "Several labels in a cell are parted by",
        list(SEPARATORS),
        default=guess.separator if guess and guess.separator in SEPARATORS else "",
        format_func=SEPARATORS.__getitem__,
        required=True,
        key=f"map.{table}.separator",
    )
    ways = list(BOXES)
    given = guess.box_roles if guess else ()
    way = st.segmented_control(
        "Boxes around what is seen, in px",
        ways,
        default=next(name for name in ways if BOXES[name] == given),
        required=True,
        key=f"map.{table}.boxes",
    )
    roles = BOXES[way or "none"]
    if roles:
        _in_grid(roles, lambda role: choose(role, BOX_LABELS[role]), n_columns=4)
        st.caption(
            "If the boxes were drawn on larger images than these files, name the columns with "
            "the size of the larger ones."
        )
        _in_grid(ORIGINAL_SIZE, lambda role: choose(role, BOX_LABELS[role]), n_columns=2)
        if not set(roles) & columns.keys():
            st.info("Choose the four columns of the boxes, or none above.")
    if "path" not in columns:
        st.info("Choose the column that names the image file.")
        return None
    images = guess.images if guess else ""
    return FolderMapping(table, columns, separator or "", images)


def _in_grid(roles: Iterable[str], show: Callable[[str], None], n_columns: int) -> None:
    """Show one widget per role, row by row, so that they stay in order on a narrow screen."""
    names = list(roles)
    for start in range(0, len(names), n_columns):
        for column, role in zip(
            st.columns(n_columns), names[start : start + n_columns], strict=False
        ):
            with column:
                show(role)


def _preview(waiting: _Mapping, mapping: FolderMapping) -> MappingPreview:
    if waiting.previewed is None or waiting.previewed[0] != mapping:
        with st.spinner("Looking for the images …"):
            waiting.previewed = (mapping, preview_mapping(waiting.files, mapping))
    return waiting.previewed[1]


def _show_preview(preview: MappingPreview) -> bool:
    """Say what the choice makes of the table; return whether it can be used."""
    figures = [f"**{preview.rows_with_image:,} of {preview.rows:,} rows have their image**"]
    figures.append(f"{preview.patients:,} patients" if preview.patients else "no patients given")
    if preview.boxes:
        figures.append(f"{preview.boxes:,} boxes")
    with st.container(border=True):
        st.markdown(" · ".join(figures))
        if preview.labels:
            shown = list(preview.labels.items())[:N_LABELS]
            more = len(preview.labels) - len(shown)
            words = ", ".join(f"{escape_markdown(name)} {count:,}" for name, count in shown)
            st.markdown(f"Labels: {words}{f', and {more:,} more' if more else ''}")
        if len(preview.labels) > MANY_LABELS:
            st.warning(f"There are {len(preview.labels):,} different labels. Is it their column?")
        for remark in preview.remarks:
            st.caption(escape_markdown(remark.message))
    if not preview.rows_with_image:
        st.warning("No row's image is in the folder. Choose another column for the image file.")
    elif not preview.labels:
        st.info("Choose the column of the label. Without labels there is nothing to learn.")
    return bool(preview.rows_with_image and preview.labels)


def _save(
    workspace: Workspace,
    waiting: _Mapping,
    mapping: FolderMapping | None,
    done: Callable[[Path], None],
) -> None:
    """Put the folder in the registry, with its mapping if there is one, and open it."""
    try:
        if mapping:
            write_mapping(waiting.folder, mapping)
        add_dataset(workspace, waiting.folder)
    except DatasetError as error:
        st.error(format_message(error))
        return
    _forget()
    done(waiting.folder)
