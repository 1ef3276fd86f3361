"""The issues of an audit: a list by gravity, and beside it the chosen one with its images."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.choice_list import Row, choose_row
from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import show_grid
from pages.components.small_type import show_section
from pages.components.tables import read_tables
from pages.components.tiles import build_tiles
from xray_core.audit.codes import short_code
from xray_core.audit.issue import N_EXAMPLES
from xray_core.catalog import Catalog
from xray_core.selection import VALUES, Filter, format_filters
from xray_core.selection.words import name_column

ISSUE = "issue"  # in the address
WORDS = {"serious": "serious", "warning": "warning", "passed": "passed"}
# What a split that keeps copies and patients together cures.
CURED_BY_CLEAN = {"P1", "P2", "P3", "P5"}

Issue = Mapping[str, Any]


def choose_issue(issues: Sequence[Issue]) -> Issue:
    """Show all issues, the gravest first, and return the one that is open."""
    numbered = {f"{short_code(issue['code'])}-{n}": issue for n, issue in enumerate(issues)}
    wanted = st.query_params.get(ISSUE)
    chosen = wanted if wanted in numbered else next(iter(numbered))
    rows = [
        Row(
            id=key,
            title=issue["title"],
            value=WORDS[issue["severity"]],
            value_note=short_code(issue["code"]),
            mark=issue["severity"],
        )
        for key, issue in numbered.items()
    ]
    choose_row("What the audit looked for", rows, chosen, "audit_issues", _open, reveal=True)
    return numbered[chosen]


def show_issue(issue: Issue, catalog: Catalog, task: str) -> None:
    """Show why an issue matters, what to do about it, and which images it is of."""
    code = short_code(issue["code"])
    show_section(issue["title"], f"{code} · explained in docs/audit.md")
    if issue["why"]:
        st.markdown(f"{escape_markdown(issue['why'])} **{escape_markdown(issue['advice'])}**")
    elif issue["severity"] == "passed":
        st.caption("This was looked for in vain; there is nothing to do.")
    _show_action(issue, code)
    with show_errors():
        _show_examples(issue, catalog, task)


def _show_action(issue: Issue, code: str) -> None:
    if issue["severity"] == "passed":
        return
    if code in CURED_BY_CLEAN:
        if st.button("Use the clean split", icon=":material/cleaning_services:"):
            st.switch_page("pages/train.py", query_params={"split": "clean"})
        st.caption(
            "It joins images by patient and study, and those that look the same; it divides anew."
        )
    elif issue["examples"]:
        wanted = Filter("image_id", VALUES, values=tuple(issue["examples"]))
        st.page_link(
            "pages/explore.py",
            label="Show them in Explore",
            icon=":material/grid_view:",
            query_params={"where": format_filters([wanted])},
        )


def _show_examples(issue: Issue, catalog: Catalog, task: str) -> None:
    tables = read_tables(catalog, task)
    # In the order of the examples, in which the two of a pair stand side by side.
    rows = tables.pick_images(issue["examples"])
    if len(rows):
        tiles = build_tiles(tables, rows)
        show_grid(tiles, f"audit_grid_{issue['code']}", _open_image, columns=6)
        if len(issue["examples"]) >= N_EXAMPLES:
            st.caption(f"The first {len(rows)} images as examples; the issue may be of more.")
    if issue["table"]:
        table = pd.DataFrame(list(issue["table"]))
        titles = {name: name_column(name) for name in table.columns}
        st.dataframe(table, hide_index=True, alt=issue["title"], column_config=titles)
        st.download_button(
            "Table as CSV",
            table.to_csv(index=False),
            f"{issue['code']}.csv",
            "text/csv",
            icon=":material/download:",
        )


def _open(key: str) -> None:
    st.query_params[ISSUE] = key


def _open_image(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state["audit_opened"] = image_id
