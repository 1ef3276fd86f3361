"""Tables and files with buttons that download them; a file is made only when asked for."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown

TYPES = {"csv": "text/csv", "png": "image/png", "svg": "image/svg+xml"}


def show_table(
    table: pd.DataFrame,
    name: str,
    alt: str,
    *,
    whole: pd.DataFrame | None = None,
    config: Mapping[str, Any] | None = None,
    height: int | Literal["auto"] = "auto",
) -> None:
    """Show a table without its index, and offer it as CSV.

    Args:
        table: what to show; a few hundred rows at most.
        name: of the file, without ending; unique on the page.
        alt: what the table holds.
        whole: what the file shall hold, where that is more than is shown.
        config: how columns are shown; whole numbers are grouped by thousands by themselves.
        height: px.
    """
    numbers = {
        column: st.column_config.NumberColumn(format="localized")
        for column in table
        if pd.api.types.is_integer_dtype(table[column])
    }
    st.dataframe(
        table, hide_index=True, column_config={**numbers, **(config or {})}, height=height, alt=alt
    )
    full = table if whole is None else whole
    offer_files(name, {"csv": lambda: write_csv(full)})


def offer_files(name: str, files: dict[str, Callable[[], bytes]]) -> None:
    """Show a small button for each file.

    Args:
        name: of the files, without ending; unique on the page.
        files: ending, one of `TYPES`, -> what makes the file's content.
    """
    with st.container(horizontal=True, gap="small"):
        for ending, make in files.items():
            st.download_button(
                f"{'Table' if ending == 'csv' else 'Figure'} as {ending.upper()}",
                make,
                file_name=f"{name}.{ending}",
                mime=TYPES[ending],
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"{ending}_{name}",
                help=escape_markdown(f"Download {name}.{ending}"),
            )


def write_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that spreadsheets take for UTF-8."""
    return table.to_csv(index=False).encode("utf-8-sig")
