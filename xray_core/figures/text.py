"""Text in figures: Plotly takes it for markup, and what is not ours must be shown to the letter."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
import plotly.graph_objects as go

TEMPLATES = ("hovertemplate", "texttemplate")  # ours alone: names enter them as %{fullData.name}
OWN_BREAK = "<br>"  # in titles, between what is ours and a name
MARKUP = re.compile("[&<>]")


def escape_texts(figure: go.Figure) -> go.Figure:
    """Return `figure` such that no name, label or cell in it is taken for markup.

    Plotly draws `<b>`, `<a href>`, `<span style>` and the like, and decodes `&lt;`. Every plot
    of this package that is given names passes through here last.
    """
    layout = figure.layout.to_plotly_json()
    traces = [trace.to_plotly_json() for trace in figure.data]
    if not any(MARKUP.search(text) for text in _list_texts([layout, *traces])):
        return figure  # the usual case: to build a figure takes several times as long
    return go.Figure([_escape(trace) for trace in traces], _escape(layout))


def read_plain(text: object) -> str:
    """Return a text of a figure as a person reads it: lines for breaks, letters for entities."""
    return unescape("" if text is None else str(text).replace(OWN_BREAK, "\n"))


def _list_texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if key not in TEMPLATES:
            yield value.replace(OWN_BREAK, "") if key == "text" else value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _list_texts(entry, str(name))
    elif isinstance(value, list | tuple) or _is_textual(value):
        for item in value:
            yield from _list_texts(item, key)


def _escape(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _escape(entry, str(name)) for name, entry in value.items()}
    if isinstance(value, list | tuple) or _is_textual(value):
        return [_escape(item, key) for item in value]
    if not isinstance(value, str) or key in TEMPLATES:
        return value
    kept = OWN_BREAK if key == "text" else "\0"
    return kept.join(map(_to_letters, value.split(kept)))


def _is_textual(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "OU"


def _to_letters(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
