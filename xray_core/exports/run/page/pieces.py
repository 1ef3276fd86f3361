"""Pieces of HTML, of plain text: whatever comes in is shown to the letter and is never markup."""

import base64
from collections.abc import Iterable, Sequence
from html import escape


def write_section(title: str, *blocks: str) -> str:
    """Return a section of blocks of HTML; "" where there is nothing in it."""
    content = "".join(blocks)
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def write_paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; "" of no text. `kind` is a class of `style`."""
    if not text:
        return ""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def write_list(texts: Iterable[str]) -> str:
    """Return a list of texts; "" of none."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def write_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    pale: Sequence[int] = (),
    kind: str = "full",
) -> str:
    """Return a table whose first column names its rows; "" without rows.

    Args:
        head: titles of the columns; none for a table without a head.
        rows: cells of each; what stands behind the end of a line is set small, below the rest.
        numbers: columns of numbers, set to the right.
        pale: rows that only stand beside the others.
        kind: classes of `style`.
    """
    if not rows:
        return ""
    ends = ["" if number not in numbers else ' class="n"' for number in range(len(rows[0]))]
    top = "".join(f"<th{ends[n]} scope=col>{escape(name)}</th>" for n, name in enumerate(head))
    body = "".join(
        f"<tr{' class=base' if number in pale else ''}><th scope=row>{escape(row[0])}</th>"
        + "".join(f"<td{ends[n]}>{_write_cell(cell)}</td>" for n, cell in enumerate(row) if n)
        + "</tr>"
        for number, row in enumerate(rows)
    )
    thead = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<div class="wide"><table class="{kind}">{thead}<tbody>{body}</tbody></table></div>'


def write_picture(content: bytes, title: str, note: str, alt: str, *, whole: bool = False) -> str:
    """Return an SVG as a figure with its caption; the picture is within the page itself."""
    data = base64.b64encode(content).decode()
    return (
        f"<figure{' class=whole' if whole else ''}><figcaption>{escape(title)}"
        f"<small>{escape(note)}</small></figcaption>"
        f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}"></figure>'
    )


def _write_cell(text: str) -> str:
    first, _, small = text.partition("\n")
    return escape(first) + (f"<small>{escape(small)}</small>" if small else "")
