"""The boxed images with their heat maps, sorted by how much of the heat lies in the boxes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.frame import escape_markdown
from pages.components.grid import Tile, show_grid
from pages.components.heat import as_heat
from pages.components.heat_maps import show_opacity
from pages.components.pager import show_pager
from pages.components.small_type import show_muted, show_section
from pages.components.tables import Tables
from pages.components.tiles import LARGE_SIDE, build_tiles, list_windows
from pages.components.viewer import show_viewer
from xray_core.evaluation.where.files import Where
from xray_core.recipes import Recipe
from xray_core.registry import name_root
from xray_core.runs import Run
from xray_core.tasks import SEPARATOR, STATE
from xray_core.workspace import find_workspace

IMAGE, ORDER, PAGE = "image", "order", "where_page"  # in the address
ORDERS = {"least": "least heat in the boxes first", "most": "most heat in the boxes first"}
PER_PAGE, ROW_HEIGHT = 12, 130
CAPTION = (
    "Below each image: the share of its heat that lies in its boxes. ● the hottest point lies in "
    "one, ○ it does not."
)


@dataclass(frozen=True)
class Looked:
    """What is shown, and by which settings.

    Attributes:
        where: maps and rows.
        names: of each row, what stands for it in the address.
        rows: places in `where.cases`, in the order shown, of images that are there.
        tables: of the catalog.
        resize: how an image becomes the network's square.
    """

    where: Where
    names: list[str]
    rows: list[int]
    tables: Tables
    resize: str

    def build(self, places: list[int], side: int = 0) -> list[Tile]:
        """Return tiles of rows with their heat; `side` px, or as in the grid."""
        cases = self.where.cases.iloc[places]
        images = self.tables.pick_images(cases["image_id"])
        built = build_tiles(self.tables, images, side) if side else build_tiles(self.tables, images)
        tiles = []
        for place, tile, case in zip(places, built, cases.itertuples(), strict=True):
            sign = "●" if case.hit >= 0.5 else "○"
            whether = "in a box" if case.hit >= 0.5 else "outside of the boxes"
            tiles.append(
                replace(
                    tile,
                    id=self.names[place],
                    title=f"{sign} {case.energy:.0%}",
                    note="",
                    color="",
                    alt=f"X-ray {case.image_id}: {case.energy:.0%} of the heat lies in its boxes, "
                    f"the hottest point {whether}",
                    heat=as_heat(self.where.maps[place], tile.ratio, self.resize),
                )
            )
        return tiles


def show_images(run: Run, recipe: Recipe, where: Where, tables: Tables | None) -> None:
    """Show a light box of the images, or one of them large.

    Args:
        run: whose maps these are.
        recipe: its own.
        where: the maps.
        tables: of the dataset; None where that is gone.
    """
    if tables is None:
        st.info(
            f"The images are no longer at {escape_markdown(recipe.data_folder)}; the figures stand "
            "without them."
        )
        return
    order = read_word(ORDER, list(ORDERS))
    cases = where.cases.sort_values(["energy", "image_id"], ascending=[order == "least", True])
    names = _name_rows(where.cases)
    rows = [int(place) for place in cases.index if cases.at[place, "image_id"] in tables.places]
    looked = Looked(where, names, rows, tables, recipe.preprocess.resize)
    opacity = _show_head(len(cases), order)
    if absent := len(cases) - len(rows):
        st.caption(f"{absent:,} of them {'is' if absent == 1 else 'are'} absent from the folder.")
    wanted = st.query_params.get(IMAGE, "")
    place = next((n for n, row in enumerate(rows) if names[row] == wanted), None)
    if place is None:
        _show_page(looked, opacity)
    else:
        _show_large(looked, place, opacity, run, recipe)


def _name_rows(cases: pd.DataFrame) -> list[str]:
    """Return what stands for each row: its image, and of several classes of one image the class."""
    repeated = cases["image_id"].duplicated(keep=False)
    return [
        f"{image_id} · {target}" if several else str(image_id)
        for image_id, target, several in zip(
            cases["image_id"], cases["target"], repeated, strict=True
        )
    ]


def _show_head(n: int, order: str) -> float:
    """Show how the images are shown; return how strongly their heat is drawn."""
    st.session_state["where_order"] = order

    def write() -> None:
        chosen = st.session_state["where_order"]
        change_address({ORDER: "" if chosen == "least" else chosen, PAGE: ""})

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_section("Images", f"{n:,} with boxes")
        st.space("stretch")
        st.toggle("Boxes", True, key="where_boxes", persist_state="session")
        opacity = show_opacity()
        st.selectbox(
            "Order",
            list(ORDERS),
            format_func=lambda name: ORDERS[name],
            key="where_order",
            on_change=write,
            label_visibility="collapsed",
            width=250,
        )
    return opacity


def _show_page(looked: Looked, opacity: float) -> None:
    n_pages = -(-len(looked.rows) // PER_PAGE)
    place = st.container()  # above the line of the pager
    page = 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_muted(CAPTION)
        if n_pages > 1:
            page = show_pager(n_pages, PAGE, in_address=True)
    with place:
        show_grid(
            looked.build(looked.rows[(page - 1) * PER_PAGE : page * PER_PAGE]),
            "where_grid",
            lambda name: change_address({IMAGE: name}),
            row_height=ROW_HEIGHT,
            show_boxes=st.session_state["where_boxes"],
            show_heat=opacity,
        )


def _show_large(looked: Looked, place: int, opacity: float, run: Run, recipe: Recipe) -> None:
    row, names = looked.rows[place], [looked.names[row] for row in looked.rows]
    case = looked.where.cases.iloc[row]
    title = f"{case['target']}: {case['energy']:.0%} of the heat in the boxes"
    images = looked.tables.pick_images([case["image_id"]])
    show_viewer(
        [replace(tile, title=title) for tile in looked.build([row], LARGE_SIDE)],
        "where_large",
        list_windows(looked.tables, images),
        lambda name: change_address({IMAGE: name}),
        lambda _: change_address({IMAGE: ""}),
        before=names[place - 1] if place else "",
        after=names[place + 1] if place + 1 < len(names) else "",
        place=f"{place + 1:,} of {len(names):,}",
        show_boxes=bool(st.session_state["where_boxes"]),
        show_heat=opacity,
    )
    _show_links(run, recipe, str(case["image_id"]), str(case["target"]))


def _show_links(run: Run, recipe: Recipe, image_id: str, target: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "pages/evaluate.py",
            label="What was answered",
            icon=":material/fact_check:",
            query_params={
                "run": run.name,
                IMAGE: image_id,
                **_find_cell(run, recipe, image_id, target),
            },
        )
        if name := name_root(find_workspace(), Path(recipe.data_folder)):
            st.page_link(
                "pages/explore.py",
                label="Open in Explore",
                icon=":material/grid_view:",
                query_params={"data": name, "task": recipe.task, IMAGE: image_id},
            )


def _find_cell(run: Run, recipe: Recipe, image_id: str, target: str) -> Mapping[str, str]:
    """Return which cell of Evaluate's matrix an image lies in, as words of its address."""
    table = run.read_predictions()
    row = table[table["image_id"] == image_id].iloc[0]
    classes = list(recipe.class_names)
    if recipe.multilabel:
        state, called = row.get(STATE + target), target in str(row["predicted"]).split(SEPARATOR)
        known = {} if pd.isna(state) else {"cell": f"{int(state)}-{int(called)}"}
        return {"finding": target, **known}
    return {"cell": f"{classes.index(row['actual'])}-{classes.index(row['predicted'])}"}
