"""What came of a click: done in a callback, said on top of the page when it is drawn again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.errors import XrayError
from xray_core.runs import Run

SAID, REFUSED, UNDO = "said", "refused", "undo"


@dataclass(frozen=True)
class Undo:
    """How what was just done is undone: a button beside what is said of it."""

    label: str
    action: Callable[..., object]
    arguments: tuple[Any, ...] = ()


def carry_out(action: Callable[..., object], *arguments: object) -> None:
    """Do what a button is for, as its callback; keep its words, or why it was refused.

    Args:
        action: returns words to say, if any; runs are called in them by their nicknames.
        arguments: its own.
    """
    # Before: it may have moved their folders.
    names = {run.name: run.read_nickname() for run in arguments if isinstance(run, Run)}
    try:
        words = action(*arguments)
    except XrayError as error:
        st.session_state[REFUSED] = _rename(str(error), names)
    except OSError as error:
        st.session_state[REFUSED] = (
            f"The disk refused: {error.strerror or error}: {error.filename or ''} "
            "Free space or permissions may help."
        )
    else:
        if isinstance(words, str):
            st.session_state[SAID] = _rename(words, names)


def carry_out_for_all(
    done: str, action: Callable[[Run], object], runs: list[Run], undo: Undo | None = None
) -> None:
    """Do the same to several runs; keep one line of what came of it, the refused ones named.

    Args:
        done: what was done, e.g. "moved to the trash".
        action: raises XrayError where it refuses.
        runs: all of them.
        undo: how to take it back; None where that cannot be done in one click.
    """
    refused: list[str] = []
    for run in runs:
        name = run.read_nickname()
        try:
            action(run)
        except (XrayError, OSError) as error:
            refused.append(_rename(str(error), {run.name: name}))
    n = len(runs) - len(refused)
    if n:
        st.session_state[SAID] = f"{format_count(n)} {done}."
        if undo:
            st.session_state[UNDO] = undo
    if refused:
        more = f" And {len(refused) - N_REASONS} more." if len(refused) > N_REASONS else ""
        words = " ".join(refused[:N_REASONS])
        st.session_state[REFUSED] = f"{format_count(len(refused))} refused: {words}{more}"


N_REASONS = 2  # that are said; of more there would be a wall of them


def format_count(n: int, of: int = 0) -> str:
    """Return e.g. "1 run", "3 runs", "3 of 8 runs"."""
    runs = f"run{'s' * ((of or n) != 1)}"
    return f"{n:,} of {of:,} {runs}" if of and n != of else f"{n:,} {runs}"


def show_outcome() -> None:
    """Say what came of the last click, with a button that takes it back where there is one."""
    said, refused = st.session_state.pop(SAID, None), st.session_state.pop(REFUSED, None)
    undo = st.session_state.pop(UNDO, None)
    if said:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.success(escape_markdown(said), icon=":material/check:")
            if undo:
                st.button(undo.label, on_click=carry_out, args=(undo.action, *undo.arguments))
    if refused:
        st.error(escape_markdown(refused), icon=":material/error:")


def leave_fragment_after_action() -> None:
    """Let a click inside a fragment draw the whole page: what came of it stands at the top."""
    if SAID in st.session_state or REFUSED in st.session_state:
        st.rerun()


def close_after(key: str, action: Callable[..., object], *arguments: object) -> None:
    """Do as `carry_out` does, from within the popover `key`, which has then served its purpose."""
    carry_out(action, *arguments)
    st.session_state[key] = False


def keep_open(key: str, label: str, icon: str, words: str) -> None:
    """Keep a popover where it is open while what it was for has gone by, and say so in it.

    It would vanish under the hand of somebody who is about to click in it, and other buttons would
    come to stand there.

    Args:
        key: of the popover, which has `on_change="rerun"`; it names the run, too.
        label: of its button.
        icon: likewise; "" for none.
        words: what has come between.
    """
    if st.session_state.get(key):
        with st.popover(label, icon=icon or None, key=key, on_change="rerun"):
            st.markdown(words)


def _rename(words: str, names: dict[str, str]) -> str:
    for name, nickname in names.items():
        words = words.replace(name, nickname)
    return words
