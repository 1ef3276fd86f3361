"""Our own components: one element of Streamlit's each, from files that lie beside the code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
ADD = HERE / "add.js"  # what every script builds its elements with


def load_component(
    name: str, html: str, folder: Path = HERE, css: tuple[str, ...] = (), js: tuple[str, ...] = ()
) -> Callable[..., Any]:
    """Return the function that shows the component called `name`.

    Args:
        name: unique in the app.
        html: what its script begins with.
        folder: where its files are; those that are not there are this folder's.
        css: names of style sheets, put together.
        js: names of scripts; one after the other they become one, as a component cannot import.
    """
    return st.components.v2.component(
        name,
        html=html,
        css="".join(_read(folder, file) for file in css) or None,
        js="".join([*(_read(folder, file) for file in js), ADD.read_text(encoding="utf-8")]),
    )


def _read(folder: Path, name: str) -> str:
    path = folder / name
    return (path if path.exists() else HERE / name).read_text(encoding="utf-8")
