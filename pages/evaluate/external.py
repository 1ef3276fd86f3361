"""Evaluate on other datasets: which result is shown, what is under way, how to ask for more."""

from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.watched_process import watch_process
from pages.evaluate.external_start import STARTING, name_process, show_dialog
from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.evaluation.external import STEPS
from xray_core.jobs.background import BackgroundState, forget_background
from xray_core.registry import name_roots
from xray_core.runs import Run
from xray_core.runs.external import list_externals, read_notes
from xray_core.workspace import Workspace, find_workspace

ON = "on"  # in the address: the name of an evaluation on another dataset
CHOICE = "evaluated_on"
CHOSEN = "places_chosen"  # in the session: run -> what was chosen last
OWN = "Its own dataset"
ELSEWHERE = ("cell", "image")  # in the address: what another dataset has others of


def choose_place(run: Run) -> Run | None:
    """Show on which data the run was evaluated, and return the chosen one; None for its own.

    An evaluation under way is shown with its progress.
    """
    workspace = find_workspace()
    _show_process(run, workspace)
    if st.session_state.get(STARTING):
        show_dialog(run)
    with show_errors():
        places = {place.name: place for place in list_externals(run)}
        titles = name_places(places, workspace)
    if not places:
        return None
    remembered = st.session_state.setdefault(CHOSEN, {})
    # The address of a page that was left does not come back with it.
    wanted = st.query_params.get(ON, remembered.get(run.name, ""))
    chosen = wanted if wanted in places else ""
    st.session_state[CHOICE] = remembered[run.name] = chosen
    if chosen:
        st.query_params[ON] = chosen
    st.segmented_control(
        "Evaluated on",
        ["", *places],
        format_func=lambda name: escape_markdown(titles[name]),
        key=CHOICE,
        label_visibility="collapsed",
        on_change=_open,
        args=(run.name,),
    )
    return places.get(st.session_state[CHOICE] or "")


def show_button() -> None:
    """Show the button that asks for another dataset."""
    pressed = st.button(
        "Test on another dataset",
        icon=":material/compare_arrows:",
        key="test_elsewhere",
        type="tertiary",
    )
    if pressed:
        st.session_state[STARTING] = True


def name_places(places: dict[str, Run], workspace: Workspace) -> dict[str, str]:
    """Return the name of each evaluation -> what it is called; several on a dataset by task."""
    titles = {"": OWN}
    notes = {}
    for name, place in places.items():
        try:
            notes[name] = read_notes(place)
        except RunError:
            titles[name] = f"{name} (cannot be read)"
    named = name_roots(workspace, [_folder_of(about) for about in notes.values()])
    for name, about in notes.items():
        folder = _folder_of(about)
        titles[name] = named[folder] or folder.name
        if about["n_images"]:
            titles[name] += f", {sum(about['counts'].values()):,} images"
    for name, title in list(titles.items()):
        if list(titles.values()).count(title) > 1 and name in notes:
            titles[name] = f"{title} · {', '.join(notes[name]['classes'])}"
    return titles


def read_folder(place: Run) -> Path | None:
    """Return the folder of the dataset of an evaluation; None where it is damaged."""
    try:
        return _folder_of(read_notes(place))
    except RunError:  # said where its result would be
        return None


def _folder_of(notes: dict[str, object]) -> Path:
    return Path(str(notes["folder"]))


def _show_process(run: Run, workspace: Workspace) -> None:
    """Show an evaluation under way, or why it failed; open the result of one that is done."""
    name = name_process(run)
    state = watch_process(name, _words, "Stopped. Nothing of the test is kept.")
    if state.state == "done":
        forget_background(workspace, name)
        st.query_params[ON] = str(state.result.get("external", ""))
        for word in ELSEWHERE:
            st.query_params.pop(word, None)
    elif state.state == "failed" and st.button("Close", key="external_close"):
        forget_background(workspace, name)
        st.rerun()


def _words(state: BackgroundState) -> str:
    """Return which step is under way, and of how many images it is done."""
    n = state.total // len(STEPS)  # images of the step
    place = min(state.done // n, len(STEPS) - 1) if n else 0
    done = state.done - place * n
    count = f", {done:,} of {count_of(n, 'image')}" if done else ""
    return f"Testing on another dataset: {STEPS[place]}{count} …"


def _open(run: str) -> None:
    st.session_state[CHOSEN][run] = st.session_state[CHOICE] or ""
    for word in ELSEWHERE:
        st.query_params.pop(word, None)
    if chosen := st.session_state[CHOICE]:
        st.query_params[ON] = chosen
    else:
        st.query_params.pop(ON, None)
