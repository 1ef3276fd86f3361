"""The bin: runs that were thrown away, until somebody restores them or empties it."""

import streamlit as st

from pages.parts.frame import errors_in_words, escape_markdown
from pages.parts.runs.outcome import act
from xray_core.home import Home
from xray_core.run_shelf import bin_size, empty_bin, list_bin, restore_run


def show_bin(home: Home) -> None:
    """Show the bin as a popover; nothing of it is looked at while it is closed."""
    with errors_in_words():
        names = list_bin(home)
    label = f"Bin ({len(names)})" if names else "Bin"
    with st.container(horizontal=True, horizontal_alignment="right"):
        panel = st.popover(label, icon=":material/delete:", key="bin", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if not names:
            st.caption("The bin is empty. Runs that you delete lie here until it is emptied.")
            return
        chosen = st.multiselect("Runs in the bin", names, key="binned", placeholder="choose")
        st.button(
            "Restore",
            icon=":material/restore_from_trash:",
            on_click=act,
            args=(_restore, home, chosen),
            disabled=not chosen,
        )
        with errors_in_words():
            size = format_size(bin_size(home))
        sure = st.checkbox(f"Delete all {len(names):,} for good and free {size}", key="bin_sure")
        st.button(
            "Empty the bin",
            icon=":material/delete_forever:",
            type="primary",
            on_click=act,
            args=(_empty, home),
            disabled=not sure,
        )


def show_in_bin(home: Home, name: str) -> None:
    """Say that the run `name` lies in the bin, with a button that brings it back."""
    st.info(
        f"The run {escape_markdown(name)} lies in the bin. Restore it to see it again.",
        icon=":material/delete:",
    )
    st.button(
        "Restore",
        icon=":material/restore_from_trash:",
        type="primary",
        on_click=act,
        args=(_restore, home, [name]),
    )


def format_size(n_bytes: int) -> str:
    """Return a size for a person: "820 kB", "3.4 MB", "12.0 GB"."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.1f} {unit}"
    return f"{n_bytes / 1e3:,.0f} kB"


def _restore(home: Home, names: list[str]) -> str:
    for name in names:
        restore_run(name, home)
    return f"Restored: {', '.join(names)}."


def _empty(home: Home) -> str:
    n = empty_bin(home)
    st.session_state["bin_sure"] = False
    return f"Deleted for good: {n:,} run{'s' * (n != 1)}."
