"""The test set of a run: closed until somebody opens it, and who did, how often, from then on."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.small_type import show_muted
from pages.components.user import find_user
from pages.evaluate.verdict import list_choices
from pages.runs.outcome import carry_out, show_outcome
from xray_core.evaluation.shown import (
    NothingToShowError,
    ShownReport,
    describe_openings,
    shown_report,
)
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.always_open import read_always, write_always_open
from xray_core.runs.opening import Opening, count_damaged, needs_opening, open_test, openings_of
from xray_core.workspace import Workspace

N_LISTED = 20  # openings in the panel, the newest
OPEN_LABEL, OPENED_LABEL = "Open the test set", "Test set open"
COST = (
    "The test set says how good a network is on images that nothing was chosen by. It can say that "
    "once: whoever looks, changes something and looks again, chooses by it, and its figures become "
    "too good. So choose settings, epoch and threshold on the validation set, and open it when you "
    "are through."
)


def read_shown(run: Run, workspace: Workspace) -> ShownReport:
    """Return what may be shown of a run; where all test sets are open, the look is written down.

    Without anything to show the page ends with the button that opens the test set.

    Raises:
        RunError: see `shown_report`.
    """
    if read_always(workspace).always_open and needs_opening(run.read_report()):
        open_test(run, workspace, find_user(), "always")
    try:
        return shown_report(run, workspace)
    except NothingToShowError as error:
        show_outcome()
        st.info(format_message(error), icon=":material/lock:")
        show_panel(run, openings_of(run, workspace), workspace, closed=True)
        st.stop()


def list_words(run: Run, shown: ShownReport, workspace: Workspace) -> list[str]:
    """Return who opened the test set, when and how often; sentences, empty where there is none."""
    if not shown.closed and not needs_opening(shown.report):
        return []
    always = read_always(workspace).always_open
    return describe_openings(run, shown.openings, always=always)


def show_opening(run: Run, recipe: Recipe, shown: ShownReport, workspace: Workspace) -> None:
    """Say in a line whether the test set is closed, with the button that opens it.

    Nothing where there is no test set, or it was watched during the training.
    """
    show_outcome()
    if not (words := list_words(run, shown, workspace)):
        return
    if shown.closed:
        chosen = ", ".join(list_choices(recipe, shown.report))
        chose = f", by which this training chose {chosen}" if chosen else ""
        words = [f"The test set is closed: all figures here are of the validation set{chose}."]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="opening"):
        show_panel(run, shown.openings, workspace, closed=shown.closed)
        show_muted(" ".join(words[:2]))


def show_panel(
    run: Run, openings: Sequence[Opening], workspace: Workspace, *, closed: bool
) -> None:
    """Show the button behind which stands what an opening costs, and who has opened it before."""
    panel = st.popover(
        OPEN_LABEL if closed else OPENED_LABEL,
        icon=":material/lock:" if closed else ":material/lock_open:",
        type="secondary" if closed else "tertiary",
        key=f"open_test_{run.name}_{closed}",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        with show_errors():
            always, n_damaged = read_always(workspace).always_open, count_damaged(workspace)
        if closed:
            st.markdown(COST)
        st.markdown(escape_markdown(" ".join(describe_openings(run, openings, always=always))))
        if openings:
            _show_openings(openings, workspace)
        if n_damaged:
            st.caption(f"{n_damaged} lines of the list of openings cannot be read.")
        if closed:
            st.button(
                "Open it now",
                type="primary",
                icon=":material/lock_open:",
                on_click=carry_out,
                args=(open_test, run, workspace, find_user(), "click"),
            )
        _show_always(workspace, always)


def _show_always(workspace: Workspace, always: bool) -> None:
    st.session_state["always_open"] = always  # set at each look: the workspace decides
    st.toggle(
        "Always open, for all runs of this workspace",
        key="always_open",
        help="For somebody who works alone and wants to see all figures at once. It is said in "
        "every report.",
        on_change=lambda: carry_out(
            write_always_open, workspace, bool(st.session_state["always_open"]), find_user()
        ),
    )


def _show_openings(openings: Sequence[Opening], workspace: Workspace) -> None:
    newest = list(openings)[: -N_LISTED - 1 : -1]
    rows = [
        {
            "opened": opening.time[:16].replace("T", " "),
            "by": escape_markdown(opening.by) or "–",
            "run": escape_markdown(Run(workspace.runs / opening.run).read_nickname())
            + (", trained on other data" if opening.external else ""),
        }
        for opening in newest
    ]
    st.table(
        pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Who opened this test set"
    )
    if len(openings) > N_LISTED:
        st.caption(f"The newest {N_LISTED} of {len(openings):,}.")
