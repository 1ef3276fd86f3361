"""Which rows of the table of runs are ticked: kept in the address, which Back and reload change."""

import zlib
from collections.abc import Sequence

import streamlit as st

TICKED = "ticked"  # in the address: the names of the ticked runs
KNOWN = "ticks_known"  # what the address said when this session last looked or wrote
TURN = "ticks_turn"  # how often the address was changed by somebody else
PICKED = "ticks_picked"  # whether the page is to be drawn anew after a click in the table


def read_ticked(shown: Sequence[str]) -> list[str]:
    """Return the names of the runs that the address ticks, of those that are shown."""
    wanted = st.query_params.get_all(TICKED)
    if wanted != st.session_state.get(KNOWN, []):  # by a link or Back, not by a tick
        st.session_state[KNOWN] = wanted
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    return [name for name in shown if name in set(wanted)]


def name_table(shown: Sequence[str]) -> str:
    """Return the key of the table: another one wherever its ticks are not those of before.

    With other rows a tick must never pass on to the run that moves up; and a table keeps its own
    ticks as long as it keeps its key, whatever the address says by now.
    """
    rows = zlib.crc32(" ".join(shown).encode())
    return f"runs_{rows:x}_{st.session_state.get(TURN, 0)}"


def pick(key: str, shown: Sequence[str]) -> None:
    """Open the run that was clicked, or tick the rows that are; the table's callback.

    Args:
        key: of the table.
        shown: the names of its rows.
    """
    picked = st.session_state[key].selection
    if picked.cells:
        st.query_params["run"] = shown[picked.cells[0][0]]
    else:
        names = [shown[row] for row in sorted(picked.rows) if row < len(shown)]
        st.session_state[KNOWN] = names
        if names:
            st.query_params[TICKED] = names
        else:
            st.query_params.pop(TICKED, None)
    st.session_state[PICKED] = True


def leave_fragment_after_pick() -> None:
    """Draw the whole page after a click in the table: what can be done is another now."""
    if st.session_state.pop(PICKED, False):
        st.rerun()
