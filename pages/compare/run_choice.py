"""Which runs are compared, and by which figure: both stand in the address."""

from pathlib import Path

import streamlit as st

from pages.components.address import change_address, read_word
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import metric_name
from xray_core.evaluation.common_images import FEWEST, MOST, list_comparable
from xray_core.evaluation.paired import FIGURES, FINDING_FIGURES
from xray_core.recipes import Recipe
from xray_core.registry import name_root
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.workspace import Workspace

RUNS, FIGURE = "runs", "by"  # in the address
RUN_CHOICE, FIGURE_CHOICE = "compare_runs", "compare_by"
OF_THESE = ("common", "pair", "image")  # in the address: what other runs have others of


def choose_runs(workspace: Workspace) -> list[str]:
    """Show the runs of the address among those that may join them; return the names.

    With fewer than two, or with more than eight, the page ends here.
    """
    wanted = list(dict.fromkeys(filter(None, st.query_params[RUNS].split(","))))
    with show_errors():
        table = run_table(workspace)
        known = set(table["name"])
        names = [name for name in wanted if name in known]
        options = list_comparable(Run(workspace.runs / names[0]), workspace) if names else []
    if missing := [name for name in wanted if name not in known]:
        st.warning(f"There is no run {escape_markdown(', '.join(missing))} here.")
    calls = dict(
        zip(
            table["name"],
            table["nickname"].where(table["nickname"] != "", table["name"]),
            strict=True,
        )
    )
    st.session_state[RUN_CHOICE] = names
    st.multiselect(
        "Runs",
        [*names, *(name for name in options if name not in names)],
        key=RUN_CHOICE,
        format_func=lambda name: str(calls.get(name, name)),
        max_selections=MOST if len(names) <= MOST else None,
        label_visibility="collapsed",
        placeholder="Choose runs of this task",
        on_change=_write,
    )
    if len(names) < FEWEST:
        st.info("Choose a second run to compare with.", icon=":material/compare_arrows:")
        st.stop()
    if len(names) > MOST:
        st.info(f"These are {len(names)} runs; keep to {MOST} at once.", icon=":material/filter_8:")
        st.stop()
    return names


def _write() -> None:
    words = dict.fromkeys(OF_THESE, "")
    change_address({**words, RUNS: ",".join(st.session_state[RUN_CHOICE])})


def choose_figure(several: bool) -> str:
    """Show by which figure the runs are compared, and return the one in the address.

    Args:
        several: whether it is a task of several findings.
    """
    figures = FINDING_FIGURES if several else FIGURES
    figure = read_word(FIGURE, figures)
    st.session_state[FIGURE_CHOICE] = figure
    st.segmented_control(
        "Compared by",
        figures,
        key=FIGURE_CHOICE,
        format_func=lambda name: metric_name(name, several),
        label_visibility="collapsed",
        required=True,
        on_change=lambda: change_address({FIGURE: st.session_state[FIGURE_CHOICE]}),
        width="content",
    )
    return figure


def show_way_back(recipe: Recipe, workspace: Workspace) -> None:
    """Show the link to all results of the data and task of a comparison."""
    with show_errors():
        data = name_root(workspace, Path(recipe.data_folder))
    st.page_link(
        "pages/compare.py",
        label="All results",
        icon=":material/leaderboard:",
        query_params={"data": data, "task": recipe.task} if data else {"task": recipe.task},
    )
