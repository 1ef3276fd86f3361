"""Which finished run: chosen here, kept in the address."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.run_state import show_link
from xray_core.errors import XrayError
from xray_core.runs import Run, find_run, list_runs
from xray_core.runs.index import run_table
from xray_core.workspace import Workspace

CHOICE = "evaluate_run"
RECALLED = "run_recalled"  # in the session: the run shown last, and the newest one then
# In the address: what another run has others of.
OF_A_RUN = ("cell", "finding", "image", "layer", "place", "rule", "at", "class", "page")


def choose_run(workspace: Workspace, show_other: Callable[[], None] | None = None) -> Run:
    """Show the finished runs and return the chosen one; without one the page ends.

    A run in the address that has no result is said to have none; no other is shown in its place.

    Args:
        workspace: the folders.
        show_other: shows what else there is to do where no run is finished.
    """
    with show_errors():
        names = [run.name for run in list_runs(workspace.runs) if run.holds("report.json")]
        titles = _name_runs(run_table(workspace))
    wanted = st.query_params.get("run", _recall(names))
    if wanted is not None and wanted not in names:
        _say_missing(workspace, wanted)
    if not names:
        st.info("No run is finished yet. Train one first.", icon=":material/fact_check:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        if show_other is not None:
            show_other()
        st.stop()
    name = names[0] if wanted is None else wanted
    st.session_state[RECALLED] = (name, names[0])
    st.session_state[CHOICE] = name if name in names else None
    st.selectbox(
        "Finished run",
        names,
        key=CHOICE,
        index=0 if name in names else None,
        format_func=lambda name: titles.get(name, name),
        placeholder="Choose a finished run",
        label_visibility="collapsed",
        on_change=_open,
    )
    if name not in names:
        st.stop()
    st.query_params["run"] = name
    return Run(workspace.runs / name)


def _recall(names: list[str]) -> str | None:
    """Return the run that was shown last; None where a newer one is finished, or it is gone."""
    name, newest = st.session_state.get(RECALLED, (None, None))
    return name if name in names and newest == names[0] else None


def _name_runs(table: pd.DataFrame) -> dict[str, str]:
    """Return a run's name -> what it is called, and what was trained."""
    return {
        row.name: " · ".join(filter(None, [row.nickname or row.name, row.title]))
        for row in table[["name", "nickname", "title"]].itertuples(index=False)
    }


def _say_missing(workspace: Workspace, name: str) -> None:
    try:
        run = find_run(workspace.runs, name)
        state = run.read_status().state
    except XrayError as error:
        st.warning(format_message(error))
        return
    called = escape_markdown(run.read_nickname())
    st.info(f"{called} has no result, it is {state}. Its own page says more.")
    show_link(run)


def _open() -> None:
    for key in OF_A_RUN:
        st.query_params.pop(key, None)
    st.query_params["run"] = st.session_state[CHOICE]
