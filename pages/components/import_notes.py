"""How a dataset was opened, what was left out, guessed or odd, and who is to read it instead."""

from html import escape
from pathlib import Path

import streamlit as st

from pages.components.download import write_csv
from pages.components.frame import escape_markdown, format_message
from pages.components.small_type import show_section
from xray_core.catalog import Catalog, Remark, list_noted
from xray_core.datasets import READERS
from xray_core.datasets.chosen import (
    choose_automatically,
    choose_by_hand,
    list_fitting,
    read_chosen,
)
from xray_core.datasets.folder.mapping import FOLDER, find_mapping
from xray_core.errors import DatasetError
from xray_core.glossary import explain
from xray_core.recipes.titles import use_titles
from xray_core.registry import add_dataset
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import find_workspace

CHANGED = "changed_reading"  # the folder of which Home asks how it is to be read
AUTOMATIC = ""
PAGE = "pages/home.py"


def show_import_notes(catalog: Catalog, place: str) -> None:
    """Show how a dataset was opened, its reader, the remarks with examples, and all names as CSV.

    Args:
        catalog: of the dataset.
        place: where it is shown; unique on the page.
    """
    show_section("Import notes", "how it was opened")
    items = "".join(f"<li>{escape(use_titles(note))}</li>" for note in catalog.notes)
    st.html(f'<ul class="notes">{items}</ul>' if items else "As this app drew it.")
    if not is_synthetic(catalog.root):
        _show_reader(catalog, place)
    n_remarks = len(catalog.remarks)
    show_section("Left out, guessed or odd", "" if n_remarks else "nothing")
    if n_remarks:
        items = "".join(map(_format_remark, catalog.remarks))
        st.html(f'<ul class="notes">{items}</ul>')
    if len(catalog.noted):
        st.download_button(
            "All names as a table (CSV)",
            lambda: write_csv(list_noted(catalog)),
            file_name=f"{catalog.root.name}-import-notes.csv",
            mime="text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=f"all_names_{place}",
        )


def _format_remark(remark: Remark) -> str:
    """Return a remark as HTML, with its examples in small type."""
    examples = ", ".join(remark.examples) + (", …" if remark.count > len(remark.examples) else "")
    small = f'<div class="muted">{escape(examples)}</div>' if remark.examples else ""
    return f"<li>{escape(use_titles(remark.message))}{small}</li>"


def _show_reader(catalog: Catalog, place: str) -> None:
    """Show which reader reads the dataset; another can be chosen, and the columns changed."""
    root = catalog.root
    try:
        chosen = read_chosen(root)
        fitting = list_fitting(root)
    except DatasetError as error:
        st.error(format_message(error))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if chosen or find_mapping(root) is None:
            _choose_reader(root, [*fitting, FOLDER], chosen.reader if chosen else "", place)
        if catalog.source == FOLDER and st.button(
            "Change how it is read", key=f"change_{place}", icon=":material/edit:"
        ):
            st.session_state[CHANGED] = str(root)
            st.switch_page(PAGE)


def _choose_reader(root: Path, names: list[str], chosen: str, place: str) -> None:
    titles = {AUTOMATIC: "Automatic"} | {name: READERS[name].title for name in names}
    wanted = st.selectbox(
        "Read as",
        list(titles),
        index=list(titles).index(chosen) if chosen in titles else 0,
        format_func=titles.__getitem__,
        key=f"reader_{place}",
        help=explain("dataset"),
        width=260,
    )
    if wanted == chosen:
        return
    if st.button(escape_markdown("Read it so"), key=f"read_{place}"):
        try:
            if wanted:
                add_dataset(find_workspace(), choose_by_hand(root, wanted))
            else:
                choose_automatically(root)
        except DatasetError as error:
            st.error(format_message(error))
            return
        st.rerun()
