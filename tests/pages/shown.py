"""All text that a page sends to the browser, by what the browser takes it for."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

# Message -> fields that are no Markdown, or never hold text; all others are taken for it, so that
# a field that is new in Streamlit is looked at, too. "*": all of the message.
PLAIN = {
    "AppPage": ("*",),
    "ArrowData": ("*",),  # of tables and charts: see below
    "BidiComponent": ("*",),  # our own, which writes textContent
    "Code": ("*",),
    "Dataframe": (
        "column_order",
        "columns",
        "selection_default",
    ),  # see below for the help of its columns
    "DownloadButton": ("url", "deferred_file_id"),
    "Html": ("*",),  # see below
    "Image": ("url", "markup"),
    "ImageList": ("alt",),
    "MultiSelect": ("options", "raw_values", "placeholder"),
    "NumberInput": ("placeholder", "format"),
    "PageLink": ("page", "query_string", "page_script_hash"),
    "PlotlyChart": ("spec", "config", "alt", "theme"),
    "Selectbox": ("options", "raw_value", "placeholder"),
    "TextArea": ("default", "value", "placeholder"),
    "TextInput": ("default", "value", "placeholder", "autocomplete"),
    "VegaLiteChart": ("*",),  # whose text is drawn as it is
}
IDENTIFIERS = ("id", "form_id", "key", "query_param_key", "alt", "user_key")


def list_markdown(app: AppTest) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of all that the browser takes for Markdown."""
    for node in _walk(app._tree):
        proto = getattr(node, "proto", None)
        if proto is None:
            continue
        yield from _list_texts(proto)
        if node.type == "table":
            yield from _list_cells(node.value)
        if node.type in ("dataframe", "arrow_data_frame"):
            for name, column in json.loads(proto.columns or "{}").items():
                yield f"dataframe.{name}.help", str((column or {}).get("help") or "")


def list_html(app: AppTest) -> Iterator[str]:
    """Yield all that the browser takes for HTML."""
    for node in _walk(app._tree):
        if node.type == "html":
            yield node.proto.body
        if node.type == "markdown" and node.proto.allow_html:
            yield node.proto.body


def read_heading(app: AppTest) -> str:
    """Return the page's name, which stands in the bar at its top."""
    [name] = [
        m[1] for text in list_html(app) if (m := re.search(r'<h1 class="page">(.*)</h1>', text))
    ]
    return html.unescape(name)


def count_elements(app: AppTest) -> int:
    """Return how many elements a page sends, containers not counted."""
    return sum(not isinstance(node, Block) for node in _walk(app._tree))


def list_figures(app: AppTest) -> Iterator[str]:
    """Yield the JSON of each Plotly figure."""
    for node in _walk(app._tree):
        if node.type == "plotly_chart":
            yield json.dumps(json.loads(node.proto.spec), ensure_ascii=False)


def _walk(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, Block):
        for child in node.children.values():
            yield from _walk(child)


def _list_texts(message: Message) -> Iterator[tuple[str, str]]:
    kind = message.DESCRIPTOR.name
    plain = PLAIN.get(kind, ())
    if "*" in plain:
        return
    for field, value in message.ListFields():
        if field.name in plain or field.name in IDENTIFIERS:
            continue
        for one in [value] if isinstance(value, str | Message) else _as_list(value):
            if field.type == FieldDescriptor.TYPE_STRING:
                yield f"{kind}.{field.name}", one
            elif isinstance(one, Message):
                yield from _list_texts(one)


def _as_list(value: Any) -> list[Any]:
    return list(value) if hasattr(value, "__len__") and not isinstance(value, bytes) else []


def _list_cells(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for axis in (table.index, table.columns):
        yield from (("table header", str(one)) for one in axis)
    yield from (("table cell", str(one)) for one in table.to_numpy().ravel())


def list_visible(app: AppTest) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of all that a person can read, hover help included."""
    yield from list_markdown(app)
    yield from (("html", text) for text in list_html(app))
    for node in _walk(app._tree):
        proto = getattr(node, "proto", None)
        kind = node.type
        if kind in ("selectbox", "multiselect"):
            yield from ((kind, str(one)) for one in proto.options)
            yield kind, proto.placeholder
        elif kind in ("text_input", "number_input", "text_area"):
            yield kind, proto.placeholder
        elif kind in ("dataframe", "arrow_data_frame"):
            yield from _list_table(node.value, json.loads(proto.columns or "{}"))
        elif kind == "plotly_chart":
            yield from (("figure", one) for one in _list_strings(json.loads(proto.spec)))
        elif kind == "bidi_component":
            yield from (("component", one) for one in _list_strings(json.loads(proto.json or "{}")))


def _list_table(table: pd.DataFrame, columns: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in table.columns:
        settings = columns.get(name) or {}
        if settings.get("hidden"):
            continue
        yield "column", str(settings.get("label") or name)
        for cell in table[name]:
            cells = cell if isinstance(cell, list | tuple) else [cell]
            yield from ((f"cell of {name}", str(one)) for one in cells)


# Of figures and components: what is drawn as words. Colours, ids and data addresses are not.
DRAWN = (
    "caption",
    "text",
    "title",
    "name",
    "label",
    "note",
    "alt",
    "x",
    "y",
    "hovertemplate",
    "ticktext",
)


def _list_strings(value: Any, drawn: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _list_strings(one, drawn=key in DRAWN or (drawn and key == "text"))
    elif isinstance(value, list):
        for one in value:
            yield from _list_strings(one, drawn)
    elif isinstance(value, str) and drawn:
        yield value


def list_widgets(app: AppTest) -> Iterator[tuple[str, str]]:
    """Yield (label, hover help) of each widget and metric."""
    for node in _walk(app._tree):
        proto = getattr(node, "proto", None)
        fields = {field.name for field in proto.DESCRIPTOR.fields} if proto is not None else set()
        if {"label", "help"} <= fields and proto.label:
            yield proto.label, proto.help


def list_everything(app: AppTest) -> Iterator[str]:
    """Yield all that a page sends, as text: messages as they are, and the cells of its tables."""
    for node in _walk(app._tree):
        if (proto := getattr(node, "proto", None)) is not None:
            yield str(proto)
        if node.type in ("table", "dataframe", "arrow_data_frame"):
            yield node.value.to_csv()
