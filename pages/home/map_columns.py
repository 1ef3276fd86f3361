"""The dialog in which a person says, once, what labels the images of a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.components.frame import format_message, format_refusal
from pages.components.small_type import show_facts, show_muted
from pages.home.map_cells import show_boxes, show_cells
from pages.home.map_levels import show_levels, show_place
from pages.home.map_preview import show_preview
from pages.home.map_tables import show_tables
from xray_core.datasets.chosen import list_fitting
from xray_core.datasets.folder.draft import FOLDERS, NAMES, TABLES, MappingDraft, start_draft
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.layout import read_layout
from xray_core.datasets.folder.mapping import (
    FOLDER,
    FolderMapping,
    find_mapping,
    read_mapping,
    write_mapping,
)
from xray_core.datasets.folder.preview import Sample, preview_reading
from xray_core.datasets.folder.refusals import MappingNeeded
from xray_core.datasets.folder.rows import FolderTables
from xray_core.datasets.folder.suggest import list_tables
from xray_core.datasets.folder.table import MappingPreview
from xray_core.datasets.folder.titles import describe_mapping
from xray_core.datasets.guess import guess_reading
from xray_core.errors import DatasetError
from xray_core.glossary import explain
from xray_core.registry import add_dataset, find_name
from xray_core.workspace import Workspace

STATE = "mapping"
WAYS = {TABLES: "a table", FOLDERS: "names of folders", NAMES: "names of files"}


@dataclass
class Waiting:
    """A folder of which is asked how it is to be read.

    Attributes:
        folder: as it was named.
        files: of the folder that holds the images and tables.
        tables: its tables, each read once.
        draft: what is chosen so far; the guess to begin with.
        problem: what is wrong with it as it is; "" for nothing but that a person has to agree.
        previewed: the last mapping that was tried, and what it gives.
    """

    folder: Path
    files: FolderFiles
    tables: FolderTables
    draft: MappingDraft
    problem: str = ""
    previewed: tuple[FolderMapping, MappingPreview, list[Sample]] | None = None


def change_mapping(workspace: Workspace, folder: Path) -> bool:
    """Let the dialog open for a folder of the registry whose mapping is there to be changed.

    Raises:
        DatasetError: the folder cannot be listed, or its mapping is damaged.
    """
    if find_name(workspace, folder) is None:
        return False
    files, _ = guess_reading(folder)
    mapping = read_mapping(files.root)
    if mapping is None or mapping.reader != FOLDER:
        return False
    open_mapping(folder)
    return True


def start_mapping(folder: Path, error: DatasetError | None = None) -> bool:
    """Let the dialog open for a folder, if a person can say there how to read it.

    Args:
        folder: resolved, and one that the app may read.
        error: why it was refused; None where it is to be changed.

    Returns:
        Whether it opens: not without images, and of what was refused only where there is a guess
        or a table, and no reader of a published dataset recognises the folder.
    """
    try:
        files, guess = guess_reading(folder)
        if not files.images:
            return False
        if error is not None and not isinstance(error, MappingNeeded):
            damaged = find_mapping(files.root) is not None
            has_table = bool(list_tables(files) or guess)
            if not damaged and (not has_table or list_fitting(folder)):
                return False
        open_mapping(folder, "" if isinstance(error, MappingNeeded | None) else str(error))
    except DatasetError:
        return False  # whoever called says what is wrong
    return True


def open_mapping(folder: Path, problem: str = "") -> None:
    """Let the dialog open for a folder with images.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    files, guess = guess_reading(folder)
    try:
        mapping = read_mapping(files.root)
    except DatasetError as error:
        mapping, problem = None, str(error)
    if mapping is None or mapping.reader != FOLDER:
        readable = not read_layout(files.counts).problem
        mapping = FolderMapping() if readable and not (guess and guess.tables) else guess
    draft = start_draft(mapping, list_tables(files))
    tables = FolderTables(files.root, files.images)
    st.session_state[STATE] = Waiting(folder, files, tables, draft, problem)


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


@st.dialog("Which column says what?", width="large", on_dismiss=_forget)
def _show_dialog(workspace: Workspace, waiting: Waiting, done: Callable[[Path], None]) -> None:
    if waiting.problem:
        st.warning(format_refusal(waiting.problem))
    choices, given = st.columns([5, 6], gap="medium")
    with choices:
        mapping = _choose(waiting)
    usable = False
    with given:
        if mapping is not None:
            usable = _show_given(waiting, mapping)
    with st.container(horizontal=True, vertical_alignment="center", key="map_actions"):
        pressed = st.button("Save and open", type="primary", disabled=not usable, key="map.save")
        st.html('<span class="muted wide">Kept in xray_dataset.json beside the images.</span>')
    if pressed and mapping:
        _save(workspace, waiting, mapping, done)


def _choose(waiting: Waiting) -> FolderMapping | None:
    """Show what is chosen in words, and how to change it; return it, None if it is incomplete."""
    draft = waiting.draft
    show_muted(
        f"{waiting.folder.name}: {len(waiting.files.images):,} images. This is a guess: compare "
        "it with what it gives, and change what is wrong."
    )
    ways = [way for way in WAYS if way != TABLES or draft.tables]
    draft.way = st.segmented_control(
        "The images are labelled by",
        ways,
        default=draft.way,
        format_func=WAYS.__getitem__,
        required=True,
        key="map.way",
        help=explain("mapping"),
    )
    words = st.container()
    if draft.way == TABLES:
        show_tables(draft, waiting.tables, waiting.files.root)
        show_cells(draft)
        show_boxes(draft, waiting.tables)
    elif draft.way == FOLDERS:
        show_levels(draft, waiting.files)
    else:
        show_place(draft)
    with words:
        try:
            mapping = draft.build()
        except DatasetError as error:
            st.info(format_message(error))
            return None
        show_facts(dict(describe_mapping(mapping)))
    return mapping


def _show_given(waiting: Waiting, mapping: FolderMapping) -> bool:
    """Show what the mapping gives; return whether it can be used."""
    try:
        if waiting.previewed is None or waiting.previewed[0] != mapping:
            with st.spinner("Looking for the images …"):
                given = preview_reading(waiting.files, waiting.tables, mapping)
            waiting.previewed = (mapping, *given)
    except DatasetError as error:
        st.error(format_message(error))
        return False
    _, preview, samples = waiting.previewed
    return show_preview(preview, samples, waiting.files.root, with_rows=bool(mapping.tables))


def _save(
    workspace: Workspace,
    waiting: Waiting,
    mapping: FolderMapping,
    done: Callable[[Path], None],
) -> None:
    """Keep the mapping, put the folder in the registry, and open it."""
    try:
        write_mapping(waiting.files.root, mapping)
        add_dataset(workspace, waiting.folder)
    except DatasetError as error:
        st.error(format_message(error))
        return
    _forget()
    done(waiting.folder)
