"""The issues that an audit found: what, how many, why it matters, what to do, images to look at."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import show_grid
from pages.components.tables import read_tables
from pages.components.tiles import build_tiles
from xray_core.catalog import Catalog

BADGES = {
    "serious": ":red-badge[:material/error: Serious]",
    "warning": ":orange-badge[:material/info: Warning]",
}
N_TILES = 6


def show_issues(issues: Sequence[Mapping[str, Any]], catalog: Catalog, task: str) -> None:
    """Show each issue that needs thought as a card, and what is in order as a list."""
    for number, issue in enumerate(issues):
        if issue["severity"] != "passed":
            _show_issue(issue, catalog, task, number)
    in_order = [issue for issue in issues if issue["severity"] == "passed"]
    if in_order:
        st.subheader("Passed", anchor=False)
        lines = [
            f":green[:material/check:] {escape_markdown(issue['title'])}" for issue in in_order
        ]
        st.markdown("  \n".join(lines))


def _show_issue(issue: Mapping[str, Any], catalog: Catalog, task: str, number: int) -> None:
    with st.container(border=True):
        st.markdown(f"{BADGES[issue['severity']]} **{escape_markdown(issue['title'])}**")
        if issue["why"]:
            st.markdown(f"{escape_markdown(issue['why'])} {escape_markdown(issue['advice'])}")
        if not (issue["examples"] or issue["table"]):
            return
        more = st.expander(
            "Show which", key=f"audit_more_{issue['code']}_{number}", on_change="rerun"
        )
        if not more.open:
            return
        with more, show_errors():
            _show_examples(issue, catalog, task, number)


def _show_examples(issue: Mapping[str, Any], catalog: Catalog, task: str, number: int) -> None:
    if issue["table"]:
        table = pd.DataFrame(list(issue["table"]))
        st.dataframe(table, hide_index=True)
        st.download_button(
            "CSV",
            table.to_csv(index=False),
            f"{issue['code']}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"audit_csv_{issue['code']}_{number}",
        )
    present = catalog.present.set_index("image_id", drop=False)
    wanted = [name for name in issue["examples"] if name in present.index][:N_TILES]
    if wanted:
        rows = catalog.present[catalog.present["image_id"].isin(wanted)]
        tiles = build_tiles(read_tables(catalog, task), rows)
        show_grid(tiles, f"audit_grid_{issue['code']}_{number}", _open, columns=N_TILES)


def _open(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state["audit_opened"] = image_id
