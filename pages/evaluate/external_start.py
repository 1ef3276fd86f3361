"""The dialog in which a run is sent to another dataset: which one, which classes, how many."""

from pathlib import Path

import streamlit as st

from pages.components.class_mapping import map_classes
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.user import find_user
from xray_core.errors import XrayError
from xray_core.evaluation.external import check_columns, check_finished
from xray_core.jobs.background import forget_background, start_background
from xray_core.registry import list_datasets
from xray_core.runs import Run
from xray_core.tasks import TASKS
from xray_core.tasks.matching import Match, count_given, list_matches
from xray_core.workspace import find_workspace

STARTING = "external_starting"  # whether the dialog is open


def name_process(run: Run) -> str:
    """Return the name of the process that evaluates a run elsewhere; of each run one at a time."""
    return f"external-{run.name}"


def _forget() -> None:
    st.session_state.pop(STARTING, None)


@st.dialog("Test on another dataset", width="medium", on_dismiss=_forget)
def show_dialog(run: Run) -> None:
    """Ask for a dataset and how its classes are those of the run, and start the evaluation."""
    workspace = find_workspace()
    with show_errors():
        recipe = check_finished(run)
        known = list_datasets(workspace)
    own = Path(recipe.data_folder)
    others = [name for name, root in known.items() if root != own]
    if not others:
        st.info("There is no other dataset in this workspace. Add one on Home.")
        return
    name = st.selectbox("Dataset", others, key="external_data")
    try:
        with show_errors():
            catalog = open_folder(known[name])
        check_columns(recipe, catalog)
        matches = list_matches(catalog, recipe.class_names, multilabel=recipe.multilabel)
        counts = {match.task: count_given(catalog, match.task) for match in matches}
    except XrayError as error:
        st.error(format_message(error), icon=":material/error:")
        return
    if not matches:
        kind = "several classes" if recipe.multilabel else "one class"
        st.info(f"No task of this dataset gives an image {kind}, as that of the run does.")
        return
    tasks = {match.task: match for match in matches}
    task = st.selectbox(
        "Its task",
        list(tasks),
        format_func=lambda task: TASKS[task].question,
        key=f"external_task_{name}",
    )
    _say_fit(tasks[task])
    match = map_classes(tasks[task], counts[task], f"external_{run.name}_{name}_{task}")
    n_images = st.number_input(
        "About how many images (0: all)",
        min_value=0,
        step=100,
        key="external_n",
        help="Drawn as whole patients, each class in its share. With 0 all images are tested.",
    )
    st.caption(
        "Images that the network has learned from, or copies of them, are left out and counted. "
        "The result is shown at once, and counted as a look at the test images of that dataset."
    )
    if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not match.fits):
        _start(run, known[name], match, int(n_images))


def _say_fit(match: Match) -> None:
    asked = escape_markdown(", ".join(match.wanted))
    if match.fits:
        st.caption(
            f"The run tells apart: {asked}. Here is what each class of the dataset counts as."
        )
    else:
        st.warning(
            f"The run tells apart: {asked}. By their names, the classes of this task are others. "
            "Say yourself which mean the same, or choose another task.",
            icon=":material/warning:",
        )


def _start(run: Run, folder: Path, match: Match, n_images: int) -> None:
    workspace, name = find_workspace(), name_process(run)
    arguments = ["evaluate", run.name, "--data", str(folder), "--task", match.task]
    arguments += [f"--map={given}={match.classes.get(given, '')}" for given in match.given]
    if n_images:
        arguments += ["--n-images", str(n_images)]
    if user := find_user():
        arguments += ["--user", user]
    with show_errors():
        forget_background(workspace, name)
        start_background(workspace, name, arguments)
    _forget()
    st.rerun()
