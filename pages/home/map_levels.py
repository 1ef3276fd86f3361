"""What the names of folders and files mean, where no table labels the images."""

import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.small_type import show_muted
from xray_core.datasets.folder.draft import MappingDraft
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.layout import LEVELS, NOTHING
from xray_core.datasets.folder.titles import LEVEL_TITLES, PLACE_TITLES
from xray_core.glossary import explain

N_SHOWN = 3  # names of folders
MOST_LEVELS = 6


def show_levels(draft: MappingDraft, files: FolderFiles) -> None:
    """Show what each level of folders is; changes the draft.

    Until somebody asks for it, names are taken as they sound: train is a subset, covid a class.
    """
    levels = list_levels(files)
    if not levels:
        show_muted("The images lie in no folder of their own, so that no name can label them.")
        return
    by_hand = st.toggle(
        "Say what each level of folders is",
        value=bool(draft.folders),
        key="map.by_hand",
        help="Otherwise names are taken as they sound: train is a subset, covid a class.",
    )
    if not by_hand:
        draft.folders = ()
        return
    chosen = []
    for number, names in enumerate(levels):
        shown = ", ".join(names[:N_SHOWN]) + (", …" if len(names) > N_SHOWN else "")
        value = draft.folders[number] if number < len(draft.folders) else NOTHING
        chosen.append(
            st.selectbox(
                f"Level {number + 1}: {escape_markdown(shown)}",
                LEVELS,
                index=LEVELS.index(value),
                format_func=LEVEL_TITLES.__getitem__,
                key=f"map.level.{number}",
            )
        )
    draft.folders = tuple(chosen)


def show_place(draft: MappingDraft) -> None:
    """Show where in the name of a file its label stands; changes the draft."""
    draft.label_in_name = st.selectbox(
        "The label stands",
        list(PLACE_TITLES),
        index=list(PLACE_TITLES).index(draft.label_in_name),
        format_func=PLACE_TITLES.__getitem__,
        key="map.place",
        help=explain("label"),
    )


def list_levels(files: FolderFiles) -> list[list[str]]:
    """Return the different names of each level of folders with images, outermost first."""
    ways = [folder.split("/") for folder in files.counts if folder]
    depth = min(max(map(len, ways), default=0), MOST_LEVELS)
    return [sorted({way[level] for way in ways if len(way) > level}) for level in range(depth)]
