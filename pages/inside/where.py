"""Where it looks: a network's heat maps, held against the radiologists' boxes."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.dataset import open_folder
from pages.components.frame import format_message
from pages.components.small_type import show_muted
from pages.components.tables import Tables, read_tables
from pages.inside.network import check_network
from pages.inside.where_images import show_images
from pages.inside.where_process import show_process, show_start
from pages.inside.where_result import show_overlaps, show_scores, show_verdict
from pages.inside.where_without import show_answers
from xray_core.errors import XrayError
from xray_core.evaluation.shown import shown_subset
from xray_core.evaluation.where.files import read_where
from xray_core.evaluation.where.words import METHODS
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.workspace import Workspace

METHOD = "map"  # in the address
OFFERED = ("gradcam", "gradcam++", "hirescam")  # the others take too long for all images
WAYS = (
    "Three ways to make a heat map. All weigh the maps of the last convolution by how much they "
    "raise the score of the class: Grad-CAM each map as a whole; Grad-CAM++ so that several spots "
    "show; HiResCAM each place of a map by itself."
)


def show_where(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the scores with the images; before there are any, what computes them.

    Args:
        run: finished.
        recipe: its own.
        workspace: the folders.
    """
    if not check_network(run):
        return
    subset = shown_subset(run, workspace)
    tables = _open_tables(recipe)
    method = _choose_method()
    try:
        where = read_where(run, subset, method)
    except XrayError as error:  # a damaged result: another can be computed in its place
        st.error(format_message(error), icon=":material/error:")
        where = None
    if where is not None:
        show_verdict(where)
        scores, images = st.columns([5, 7], gap="medium")
        with scores:
            show_scores(run, where)
        with images:
            show_images(run, recipe, where, tables)
        show_overlaps(recipe, where)
        return
    n_boxed = _count_boxed(run, subset, tables)
    if not n_boxed:
        _say_without(tables, subset)
        if tables is not None:
            show_answers(run, recipe, subset, tables, method)
        return
    if not show_process(run, subset, method):
        show_start(run, subset, method, n_boxed)


def _open_tables(recipe: Recipe) -> Tables | None:
    """Return the tables of the run's dataset; None where it is gone, or another lies there."""
    try:
        return read_tables(open_folder(Path(recipe.data_folder)), recipe.task)
    except (XrayError, OSError):
        return None


def _choose_method() -> str:
    chosen = read_word(METHOD, OFFERED)
    st.session_state["where_method"] = chosen

    def write() -> None:
        method = st.session_state["where_method"] or OFFERED[0]
        change_address({METHOD: "" if method == OFFERED[0] else method})

    st.segmented_control(
        "Heat maps by",
        OFFERED,
        format_func=lambda name: METHODS[name],
        key="where_method",
        help=WAYS,
        required=True,
        on_change=write,
    )
    return chosen


def _count_boxed(run: Run, subset: str, tables: Tables | None) -> int:
    """Return how many images of a set have boxes."""
    if tables is None or not tables.boxes:
        return 0
    split = run.read_split()
    ids: Sequence[str] = split.loc[split["subset"] == subset, "image_id"].tolist()
    return sum(name in tables.boxes for name in ids)


def _say_without(tables: Tables | None, subset: str) -> None:
    if tables is None:
        st.info(
            "The images of this run are no longer where they were, so no heat maps can be made. "
            "Put its dataset back, or choose another run.",
            icon=":material/folder_off:",
        )
        return
    which = f"No image of its {subset} set has" if tables.boxes else "This dataset has no"
    st.info(
        f"{which} boxes around findings, so nobody can say here whether the network looks at the "
        "right place.",
        icon=":material/info:",
    )
    show_muted("A heat map is a hint, no proof. Here are some of right and of wrong answers.")
