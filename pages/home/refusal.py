"""What is wrong with a folder that was named, and what can be done about it here and now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, format_message, format_refusal
from pages.components.small_type import show_muted
from pages.home.map_columns import open_mapping
from xray_core.datasets import READERS
from xray_core.datasets.chosen import choose_by_hand, list_fitting
from xray_core.datasets.guess import guess_reading
from xray_core.datasets.named import ARCHIVES
from xray_core.errors import DatasetError
from xray_core.registry import add_dataset
from xray_core.workspace import Workspace

REFUSED = "refused_folder"
N_READERS = 3


@dataclass(frozen=True)
class Refusal:
    """A folder that could not be added.

    Attributes:
        folder: None where the path leads to none.
        message: the reason, and what to do.
        details: the layouts that are read; "" where that is not the matter.
        readers: of published datasets that recognise it.
        has_images: whether a person can say how to read it.
        is_bare: whether nothing in it waits to be unpacked either.
    """

    folder: Path | None
    message: str
    details: str
    readers: tuple[str, ...] = ()
    has_images: bool = False
    is_bare: bool = False


def note_refusal(folder: Path | None, error: DatasetError) -> None:
    """Remember why a folder was refused, so that its dialog can show it until the next try."""
    refusal = Refusal(folder, str(error), error.details)
    if folder is not None:
        try:
            inventory = guess_reading(folder)[0].inventory
            packed = any(path.lower().endswith(ARCHIVES) for path in inventory.others)
            refusal = replace(
                refusal,
                readers=tuple(list_fitting(folder)[:N_READERS]),
                has_images=bool(inventory.images),
                is_bare=not inventory.images and not packed,
            )
        except DatasetError:
            pass  # what cannot be listed was refused for that very reason
    st.session_state[REFUSED] = refusal


def forget_refusal() -> None:
    """Forget it."""
    st.session_state.pop(REFUSED, None)


def show_refusal(workspace: Workspace, done: Callable[[Path], None]) -> None:
    """Show why the last folder was refused, if it was, and the ways on.

    Args:
        workspace: the folders.
        done: called with the root of the dataset once it is in the registry.
    """
    refusal: Refusal | None = st.session_state.get(REFUSED)
    if refusal is None:
        return
    st.error(format_refusal(refusal.message), icon=":material/error:")
    with st.container(horizontal=True):
        for name in refusal.readers:
            title = escape_markdown(READERS[name].title)
            if st.button(f"Read as {title}", key=f"read_as_{name}") and refusal.folder:
                _read_as(workspace, refusal.folder, name, done)
        if refusal.has_images and st.button("Say how to read it", key="say_how"):
            assert refusal.folder is not None
            open_mapping(refusal.folder)
            st.rerun()
    if refusal.is_bare:
        show_muted(
            "No X-rays at hand? Close this and open “Get a dataset” at the end of Home: it lists "
            "where each published dataset comes from."
        )
    if refusal.details:
        with st.expander("Layouts that are read"):
            lines = refusal.details.splitlines()
            st.markdown("\n".join(f"- {escape_markdown(line)}" for line in lines))


def _read_as(workspace: Workspace, folder: Path, name: str, done: Callable[[Path], None]) -> None:
    """Add a folder as the dataset that a person says it is."""
    try:
        root = choose_by_hand(folder, name)
        add_dataset(workspace, root)
    except DatasetError as error:
        st.error(format_message(error))
        return
    done(root)
