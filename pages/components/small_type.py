"""Section lines, pairs of facts, bars of shares: one element each, however much they say."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

Share = tuple[str, str, int]  # name, colour, number


def show_section(title: str, note: str = "") -> None:
    """Show a section's heading, with a note in small type behind it; neither is markup."""
    st.html(f'<h2 class="sec">{escape(title)}<span>{escape(note)}</span></h2>')


def show_muted(text: str) -> None:
    """Show a line of small grey text, which is not markup."""
    st.html(f'<div class="muted">{escape(text)}</div>')


def show_facts(
    facts: Mapping[str, str], more: Mapping[str, str] | None = None, *, beside: bool = False
) -> None:
    """Show what is known, name by name; neither names nor values are markup.

    Args:
        facts: name -> value.
        more: those that are folded below the others.
        beside: whether the facts stand in two columns, where there is room for them.
    """
    html = _format_facts(facts)
    if beside:
        names, half = list(facts), -(-len(facts) // 2)
        columns = ({name: facts[name] for name in part} for part in (names[:half], names[half:]))
        html = f'<div class="halves">{"".join(map(_format_facts, columns))}</div>'
    if more:
        html += f"<details><summary>{len(more)} more</summary>{_format_facts(more)}</details>"
    st.html(html)


def _format_facts(facts: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    return f'<table class="facts">{rows}</table>'


def format_dot(color: str) -> str:
    """Return a dot of a colour, as HTML."""
    return f'<i class="dot" style="background:{color}"></i>'


def format_shares(shares: Sequence[Share], unit: str = "") -> str:
    """Return a thin bar of shares with its key below, as HTML.

    Args:
        shares: name, colour and number of each; a share without a number has no place in the bar.
        unit: written behind the numbers.
    """
    cells = "".join(
        f'<i style="flex:{number};background:{color}"></i>' for _, color, number in shares if number
    )
    key = "".join(
        f"<span>{format_dot(color)}{escape(name)} {number:,}{unit}</span>"
        for name, color, number in shares
    )
    return f'<div class="bar" aria-hidden="true">{cells}</div><div class="key">{key}</div>'
