"""One image large, as it is and as it is prepared, with a slider between the two."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_before_after = st.components.v2.component(
    "before_after",
    html='<div id="pair"></div>',
    css=(HERE / "before_after.css").read_text(encoding="utf-8"),
    js=(HERE / "before_after.js").read_text(encoding="utf-8"),
)


def show_before_after(before: str, after: str, words: tuple[str, str], alt: str) -> None:
    """Show two square images of one size over each other; a slider moves their border.

    Args:
        before: as a `data:` address.
        after: likewise.
        words: what stands at the left and at the right.
        alt: what a screen reader says.
    """
    _before_after(
        key="before_after",
        data={
            "before": before,
            "after": after,
            "words": list(words),
            "alt": alt,
            "pixelated": True,
        },
    )
