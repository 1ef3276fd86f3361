"""The one line of tools above the grid of Explore: what is shown, how much, in which order."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.components.pager import show_pager
from pages.components.tables import Tables
from pages.components.tiles import has_masks
from pages.explore.rail import REVERSED
from xray_core.catalog import Catalog
from xray_core.eda.order import list_sorts
from xray_core.glossary import explain

IMAGES, COUNTS = "Images", "Counts"
SORT, PER_PAGE, PAGE = "sort", "per", "page"  # in the address
PER_PAGES = ("40", "20", "60")  # the first is the usual one
MOST_PAGES = 5  # numbers of pages that there is room for
ORDER_HELP = (
    "Lowest first, or reversed: highest first. Images of which it is not known are last either "
    "way. The area of boxes is a share of the image."
)


def choose_mode() -> str:
    """Show the switch between images and counts; return what is chosen."""
    mode = st.segmented_control(
        "Show",
        [IMAGES, COUNTS],
        default=IMAGES,
        required=True,
        key="show",
        bind="query-params",
        label_visibility="collapsed",
    )
    return mode or IMAGES


def show_amount(tables: Tables, n_shown: int) -> None:
    """Show how many images pass the filters."""
    images = tables.catalog.images
    n_present = int(images["path"].notna().sum())
    n_absent = len(images) - n_present
    absent = f" · {n_absent:,} absent from the folder" if n_absent else ""
    words = escape(f" of {n_present:,} images{absent}")
    st.html(f'<b>{n_shown:,}</b><span class="muted">{words}</span>', width="content")


def choose_overlays(tables: Tables) -> tuple[bool, bool]:
    """Show the switches for boxes and masks; return whether each is drawn."""
    show_boxes = len(tables.catalog.boxes) > 0 and st.toggle(
        "Boxes", True, key="grid_boxes", help=explain("box"), persist_state="session"
    )
    show_masks = has_masks(tables) and st.toggle(
        "Masks", key="grid_masks", help=explain("mask"), persist_state="session"
    )
    return bool(show_boxes), bool(show_masks)


def read_order(catalog: Catalog) -> str:
    """Return the order that the address asks for, or the usual one."""
    return _read(SORT, list_orders(catalog))


def list_orders(catalog: Catalog) -> list[str]:
    """Return the orders in which the images of a dataset can be shown."""
    return [name + end for name in list_sorts(catalog) for end in ("", REVERSED)]


def choose_order(catalog: Catalog) -> None:
    """Show the orders to choose from."""
    _choose("Order", SORT, list_orders(catalog), "by {}", 150, ORDER_HELP)


def choose_page(n_images: int) -> slice:
    """Show the pager; return the places, among the images that pass, of those to show."""
    per_page = int(_read(PER_PAGE, PER_PAGES))
    page = show_pager(-(-n_images // per_page), PAGE, in_address=True, n_numbers=MOST_PAGES)
    _choose("Images per page", PER_PAGE, sorted(PER_PAGES), "{} a page", 110)
    return slice((page - 1) * per_page, page * per_page)


def turn_to(place: int) -> None:
    """Turn to the page on which the image at `place` among those that pass stands."""
    st.session_state[PAGE] = place // int(_read(PER_PAGE, PER_PAGES)) + 1


def _read(name: str, choices: Sequence[str]) -> str:
    wanted = st.query_params.get(name, "")
    return wanted if wanted in choices else choices[0]


def _choose(
    label: str, name: str, choices: Sequence[str], words: str, width: int, help: str | None = None
) -> None:
    """Show a select box for what stands in the address under `name`."""

    def change() -> None:
        st.query_params[name] = st.session_state[f"{name}_choice"]
        st.session_state[PAGE] = 1

    # Set at each look: the address decides, and the widget only changes it.
    st.session_state[f"{name}_choice"] = _read(name, PER_PAGES if name == PER_PAGE else choices)
    st.selectbox(
        label,
        choices,
        format_func=words.format,
        key=f"{name}_choice",
        help=help,
        label_visibility="collapsed",
        width=width,
        on_change=change,
    )
