"""Cards of classes: what each one means in its source, and three images of it; one element."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.components.assets import load_component
from pages.components.grid import Tile

_class_cards = load_component(
    "class_cards",
    '<div id="cards"></div>',
    folder=Path(__file__).parent,
    css=("class_cards.css",),
    js=("class_cards.js",),
)


@dataclass(frozen=True)
class Card:
    """One class; nothing in it is markup.

    Attributes:
        name: of the class.
        color: of the dot before the name, as in CSS.
        amount: how many images, and which share.
        counted: which findings count as the class; "" where that is its name.
        meanings: what it means, a paragraph each: what is defined ("" for the class itself), the
            definition, its source and what to mind, "" for nothing.
        tiles: images of the class.
        see_all: on the button that shows all of its images; "" where there are none.
    """

    name: str
    color: str
    amount: str
    counted: str
    meanings: tuple[tuple[str, str, str, str], ...]
    tiles: tuple[Tile, ...]
    see_all: str


def show_class_cards(
    cards: Sequence[Card],
    key: str,
    on_see_all: Callable[[str], None],
    on_open: Callable[[str, str], None],
) -> None:
    """Show the cards beside and below each other.

    Args:
        cards: in reading order.
        key: unique on the page.
        on_see_all: called with the name of a class, before the page runs again.
        on_open: called with the name of a class and the id of its image that was clicked.
    """

    def pass_on() -> None:
        # A browser sends what it likes: only what was offered is passed on.
        picked = st.session_state[key].picked
        for card in cards:
            if picked == [card.name, ""] and card.see_all:
                on_see_all(card.name)
            for tile in card.tiles:
                if picked == [card.name, tile.id]:
                    on_open(card.name, tile.id)

    _class_cards(
        key=key,
        data={
            "cards": [
                {
                    "name": card.name,
                    "color": card.color,
                    "amount": card.amount,
                    "counted": card.counted,
                    "meanings": [list(meaning) for meaning in card.meanings],
                    "tiles": [_describe(tile) for tile in card.tiles],
                    "seeAll": card.see_all,
                }
                for card in cards
            ]
        },
        on_picked_change=pass_on,
    )


def _describe(tile: Tile) -> dict[str, object]:
    return {
        "id": tile.id,
        "src": tile.src,
        "alt": tile.alt,
        "reason": tile.reason,
        "ratio": tile.ratio,
        "boxes": [list(box) for box in tile.boxes],
    }
