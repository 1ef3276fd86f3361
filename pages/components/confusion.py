"""A confusion matrix as a real table: light to send, sharp at any zoom, read by screen readers."""

from collections.abc import Sequence
from html import escape

import streamlit as st

TINT = "11, 100, 119"  # the theme's teal; at most half of it, so that text stays readable
STYLE = """<style>
.confusion { border-collapse: separate; border-spacing: 3px; font-variant-numeric: tabular-nums; }
.confusion th { font-weight: 500; font-size: .875rem; padding: .3rem .6rem; text-align: center; }
.confusion th[scope=row] { text-align: right; }
.confusion td { text-align: center; min-width: 4.5rem; padding: .45rem .6rem; border-radius: 4px; }
.confusion td b { display: block; font-weight: 600; }
.confusion td small { opacity: .8; }
.confusion td.right { outline: 1.5px solid rgba(11, 100, 119, .9); }
.confusion caption { caption-side: bottom; text-align: left; font-size: .8rem; padding-top: .4rem; }
</style>"""


def show_confusion(classes: Sequence[str], counts: Sequence[Sequence[int]], caption: str) -> None:
    """Show counts by true class (row) and predicted class (column), shaded by share of the row.

    Args:
        classes: in the order of rows and columns.
        counts: shape (n_classes, n_classes).
        caption: what was evaluated.
    """
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in classes)
    rows = "".join(
        _row(name, number, row)
        for number, (name, row) in enumerate(zip(classes, counts, strict=True))
    )
    st.html(
        f"{STYLE}<table class='confusion'><caption>{escape(caption)}</caption>"
        f"<thead><tr><th scope='col'>true ↓ &nbsp; predicted →</th>{head}"
        f"<th scope='col'>recall</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(name: str, number: int, counts: Sequence[int]) -> str:
    total = sum(counts)
    cells = "".join(
        f"<td{' class=right' * (column == number)} "
        f"style='background: rgba({TINT}, {0.5 * count / max(total, 1):.2f})'>"
        f"<b>{count:,}</b><small>{count / max(total, 1):.0%}</small></td>"
        for column, count in enumerate(counts)
    )
    rate = f"{counts[number] / total:.0%}" if total else "no image"
    return f"<tr><th scope='row'>{escape(name)}</th>{cells}<td><b>{rate}</b></td></tr>"
