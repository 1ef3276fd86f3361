"""What the table of runs shows, and in which order: filters that all stand in the address."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from xray_core.glossary import explain
from xray_core.recipes import PUBLISHED
from xray_core.runs import STATES
from xray_core.runs.index import DAMAGED, OTHER_VERSION

STATE_OPTIONS = [*STATES, OTHER_VERSION, DAMAGED]
# What the table can be sorted by: column, and whether the highest comes first. A name begins
# with the time of its making, also where nothing else of a run can be read.
SORTS = {
    "newest first": ("name", True),
    "oldest first": ("name", False),
    "best result": ("accuracy", True),
    "best validation": ("val_accuracy", True),
    "longest training": ("duration", True),
    "largest on disk": ("disk", True),
    "recipe": ("title", False),
}
SEARCHED = ["name", "title", "changes", "data", "user", "note", "message"]
# Filters by the values of a column: key in the address, column, label.
LISTS = (("recipes", "Recipe"), ("users", "By"), ("tags", "Tag"))


def choose_runs(runs: pd.DataFrame) -> tuple["pd.Series[bool]", str, bool]:
    """Show the filters, which all stand in the address; return what they let pass, and how."""
    values = {
        "recipes": sorted(set(runs["recipe"]) - {""}),
        "users": sorted(set(runs["user"]) - {""}, key=str.casefold),
        "tags": sorted({tag for tags in runs["tags"] for tag in tags}, key=str.casefold),
    }
    there = set(runs["state"])
    chosen: dict[str, list[str]] = {}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="search",
            bind="query-params",
            type="search",
            placeholder="name, note …",
            width=190,
        )
        for key, label in LISTS:
            if values[key]:
                chosen[key] = st.multiselect(
                    label,
                    values[key],
                    format_func=_recipe_title if key == "recipes" else str,
                    key=key,
                    bind="query-params",
                    placeholder="any",
                    help=explain(label) or None,
                    width=130,
                )
        order = st.selectbox("Sort by", list(SORTS), key="order", bind="query-params", width=150)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        states = st.pills(
            "State",
            [state for state in STATE_OPTIONS if state in there],
            selection_mode="multi",
            key="states",
            bind="query-params",
            label_visibility="collapsed",
        )
        with_disk = st.toggle(
            "Disk use",
            key="sizes",
            bind="query-params",
            help="Measures every run's folder; with hundreds of runs this takes a moment.",
        )
    # Again here: what stands in an address is anybody's.
    wanted = {key: [v for v in picked or [] if v in values[key]] for key, picked in chosen.items()}
    passed = filter_runs(
        runs,
        [state for state in states or [] if state in there],
        wanted.get("recipes", []),
        wanted.get("users", []),
        wanted.get("tags", []),
        text or "",
    )
    return passed, order, with_disk or SORTS.get(order, ("", False))[0] == "disk"


def _recipe_title(name: str) -> str:
    return PUBLISHED[name].title if name in PUBLISHED else name


def filter_runs(
    runs: pd.DataFrame,
    states: Sequence[str] = (),
    recipes: Sequence[str] = (),
    users: Sequence[str] = (),
    tags: Sequence[str] = (),
    text: str = "",
) -> "pd.Series[bool]":
    """Return which rows of `index.run_table` pass; an empty condition lets all pass.

    Args:
        runs: the table.
        states: one of them must be the run's.
        recipes: likewise.
        users: likewise.
        tags: all of them must be on the run.
        text: words that must all occur somewhere in name, title, changes, data, user, tags,
            note or message; case does not matter.
    """
    passed = pd.Series(True, index=runs.index)
    for column, wanted in (("state", states), ("recipe", recipes), ("user", users)):
        if wanted:
            passed &= runs[column].isin(wanted)
    if tags:
        passed &= runs["tags"].map(lambda run_tags: set(tags) <= set(run_tags)).astype(bool)
    if words := text.casefold().split():
        texts = zip(
            *(runs[column] for column in SEARCHED), runs["tags"].map("\n".join), strict=True
        )
        folded = ["\n".join(row).casefold() for row in texts]
        matches = [all(word in text for word in words) for text in folded]
        passed &= pd.Series(matches, index=runs.index, dtype=bool)
    return passed


def sort_runs(runs: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return the table in one of `SORTS`; of equals the newest first, the unknown last."""
    column, highest_first = SORTS.get(order, SORTS["newest first"])
    if column not in runs:
        column, highest_first = SORTS["newest first"]
    return runs.sort_values(column, ascending=not highest_first, kind="stable", na_position="last")
