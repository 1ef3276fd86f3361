"""A confusion matrix whose cells can be clicked: a real table, read by screen readers."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components.assets import load_component
from xray_core.figures.colors import color_classes

Cell = tuple[int, int]  # places of the true and of the predicted class
_matrix = load_component(
    "confusion_matrix",
    '<div id="matrix"></div>',
    css=("confusion.css",),
    js=("confusion.js",),
)


def show_confusion(
    classes: Sequence[str],
    counts: Sequence[Sequence[int]],
    caption: str,
    key: str | None = None,
    picked: Cell | None = None,
    on_pick: Callable[[Cell], None] | None = None,
    recalls: Sequence[str] = (),
) -> None:
    """Show counts by true class (row) and predicted class (column), shaded by share of the row.

    Args:
        classes: in the order of rows and columns.
        counts: shape (n_classes, n_classes).
        caption: what was evaluated.
        key: unique on the page.
        picked: the cell that is marked.
        on_pick: called with the cell that was clicked, before the page runs again; without it
            cells cannot be clicked.
        recalls: what to say of each class' recall, such as its interval.
    """

    def pass_on() -> None:
        cell = st.session_state[key].picked if key else None
        if on_pick is not None and cell:
            on_pick((int(cell[0]), int(cell[1])))

    colors = color_classes(classes)
    _matrix(
        key=key,
        data={
            "classes": [{"name": name, "color": colors[name]} for name in classes],
            "counts": [[int(count) for count in row] for row in counts],
            "caption": caption,
            "picked": list(picked) if picked else None,
            "recalls": list(recalls),
            "clickable": on_pick is not None,
        },
        on_picked_change=pass_on,
    )
