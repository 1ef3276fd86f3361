"""Figures with one small menu that downloads them: a file is made only when it is asked for."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.components.download import TYPES, write_csv
from pages.components.small_type import show_section
from xray_core.exports.names import safe_name
from xray_core.figures.static import draw_static
from xray_core.figures.table import figure_table
from xray_core.runs import Run

QUIET = {"displayModeBar": False}
CHOICES = {
    "png": "PNG, 300 dots per inch",
    "svg": "SVG, to be changed",
    "csv": "CSV, the numbers",
}
Files = Mapping[str, Callable[[], bytes]]


def show_figure(
    figure: go.Figure,
    name: str,
    alt: str,
    table: pd.DataFrame | None = None,
    *,
    title: str = "",
    note: str = "",
    source: str = "",
    **options: Any,
) -> Any:
    """Show an interactive figure, and a menu that downloads it as PNG, SVG and CSV.

    Args:
        figure: what to show.
        name: of the files, without ending; unique on the page, also part of keys.
        alt: what the figure shows, for those who do not see it.
        table: what the figure was drawn from, where that says more than its points; its index is
            left out of the file.
        title: of the section; the menu stands in its line. "" for none: it stands below.
        note: behind the title in small type.
        source: of what it is, such as `name_source` says; stands below the pictures with title and
            note, as these leave the page.
        options: of `st.plotly_chart`, such as key and on_select.

    Returns:
        What `st.plotly_chart` returns.
    """
    caption = " · ".join(filter(None, (title, note, source)))
    files = list_files(lambda: figure, table, caption)
    if title:
        show_head(title, note, name, files)
    shown = st.plotly_chart(
        figure, **({"config": QUIET, "key": f"figure_{name}", "alt": alt} | options)
    )
    if not title:
        show_menu(name, files)
    return shown


def show_head(title: str, note: str, name: str, files: Files) -> None:
    """Show the line of a section with the menu at its end; see `show_menu`."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
    ):
        show_section(title, note)
        with st.container(width="content"):  # a fragment by itself takes all the room there is
            show_menu(name, files)


def name_source(run: Run, report: Mapping[str, Any]) -> str:
    """Return of which run a figure is, of which set, and of how many images and patients."""
    called = run.read_nickname()
    whose = called if called == run.name else f"{called} ({run.name})"
    return (
        f"{report['subset']} set, n = {report['n']:,} images of {report['n_patients']:,} patients "
        f"or groups · {whose}"
    )


def list_files(
    make: Callable[[], go.Figure], table: pd.DataFrame | None = None, caption: str = ""
) -> Files:
    """Return what makes the files of a figure, by their endings.

    Args:
        make: the figure, drawn when a file is asked for.
        table: see `show_figure`.
        caption: below the pictures, in small type.
    """
    return {
        "png": lambda: draw_static(make(), "png", caption=caption),
        "svg": lambda: draw_static(make(), "svg", caption=caption),
        "csv": lambda: write_csv(figure_table(make()) if table is None else table),
    }


@st.fragment
def show_menu(name: str, files: Files) -> None:
    """Show the menu; what it holds is there once it is open, and opening it draws nothing else.

    Args:
        name: of the files, without ending; unique on the page.
        files: ending, of `CHOICES` -> what makes the content.
    """
    menu = st.popover(
        "Download",
        icon=":material/download:",
        type="tertiary",
        key=f"download_{name}",
        on_change="rerun",
    )
    if not menu.open:
        return
    with menu:
        for ending, make in files.items():
            st.download_button(
                CHOICES[ending],
                make,
                file_name=f"{safe_name(name)}.{ending}",
                mime=TYPES[ending],
                on_click="ignore",
                type="tertiary",
                key=f"file_{ending}_{name}",
            )
