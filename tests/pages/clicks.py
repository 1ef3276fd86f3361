"""Clicks on our own components, which AppTest cannot play: each is a button for a test."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import streamlit as st

from pages.components.facets import Group
from pages.components.grid import Tile
from pages.explore import image_page, large_images, numbers_classes, numbers_crossing, rail
from pages.explore.class_cards import Card


def play_clicks(patch: pytest.MonkeyPatch) -> None:
    """Add a button to Explore's components for whatever can be clicked in them.

    Their keys are what is clicked: "open ID" and "tick ID" of a tile, "facet COLUMN=VALUE",
    "chip PLACE", "next", "previous", "close", "swap", "first"; of the counts "all CLASS", "sample
    ID" and "cell ROW COLUMN".
    """
    grid, viewer = image_page.show_grid, large_images.show_viewer
    facets, chips = rail.show_facets, rail.show_chips

    def show_grid(tiles: Sequence[Tile], key: str, on_open: Any, **options: Any) -> None:
        grid(tiles, key, on_open, **options)
        for tile in tiles:
            _add(f"open {tile.id}" if key == "grid" else f"other {tile.id}", on_open, tile.id)
            _add(f"tick {tile.id} {key}", options["on_tick"], tile.id)

    def show_viewer(
        tiles: Sequence[Tile], key: str, windows: Any, on_open: Any, on_change: Any, **options: Any
    ) -> None:
        viewer(tiles, key, windows, on_open, on_change, **options)
        ids = [tile.id for tile in tiles]
        for name, near in (("previous", options["before"]), ("next", options["after"])):
            if near:
                _add(name, on_open, near)
        _add("close", on_change, [])
        _add("swap", on_change, ids[::-1])
        _add("first", on_change, ids[:1])

    def show_facets(groups: Sequence[Group], key: str, on_choose: Any) -> None:
        facets(groups, key, on_choose)
        for group in groups:
            for choice in group.choices:
                _add(f"facet {group.id}={choice.id}", on_choose, group.id, choice.id)

    def show_chips(words: Sequence[str], key: str, on_drop: Any) -> None:
        chips(words, key, on_drop)
        for place in (*range(len(words)), None):
            _add(f"chip {place}", on_drop, place)

    cards, crossed = numbers_classes.show_class_cards, numbers_crossing.show_cross_table

    def show_cards(shown: Sequence[Card], key: str, on_see_all: Any, on_open: Any) -> None:
        cards(shown, key, on_see_all, on_open)
        for card in shown:
            _add(f"all {card.name}", on_see_all, card.name)
            for tile in card.tiles:
                _add(f"sample {tile.id}", on_open, card.name, tile.id)

    def show_crossed(axes: Any, rows: Any, columns: Any, cells: Any, key: str, pick: Any) -> None:
        crossed(axes, rows, columns, cells, key, pick)
        for row, name in enumerate(rows):
            for column, other in enumerate(columns):
                _add(f"cell {name} {other}", pick, row, column)

    patch.setattr(numbers_classes, "show_class_cards", show_cards)
    patch.setattr(numbers_crossing, "show_cross_table", show_crossed)
    patch.setattr(image_page, "show_grid", show_grid)
    patch.setattr(large_images, "show_grid", show_grid)
    patch.setattr(large_images, "show_viewer", show_viewer)
    patch.setattr(rail, "show_facets", show_facets)
    patch.setattr(rail, "show_chips", show_chips)


def _add(key: str, on_click: Callable[..., None], *arguments: Any) -> None:
    st.button(key, key=key, on_click=on_click, args=arguments)
