"""The buttons that turn pages: all of them where there are few."""

import streamlit as st

from pages.components.address import change_address, read_word

BUTTON_WIDTH, BUTTON_GAP = 36, 4  # px, a little more than Streamlit takes
MAX_NUMBERS = 7  # numbers in a row, beside both arrows; of more pages some are left out
MIN_NUMBERS = (
    5  # numbers that there must be room for: with less, Streamlit shows one or two at most
)


def show_pager(
    n_pages: int, key: str, *, in_address: bool = False, n_numbers: int = MAX_NUMBERS
) -> int:
    """Show a button for each page, and return the number of the chosen one, from 1.

    Args:
        n_pages: how many there are; 0 is shown as 1.
        key: of the widget.
        in_address: whether the number stands in the address, under the name of `key`.
        n_numbers: how many numbers stand in a row at most.
    """
    # Streamlit counts how many numbers fit into the width that it has. If that is the width of its
    # own content, two pages leave room for two, of which it then shows one.
    room = (
        2 * BUTTON_WIDTH
        + BUTTON_GAP
        + (BUTTON_WIDTH + BUTTON_GAP) * min(max(n_pages, MIN_NUMBERS), n_numbers)
    )
    n_pages = max(1, n_pages)
    widget = f"{key}_number" if in_address else key

    def write() -> None:
        number = st.session_state[widget]
        change_address({key: str(number) if number > 1 else ""})

    if in_address:
        # Set at each look: the address decides, and the widget only changes it.
        st.session_state[widget] = int(read_word(key, list(map(str, range(1, n_pages + 1)))))
    return int(
        st.pagination(
            n_pages,
            max_visible_pages=n_numbers,
            width=room,
            key=widget,
            on_change=write if in_address else None,
        )
    )
