"""What the table of runs shows, and in which order: filters that all stand in the address."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from xray_core.glossary import explain
from xray_core.recipes import PUBLISHED
from xray_core.runs import STATES
from xray_core.runs.index import DAMAGED, OTHER_VERSION

STATE_OPTIONS = [*STATES, OTHER_VERSION, DAMAGED]
UNDER_WAY = "under way first"
# What the table can be sorted by: columns, and of each whether the highest comes first. A name
# begins with the time of its making, also where nothing else of a run can be read.
SORTS = {
    UNDER_WAY: (["turn", "name"], [True, True]),
    "newest first": (["name"], [True]),
    "oldest first": (["name"], [False]),
    "best validation": (["score"], [True]),
    "longest training": (["duration"], [True]),
    "largest on disk": (["disk"], [True]),
    "recipe": (["title"], [False]),
}
SEARCHED = ["nickname", "name", "title", "changes", "data", "user", "note", "message"]
# Filters by the values of a column: key in the address, column, label.
LISTS = (
    ("recipes", "recipe", "Recipe"),
    ("users", "user", "By"),
    ("sweeps", "sweep", "Sweep"),
    ("tags", "tags", "Tag"),
)
MINE, ALL = "Mine", "Everyone's"


@dataclass(frozen=True)
class Choice:
    """What the filters say.

    Attributes:
        passed: which rows of the table pass.
        order: one of `SORTS`, or nonsense from an address.
        with_disk: whether the runs' folders are to be measured.
    """

    passed: "pd.Series[bool]"
    order: str
    with_disk: bool


def choose_runs(runs: pd.DataFrame, user: str) -> Choice:
    """Show the filters in one line; they all stand in the address.

    Args:
        runs: as `index.run_table` returns.
        user: the visitor's name; "" if nobody said.
    """
    there = set(runs["state"])
    own = runs["user"] == user
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        mine = bool(user) and _choose_whose(bool(own.any()))
        states = st.pills(
            "State",
            [state for state in STATE_OPTIONS if state in there],
            selection_mode="multi",
            key="states",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.space("stretch")
        text = st.text_input(
            "Search",
            key="search",
            bind="query-params",
            type="search",
            placeholder="Search runs",
            label_visibility="collapsed",
            width=190,
        )
        chosen = _choose_more(runs)
    passed = filter_runs(
        runs, [state for state in states or [] if state in there], **chosen, text=text or ""
    )
    order, with_disk = _read_order(), st.query_params.get("sizes") == "true"
    with_disk = with_disk or "disk" in SORTS.get(order, ([], []))[0]
    return Choice(passed & own if mine else passed, order, with_disk)


def _choose_whose(has_any: bool) -> bool:
    whose = st.segmented_control(
        "Whose",
        [MINE, ALL],
        default=MINE if has_any else ALL,
        required=True,
        key="whose",
        bind="query-params",
        label_visibility="collapsed",
    )
    return whose == MINE


def _choose_more(runs: pd.DataFrame) -> dict[str, list[str]]:
    """Show the rest of the filters in a popover, and return what they let pass.

    Not bound by Streamlit, which takes out of the address what is not on the page just now.
    """
    values = {column: _list_values(runs, column) for _, column, _ in LISTS}
    # What stands in an address is anybody's.
    wanted = {
        key: [value for value in st.query_params.get_all(key) if value in values[column]]
        for key, column, _ in LISTS
    }
    n = sum(map(len, wanted.values()))
    panel = st.popover(
        f"Filters ({n})" if n else "Filters",
        icon=":material/tune:",
        key="filters",
        on_change="rerun",
    )
    if panel.open:
        with panel:
            for key, column, label in LISTS:
                if values[column]:
                    _choose_list(key, label, values[column], wanted[key])
            _choose_order()
    return wanted


def _choose_list(key: str, label: str, values: list[str], wanted: list[str]) -> None:
    widget = f"pick_{key}"
    st.session_state[widget] = wanted  # set at each look: the address decides
    st.multiselect(
        label,
        values,
        format_func=_recipe_title if key == "recipes" else str,
        key=widget,
        placeholder="any",
        help=explain(label) or None,
        on_change=lambda: _write(key, st.session_state[widget]),
    )


def _choose_order() -> None:
    st.session_state["pick_order"] = _read_order()
    st.selectbox(
        "Sort by",
        list(SORTS),
        key="pick_order",
        on_change=lambda: _write("order", st.session_state["pick_order"]),
    )
    st.session_state["pick_sizes"] = st.query_params.get("sizes") == "true"
    st.toggle(
        "Disk use",
        key="pick_sizes",
        help="Measures every run's folder; with hundreds of runs this takes a moment.",
        on_change=lambda: _write("sizes", "true" if st.session_state["pick_sizes"] else ""),
    )


def _write(key: str, value: str | list[str]) -> None:
    if value and value != UNDER_WAY:
        st.query_params[key] = value
    else:
        st.query_params.pop(key, None)


def _read_order() -> str:
    order = st.query_params.get("order", UNDER_WAY)
    return order if order in SORTS else UNDER_WAY


def _list_values(runs: pd.DataFrame, column: str) -> list[str]:
    if column == "tags":
        return sorted({tag for tags in runs["tags"] for tag in tags}, key=str.casefold)
    return sorted(set(runs[column]) - {""}, key=str.casefold)


def _recipe_title(name: str) -> str:
    return PUBLISHED[name].title if name in PUBLISHED else name


def filter_runs(
    runs: pd.DataFrame,
    states: Sequence[str] = (),
    recipes: Sequence[str] = (),
    users: Sequence[str] = (),
    sweeps: Sequence[str] = (),
    tags: Sequence[str] = (),
    text: str = "",
) -> "pd.Series[bool]":
    """Return which rows of `index.run_table` pass; an empty condition lets all pass.

    Args:
        runs: the table.
        states: one of them must be the run's.
        recipes: likewise.
        users: likewise.
        sweeps: likewise.
        tags: all of them must be on the run.
        text: words that must all occur somewhere in the run's names, title, changes, data, user,
            tags, note or message; case does not matter.
    """
    passed = pd.Series(True, index=runs.index)
    conditions = (("state", states), ("recipe", recipes), ("user", users), ("sweep", sweeps))
    for column, wanted in conditions:
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
    columns, highest_first = SORTS.get(order, SORTS["newest first"])
    if not set(columns) <= set(runs):
        columns, highest_first = SORTS["newest first"]
    for column, highest in zip(reversed(columns), reversed(highest_first), strict=True):
        if not runs[column].is_monotonic_decreasing or not highest:
            runs = runs.sort_values(
                column, ascending=not highest, kind="stable", na_position="last"
            )
    return runs
