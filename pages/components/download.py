"""Figures and tables with buttons that download them; a file is made only when asked for."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components.frame import escape_markdown

QUIET = {"displayModeBar": False}
TYPES = {"html": "text/html", "csv": "text/csv", "png": "image/png", "svg": "image/svg+xml"}


def show_figure(figure: go.Figure, name: str, alt: str, table: pd.DataFrame | None = None) -> None:
    """Show an interactive figure; offer it as a page that needs no network, its table as CSV.

    Args:
        figure: what to show.
        name: of the files, without ending; unique on the page.
        alt: what the figure shows, for those who do not see it.
        table: what the figure was drawn from; its index is left out of the file.
    """
    st.plotly_chart(figure, config=QUIET, alt=alt, key=f"figure_{name}")
    files: dict[str, Callable[[], bytes]] = {
        # Plotly itself is in the file: 4 MB, but it opens on any machine, without a network.
        "html": lambda: figure.to_html(include_plotlyjs=True).encode()
    }
    if table is not None:
        files["csv"] = lambda: write_csv(table)
    offer_files(name, files)


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
