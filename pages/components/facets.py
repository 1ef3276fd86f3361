"""Facets: what images can be filtered by, with counts as bars, and the chosen ones as chips."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from pages.components.assets import load_component

_facets = load_component(
    "facets",
    '<div class="facets"></div>',
    css=("facets.css",),
    js=("facets.js",),
)


@dataclass(frozen=True)
class Choice:
    """One value of a facet; nothing in it is markup.

    Attributes:
        id: what is passed on.
        title: the words.
        count: images.
        color: of the bar, as in CSS; "" for grey.
        chosen: whether it is ticked.
    """

    id: str
    title: str
    count: int
    color: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Group:
    """One facet.

    Attributes:
        id: what is passed on with the choice.
        title: the words above the choices.
        help: shown where the mouse rests on the title.
        choices: in reading order.
    """

    id: str
    title: str
    help: str
    choices: tuple[Choice, ...]


def show_facets(groups: Sequence[Group], key: str, on_choose: Callable[[str, str], None]) -> None:
    """Show the facets below each other; on a phone they are folded into one line.

    Args:
        groups: in reading order.
        key: unique on the page.
        on_choose: called with the ids of a group and of its choice that was ticked, or not any
            more, before the page runs again.
    """

    def pass_on() -> None:
        # A browser sends what it likes: only what was offered is passed on.
        picked = st.session_state[key].picked
        for group in groups:
            for choice in group.choices:
                if picked == [group.id, choice.id]:
                    on_choose(group.id, choice.id)

    _facets(key=key, data={"groups": [asdict(group) for group in groups]}, on_picked_change=pass_on)


def show_chips(chips: Sequence[str], key: str, on_drop: Callable[[int | None], None]) -> None:
    """Show what is chosen in one line, each with a cross to take it back.

    Args:
        chips: the words of each.
        key: unique on the page.
        on_drop: called with the place of the one that was clicked, or None for all of them.
    """

    def pass_on() -> None:
        picked = st.session_state[key].picked
        if picked == "all":
            on_drop(None)
        elif isinstance(picked, int) and 0 <= picked < len(chips):
            on_drop(picked)

    _facets(key=key, data={"chips": list(chips)}, on_picked_change=pass_on)
