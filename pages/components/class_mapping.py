"""Which class of a dataset stands for which that is wanted: shown, and changed by hand."""

from collections.abc import Mapping

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.tasks.matching import LEAST_CLASSES, Match, match_classes

LEFT_OUT = "left out"


def map_classes(match: Match, counts: Mapping[str, int], key: str) -> Match:
    """Show each class of `match` with what it counts as, to be changed; return the match so far.

    Args:
        match: as the names of the classes tell.
        counts: class of the dataset -> images.
        key: begins the keys of the choices; another one for another dataset or task.
    """
    by_hand = {}
    choices = [LEFT_OUT, *match.wanted]
    for name in match.given:
        words, choice = st.columns([3, 2], vertical_alignment="center", gap="small")
        meant = match.classes.get(name, LEFT_OUT)
        with choice:
            chosen = st.selectbox(
                f"{name} counts as",
                choices,
                index=choices.index(meant),
                key=f"{key}_{name}",
                label_visibility="collapsed",
            )
        if chosen != meant:
            by_hand[name] = "" if chosen == LEFT_OUT else chosen
        why = "changed by hand" if name in by_hand else match.reasons.get(name, "")
        with words:
            st.markdown(
                f"**{escape_markdown(name)}** · {counts.get(name, 0):,} images"
                + (f"  \n:small[{escape_markdown(why)}]" if why else "")
            )
    changed = match_classes(
        match.task, match.given, match.wanted, by_hand, multilabel=match.multilabel
    )
    if changed.absent:
        missing = escape_markdown(", ".join(changed.absent))
        words = f"No class counts as {missing} yet."
        if not changed.fits:
            n_needed = len(match.wanted) - len(changed.absent)
            words += (
                f" {n_needed} of the {LEAST_CLASSES} classes needed to go on: choose what else "
                "counts as one."
            )
        st.caption(words)
    return changed
