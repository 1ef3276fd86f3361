"""Map of images: which images look alike to the network, and how to look at them."""

from html import escape

import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.figure import list_files, show_menu
from pages.components.frame import escape_markdown, show_errors
from pages.components.nearest import recall_features
from pages.components.small_type import show_muted
from pages.inside.map_images import IMAGE, show_picked
from pages.inside.map_process import offer_map
from pages.inside.map_table import (
    ALL,
    SUBSET,
    Points,
    build_points,
    find_picked,
    list_picks,
)
from pages.inside.map_words import (
    HOW_TO_READ,
    format_drawn,
    format_traits,
    format_unlike,
    format_verdict,
)
from pages.inside.network import check_network
from xray_core.errors import XrayError
from xray_core.evaluation.nearest import TEST, Features
from xray_core.evaluation.shown import shown_subset
from xray_core.figures.places import color_kinds, merge_rare, plot_map
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.features import read_map
from xray_core.workspace import Workspace

COLOR, OF, PICK = "map_color", "map_of", "map_pick"  # in the address
BY_LASSO = ""
# Columns of the file beside the picture.
KEPT = ["image_id", "subset", "label", "predicted", "nearest", "distance", "kind", "x", "y"]
CONFIG = {
    "displaylogo": False,
    "displayModeBar": True,
    "modeBarButtonsToRemove": ["toImage", "autoScale2d"],
}


def show_map(run: Run, recipe: Recipe, workspace: Workspace) -> None:
    """Show the map of images of a finished run, or how to have it computed.

    Args:
        run: finished.
        recipe: of the run.
        workspace: the folders.
    """
    if not check_network(run):
        return
    with show_errors():
        shown = shown_subset(run, workspace)
    try:
        features = recall_features(run)
        drawn = read_map(run) if features is not None and features.about["map"] else None
    except XrayError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        offer_map(run, "Compute the map again")
        return
    if features is None or drawn is None:
        st.markdown(
            "What the network sees of an image, just before it decides, is a row of numbers. Laid "
            "out on a plane, images that look alike to it lie together: you see whether it sorts "
            "by what the label is about, or by something else, such as the hospital."
        )
        offer_map(run)
        return
    if shown == TEST and TEST not in features.about["subsets"]:
        st.info("This map was computed while the test set was closed: its images are not on it.")
        offer_map(run, "Compute it with the test images")
    with show_errors():
        points = build_points(features, drawn, shown)
    if points.table.empty:
        st.info("None of the images on the map may be shown.")
        return
    _show_points(points, features, run, recipe, shown)


def _show_points(points: Points, features: Features, run: Run, recipe: Recipe, shown: str) -> None:
    about = features.about
    if verdict := format_verdict(about, shown):
        st.html(verdict)
    if traits := format_traits(about, shown):
        show_muted(traits)
    side, beside = st.columns([3, 2], gap="medium")
    with side:
        with st.container(horizontal=True, gap="xsmall"):
            color = _choose("Colour", COLOR, dict(points.colors))
            sets = {**{name: f"{name} set" for name in points.subsets}, ALL: "all images"}
            of = _choose("Images", OF, sets, disabled=color == SUBSET)
            picker = st.container(width=260)
        table = points.table.assign(kind=merge_rare(points.table[color]), row=points.table.index)
        if of != ALL and color != SUBSET:
            table = table[table["subset"] == of]
        colors = color_kinds(
            color, table["kind"].value_counts().index.tolist(), list(recipe.class_names)
        )
        picks = {BY_LASSO: "by lasso or box", **list_picks(points, features, list(colors))}
        with picker:
            pick = _choose("Pick", PICK, picks, width=260)
        rows = find_picked(table, pick, features) if pick else table.iloc[:0]
        figure = plot_map(table, colors, rows["row"].tolist() if pick else None)
        event = st.plotly_chart(
            figure,
            config=CONFIG,
            key=f"map_{color}_{of}_{pick}",
            on_select="rerun",
            selection_mode=("lasso", "box"),
            alt=f"Map of {len(table):,} images, coloured by {points.colors[color].lower()}",
        )
        files = list_files(lambda: plot_map(table, colors), table[KEPT], _caption(run, points, of))
        show_menu(f"map-{run.name}", files)
        left_out = int((features.images["subset"] == TEST).sum()) if shown != TEST else 0
        show_muted(" ".join(filter(None, [HOW_TO_READ, format_drawn(about, left_out)])))
    lassoed = _read_lasso(event)
    if len(lassoed):
        rows = rows[rows["row"].isin(lassoed)] if pick else table[table["row"].isin(lassoed)]
    called = picks[pick] if pick else "in the lasso or box"
    if rows.empty:  # a lasso does not stand in the address; the image that is large does
        rows, called = table[table["image_id"] == st.query_params.get(IMAGE)], "on the map"
    with beside:
        if rows.empty:
            st.html(f'<div class="muted">{escape(_hint(pick))}</div>')
        else:
            show_picked(rows, run, recipe, called)
        if words := format_unlike(about):
            show_muted(words)


def _caption(run: Run, points: Points, of: str) -> str:
    """Return of which run and images a picture is, for where it is seen without its page."""
    n = len(points.table) if of == ALL else int((points.table["subset"] == of).sum())
    whose = "all subsets" if of == ALL else f"{of} set"
    return f"Map of images (t-SNE) · {whose}, n = {n:,} images · {run.read_nickname()}"


def _hint(pick: str) -> str:
    if pick:
        return "No image of these. Pick others."
    return (
        "Draw around images on the map to see them here, or choose some under “Pick”. The tools of "
        "the map, at its top right, change from lasso to box, and back to moving it."
    )


def _choose(
    label: str, name: str, choices: dict[str, str], *, disabled: bool = False, width: int = 175
) -> str:
    """Show a select box for what stands in the address under `name`; return what is chosen."""
    key = f"{name}_choice"

    def change() -> None:
        first = next(iter(choices))
        chosen = st.session_state[key]
        change_address({name: "" if chosen == first else chosen, IMAGE: ""})

    # Set at each look: the address decides, and the widget only changes it.
    st.session_state[key] = read_word(name, list(choices))
    chosen = st.selectbox(
        label,
        list(choices),
        format_func=lambda choice: f"{label}: {choices[choice]}",
        key=key,
        label_visibility="collapsed",
        on_change=change,
        disabled=disabled,
        width=width,
    )
    return str(chosen)


def _read_lasso(event: object) -> list[int]:
    """Return the numbers of the images within a lasso or box; a browser sends what it likes."""
    numbers = []
    for sent in _list_sent(event):
        number = sent[0] if isinstance(sent, list) and sent else sent
        if type(number) is int:
            numbers.append(number)
    return numbers


def _list_sent(event: object) -> list[object]:
    """Return what a browser sent of each point that was chosen."""
    selection = getattr(event, "selection", None) or {}
    return [point.get("customdata") for point in selection.get("points", [])]
