"""One image large, as it is and as it is prepared, with a slider between the two."""

from pathlib import Path

from pages.components.assets import load_component

_before_after = load_component(
    "before_after",
    '<div id="pair"></div>',
    folder=Path(__file__).parent,
    css=("before_after.css",),
    js=("before_after.js",),
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
