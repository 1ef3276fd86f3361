"""Where each dataset comes from, and how to get it into the workspace."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.home.archives import AUTHORS, DOWNLOAD, start_arrival
from xray_core.archives.groups import list_unpacked
from xray_core.datasets import READERS
from xray_core.datasets.reader import Reader
from xray_core.downloads.authors import begin_archives, list_archives
from xray_core.downloads.kaggle import INSTALL, dataset_address, is_installed
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.workspace import Workspace, find_workspace


def show_get_dataset() -> None:
    """Show a collapsed list of the datasets with their address, licence and way to get them."""
    box = st.expander(
        "Get a dataset", icon=":material/download:", key="get_dataset", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        st.markdown(
            "Download a dataset from its page, put the archive as it is into "
            f"{escape_markdown(str(find_workspace().data))}, open this page again: it offers to "
            "unpack it."
        )
        installed = is_installed()
        if not installed:
            st.markdown("To download from Kaggle with one click, install kagglehub first:")
            st.code(INSTALL, language=None, wrap_lines=True)
        published = {name: reader for name, reader in READERS.items() if reader.address}
        words = st.text_input(
            f"Search {len(published)} datasets",
            key="search_datasets",
            placeholder="tuberculosis",
            icon=":material/search:",
            width=320,
        )
        fitting = {name: reader for name, reader in published.items() if speaks_of(reader, words)}
        if not fitting:
            st.caption(f"None of them speaks of “{escape_markdown(words)}”.")
        for name in sorted(fitting, key=lambda name: fitting[name].title.casefold()):
            _show_reader(name, fitting[name], installed)


def speaks_of(reader: Reader, words: str) -> bool:
    """Whether all words stand in what is shown of a dataset, whatever their case."""
    shown = " ".join((reader.title, reader.about, reader.licence, reader.expects)).casefold()
    return all(word in shown for word in words.casefold().split())


def _show_reader(name: str, reader: Reader, installed: bool) -> None:
    workspace = find_workspace()
    st.divider()
    text, action = st.columns([4, 1], vertical_alignment="top")
    with text:
        st.markdown(f"**{escape_markdown(reader.title)}**")
        st.caption(escape_markdown(reader.about))
        links = [f"[On Kaggle]({dataset_address(reader)})"] if reader.kaggle else []
        if not reader.kaggle or reader.address != dataset_address(reader):
            links.insert(0, f"[Published here]({reader.address})")
        links += [f"Licence: {escape_markdown(reader.licence)}"]
        st.markdown(" · ".join(links))
        if reader.not_on_kaggle:
            st.caption(escape_markdown(reader.not_on_kaggle))
    with action:
        if (workspace.data / name).exists():
            st.caption("It is here.")
        elif reader.kaggle and installed:
            pressed = st.button(
                "Download",
                key=f"download_{name}",
                icon=":material/download:",
                width="stretch",
                help="From Kaggle, in the background. Datasets are large: mind the disk.",
            )
            if pressed:
                with show_errors():
                    start_arrival(workspace, DOWNLOAD, name)
                st.rerun()
    if reader.files:
        with action:
            _show_archives(workspace, name, reader)


def _show_archives(workspace: Workspace, name: str, reader: Reader) -> None:
    """Show which of the authors' archives can be downloaded, and the button that does so."""
    archives = {file.name: file for file in list_archives(reader)}
    try:
        there = list_unpacked(workspace, list(archives))
    except DatasetError:  # the folder is somebody's own
        st.caption("It is here.")
        return
    absent = [file for file in archives if file not in there]
    if not absent:
        st.caption("All archives are here.")
        return
    with st.popover("From its authors", icon=":material/download:", width="stretch"):
        chosen = st.multiselect(
            "Archives",
            absent,
            default=absent[:1],
            format_func=lambda file: (
                f"{file}: {archives[file].holds}, {format_bytes(archives[file].n_bytes)}"
            ),
            key=f"archives_{name}",
        )
        size = format_bytes(sum(archives[file].n_bytes for file in chosen))
        tables = ", ".join(file.name for file in reader.files if file.is_table)
        st.caption(
            escape_markdown(
                f"{size} to download, and as much again to unpack. No account is needed. These "
                f"come along: {tables}. Each file is checked. A download that is cut off goes on."
            )
        )
        if st.button("Download", key=f"authors_{name}", disabled=not chosen, type="primary"):
            with show_errors():
                begin_archives(name, workspace, [archives[file] for file in chosen])
                start_arrival(workspace, AUTHORS, name)
            st.rerun()
