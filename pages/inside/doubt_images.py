"""The doubtful labels as images: a page of tiles, or one of them large, to be marked."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown
from pages.components.grid import Tile, show_grid
from pages.components.pager import show_pager
from pages.components.tables import Tables, read_tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from pages.inside.doubt_marks import offer_marks, show_marked
from xray_core.errors import XrayError
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.selection.marks import KEEP, LEAVE_OUT, read_marks
from xray_core.workspace import Workspace

PER_PAGE = 24
OPEN, WHICH = "doubt", "marked"  # in the address
ALL, UNMARKED = "all", "unmarked"
CHOICES = {
    ALL: "All",
    UNMARKED: "Not looked at",
    LEAVE_OUT: "Left out",
    KEEP: "Kept",
}
SHORT = {LEAVE_OUT: "left out", KEEP: "kept"}


def show_images(rows: pd.DataFrame, run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the images whose label is in doubt, or one of them large with the buttons that mark it.

    Args:
        rows: of `KeptDoubts.table`, the most doubtful first.
        run: on whose page they are.
        recipe: of the run; it names the dataset's folder and the task.
        workspace: the folders.
    """
    try:
        catalog = open_folder(Path(recipe.data_folder))
        tables = read_tables(catalog, recipe.task)
    except (XrayError, OSError):  # gone, or another dataset lies there now
        _show_without_images(rows, recipe)
        return
    marks = read_marks(workspace, catalog.root)
    marks = marks[marks["task"] == recipe.task]
    mark_of = dict(zip(marks["image_id"], marks["mark"], strict=True))
    rows = rows.assign(
        key=_name_keys(rows),
        mark=[mark_of.get(image_id, "") for image_id in rows["image_id"]],
    )
    which = read_word(WHICH, list(CHOICES))
    listed = {
        ALL: rows["mark"].notna(),
        UNMARKED: rows["mark"] == "",
        LEAVE_OUT: rows["mark"] == LEAVE_OUT,
        KEEP: rows["mark"] == KEEP,
    }
    here = rows[rows["image_id"].isin(tables.places)]
    wanted = st.query_params.get(OPEN, "")
    if (here["key"] == wanted).any():
        # Paging goes through what is listed; the one that is open stays, marked or not.
        steps = here[listed[which] | (here["key"] == wanted)].reset_index(drop=True)
        _show_large(tables, steps, int((steps["key"] == wanted).to_numpy().argmax()), workspace)
    else:
        _show_page(tables, here[listed[which]].reset_index(drop=True), rows, listed, which)
        if absent := len(rows) - len(here):
            st.caption(
                f"{absent:,} of them {'is' if absent == 1 else 'are'} absent from the folder."
            )
    show_marked(rows, marks, run, recipe)


def _name_keys(rows: pd.DataFrame) -> pd.Series:
    """Return what names a label in the address: the image, and of several findings which one."""
    findings = rows["finding"].map(lambda finding: f" {finding}" if finding else "")
    return rows["image_id"] + findings


def _show_page(
    tables: Tables,
    shown: pd.DataFrame,
    rows: pd.DataFrame,
    listed: dict[str, "pd.Series[bool]"],
    which: str,
) -> None:
    place = st.container()  # the line of choices stands above the images, the pager below
    n_pages = max(1, math.ceil(len(shown) / PER_PAGE))
    with place, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.session_state[f"{WHICH}_choice"] = which
        st.segmented_control(
            "Which labels",
            list(CHOICES),
            format_func=lambda name: f"{CHOICES[name]} {int(listed[name].sum()):,}",
            key=f"{WHICH}_choice",
            label_visibility="collapsed",
            required=True,
            on_change=_choose,
        )
        st.space("stretch")
        boxes = st.toggle("Boxes", True, key="doubt_boxes", persist_state="session")
    images = st.container()
    page = show_pager(n_pages, f"doubt_page_{which}") if n_pages > 1 else 1
    some = shown.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    with images:
        if some.empty:
            st.caption("None of them.")
            return
        show_grid(
            _build(tables, some),
            "doubt_grid",
            _open,
            columns=8,
            least_width=132,
            show_boxes=boxes,
        )


def _build(tables: Tables, rows: pd.DataFrame) -> list[Tile]:
    tiles = build_tiles(tables, tables.pick_images(rows["image_id"]))
    return [
        replace(
            tile,
            id=row.key,
            title=name_label(row.finding, row.label),
            note=SHORT.get(row.mark) or f"says {row.suggested} {row.p_suggested:.0%}",
            alt=f"X-ray {row.image_id}: labelled {name_label(row.finding, row.label)}, the network "
            f"says {row.suggested} ({row.p_suggested:.0%})"
            + (f", {SHORT[row.mark]}" if row.mark else ""),
        )
        for tile, row in zip(tiles, rows.itertuples(), strict=True)
    ]


def _show_large(tables: Tables, rows: pd.DataFrame, place: int, workspace: Workspace) -> None:
    row = rows.iloc[place]
    keys = list(rows["key"])
    after = keys[place + 1] if place + 1 < len(keys) else ""
    images = tables.pick_images([row.image_id])
    label = name_label(row.finding, row.label)
    title = f"Labelled {label}; the network says {row.suggested}, {row.p_suggested:.0%}"
    offer_marks(tables, row, label, workspace, lambda: _open(after))
    show_viewer(
        [replace(tile, title=title, note="") for tile in build_tiles(tables, images, LARGE_SIDE)],
        "doubt_large",
        list_windows(tables, images),
        _open,
        lambda _: _open(""),
        before=keys[place - 1] if place else "",
        after=after,
        place=f"{place + 1:,} of {len(keys):,}",
        show_boxes=bool(st.session_state.get("doubt_boxes", True)),
    )


def name_label(finding: str, label: str) -> str:
    """Return a label in words.

    >>> name_label("", "opacity"), name_label("Mass", "absent")
    ('opacity', 'Mass absent')
    """
    return f"{finding} {label}".strip()


def _show_without_images(rows: pd.DataFrame, recipe: Recipe) -> None:
    st.info(
        f"The images are no longer at {escape_markdown(recipe.data_folder)}; the list stands "
        "without them, and nothing can be marked."
    )
    st.dataframe(
        rows[["rank", "image_id", "finding", "label", "suggested", "p_suggested"]],
        hide_index=True,
        column_config={
            "rank": "Place",
            "image_id": "Image",
            "finding": "Finding",
            "label": "Label",
            "suggested": "The network says",
            "p_suggested": st.column_config.NumberColumn("Probability", format="percent"),
        },
        alt="The labels in doubt, by name",
    )


def _choose() -> None:
    chosen = str(st.session_state[f"{WHICH}_choice"] or ALL)
    change_address({WHICH: "" if chosen == ALL else chosen})


def _open(key: str) -> None:
    change_address({OPEN: key})
