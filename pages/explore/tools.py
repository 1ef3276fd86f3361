"""The one line of tools above the grid of Explore: what is shown, how much, in which order."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.pager import show_pager
from pages.components.tables import Tables
from pages.explore.image_address import PAGE, SHOW
from pages.explore.rail import REVERSED
from xray_core.catalog import Catalog
from xray_core.eda.order import list_sorts
from xray_core.glossary import explain

IMAGES, COUNTS = "Images", "Counts"
SORT, PER_PAGE = "sort", "per"  # in the address
PER_PAGES = ("40", "20", "60")  # the first is the usual one
MOST_PAGES = 5  # numbers of pages that there is room for
ORDER_HELP = (
    "Lowest first, or reversed: highest first. Images of which it is not known are last either "
    "way. The area of boxes is a share of the image."
)


def choose_mode() -> str:
    """Show the switch between images and counts; return what is chosen."""
    return choose_word("Show", SHOW, [IMAGES, COUNTS])


def choose_word(label: str, name: str, choices: Sequence[str]) -> str:
    """Show choices beside each other; return the chosen one, which stands in the address."""
    key = f"{name}_choice"
    st.session_state[key] = read_word(name, choices)
    chosen = st.segmented_control(
        label,
        choices,
        required=True,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: change_address({name: st.session_state[key]}),
    )
    return chosen or choices[0]


def show_amount(tables: Tables, n_shown: int) -> None:
    """Show how many images pass the filters."""
    images = tables.catalog.images
    n_present = int(images["path"].notna().sum())
    n_absent = len(images) - n_present
    absent = f" · {n_absent:,} absent" if n_absent else ""
    # All of them are named once, where the absent take the room.
    of_all = "" if n_absent and n_shown == n_present else f" of {n_present:,}"
    words = escape(f"{of_all} images{absent}")
    st.html(f'<b>{n_shown:,}</b><span class="muted">{words}</span>', width="content")


def choose_overlays(tables: Tables) -> tuple[bool, bool]:
    """Show the switches for boxes and masks; return whether each is drawn."""
    show_boxes = len(tables.catalog.boxes) > 0 and st.toggle(
        "Boxes", True, key="grid_boxes", help=explain("box"), persist_state="session"
    )
    show_masks = len(tables.masks) > 0 and st.toggle(
        "Masks", key="grid_masks", help=explain("mask"), persist_state="session"
    )
    return bool(show_boxes), bool(show_masks)


def read_order(catalog: Catalog) -> str:
    """Return the order that the address asks for, or the usual one."""
    return read_word(SORT, list_orders(catalog))


def list_orders(catalog: Catalog) -> list[str]:
    """Return the orders in which the images of a dataset can be shown."""
    return [name + end for name in list_sorts(catalog) for end in ("", REVERSED)]


def choose_order(catalog: Catalog) -> None:
    """Show the orders to choose from."""
    _choose("Order", SORT, list_orders(catalog), "by {}", 124, ORDER_HELP)


def choose_page(n_images: int) -> slice:
    """Show the pager; return the places, among the images that pass, of those to show."""
    per_page = int(read_word(PER_PAGE, PER_PAGES))
    page = show_pager(-(-n_images // per_page), PAGE, in_address=True, n_numbers=MOST_PAGES)
    _choose("Images per page", PER_PAGE, sorted(PER_PAGES), "{} a page", 100)
    return slice((page - 1) * per_page, page * per_page)


def page_of(place: int) -> dict[str, str]:
    """Return the words of the address that turn to the page of the image at `place`."""
    number = place // int(read_word(PER_PAGE, PER_PAGES)) + 1
    return {PAGE: str(number) if number > 1 else ""}


def _choose(
    label: str, name: str, choices: Sequence[str], words: str, width: int, help: str | None = None
) -> None:
    """Show a select box for what stands in the address under `name`."""

    def change() -> None:
        change_address({name: st.session_state[f"{name}_choice"], PAGE: ""})

    # Set at each look: the address decides, and the widget only changes it.
    st.session_state[f"{name}_choice"] = read_word(name, PER_PAGES if name == PER_PAGE else choices)
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
