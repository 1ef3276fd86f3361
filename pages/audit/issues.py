"""The findings of an audit: what, how many, why it matters, what to do, images to look at."""

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


def show_issues(findings: Sequence[Mapping[str, Any]], catalog: Catalog, task: str) -> None:
    """Show each finding that needs thought as a card, and what is in order as a list."""
    for number, finding in enumerate(findings):
        if finding["severity"] != "passed":
            _show_issue(finding, catalog, task, number)
    in_order = [one for one in findings if one["severity"] == "passed"]
    if in_order:
        st.subheader("Passed", anchor=False)
        lines = [f":green[:material/check:] {escape_markdown(one['title'])}" for one in in_order]
        st.markdown("  \n".join(lines))


def _show_issue(finding: Mapping[str, Any], catalog: Catalog, task: str, number: int) -> None:
    with st.container(border=True):
        st.markdown(f"{BADGES[finding['severity']]} **{escape_markdown(finding['title'])}**")
        if finding["why"]:
            st.markdown(f"{escape_markdown(finding['why'])} {escape_markdown(finding['advice'])}")
        if not (finding["examples"] or finding["table"]):
            return
        more = st.expander(
            "Show which", key=f"audit_more_{finding['kind']}_{number}", on_change="rerun"
        )
        if not more.open:
            return
        with more, show_errors():
            _show_examples(finding, catalog, task, number)


def _show_examples(finding: Mapping[str, Any], catalog: Catalog, task: str, number: int) -> None:
    if finding["table"]:
        table = pd.DataFrame(list(finding["table"]))
        st.dataframe(table, hide_index=True)
        st.download_button(
            "CSV",
            table.to_csv(index=False),
            f"{finding['kind']}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"audit_csv_{finding['kind']}_{number}",
        )
    present = catalog.present.set_index("image_id", drop=False)
    wanted = [name for name in finding["examples"] if name in present.index][:N_TILES]
    if wanted:
        rows = catalog.present[catalog.present["image_id"].isin(wanted)]
        tiles = build_tiles(read_tables(catalog, task), rows)
        show_grid(tiles, f"audit_grid_{finding['kind']}_{number}", _open, columns=N_TILES)


def _open(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state["audit_opened"] = image_id
