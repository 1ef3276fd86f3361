"""The dialog that adds predictions from elsewhere: a table, or a network, and what it is of."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import streamlit as st

from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.components.side_process import start_beside, watch_beside
from pages.components.user import find_user
from xray_core.catalog import Catalog
from xray_core.errors import RunError, XrayError
from xray_core.evaluation.elsewhere.create import describe_elsewhere
from xray_core.evaluation.elsewhere.table import Given, read_predictions
from xray_core.files import replaced_file
from xray_core.models import PIXELS
from xray_core.recipes import Recipe
from xray_core.registry import list_datasets
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.origin import NOBODY_CHECKED
from xray_core.tables.sheet import SUFFIXES, read_sheet
from xray_core.tasks import TASKS, tasks_of
from xray_core.workspace import find_workspace

ADDING, UPLOAD = "elsewhere_adding", "elsewhere_upload"  # in the session
NETWORK = ".keras"
AS_FILE, BY_PATIENT = "as the file says; else all are the test set", "by patient, as recipes do"
MOST_RUNS = 100  # newest, of those whose split is offered
# What a refusal says of the command line; here there is a choice below it.
COMMAND_HINT = ", or say which is which, COLUMN=CLASS for each"
ASSUMED = "0 to 255, or scaled by the network"


def show_add_button(recipe: Recipe | None = None) -> None:
    """Show the button that opens the dialog, and the dialog while it is open.

    Args:
        recipe: of the run that is shown, by whose data and task the dialog begins.
    """
    if st.button("Add predictions", icon=":material/input:", key="add_elsewhere", type="tertiary"):
        st.session_state[ADDING] = True
    if st.session_state.get(ADDING):
        _show_dialog(recipe)


def watch_added() -> None:
    """Show what is being added; once it is there, show its result."""
    if made := watch_beside(_forget_upload):
        st.query_params.clear()
        st.query_params["run"] = made


def _forget() -> None:
    st.session_state.pop(ADDING, None)


def _forget_upload() -> None:
    if path := st.session_state.pop(UPLOAD, None):
        Path(path).unlink(missing_ok=True)


@st.dialog("Add predictions from elsewhere", width="medium", on_dismiss=_forget)
def _show_dialog(recipe: Recipe | None) -> None:
    st.caption(
        "A table with a row an image (CSV or workbook): its id, file name or path, and a column of "
        "probabilities for each class, or of the positive one. Or a network, as a .keras file. "
        f"{NOBODY_CHECKED} It is marked wherever it is shown."
    )
    with show_errors():
        known = list_datasets(find_workspace())
    if not known:
        st.info("There is no dataset in this workspace. Add one on Home.")
        return
    left, right = st.columns(2)
    own = Path(recipe.data_folder) if recipe else None
    first = next((place for place, root in enumerate(known.values()) if root == own), 0)
    data = left.selectbox("Dataset", list(known), index=first, key="elsewhere_data")
    try:
        with show_errors():
            catalog = open_folder(known[data])
    except XrayError as error:
        st.error(format_message(error), icon=":material/error:")
        return
    tasks = list(tasks_of(catalog.source))
    if not tasks:
        st.info("No task fits this dataset yet.")
        return
    task = right.selectbox(
        "Task",
        tasks,
        index=tasks.index(recipe.task) if recipe and recipe.task in tasks else 0,
        format_func=lambda name: TASKS[name].question,
        key=f"elsewhere_task_{data}",
    )
    upload = st.file_uploader(
        "File", type=[*(suffix.lstrip(".") for suffix in SUFFIXES), NETWORK.lstrip(".")]
    )
    if upload is None:
        return
    suffix = "".join(Path(upload.name).suffixes[-2:]).lower()
    if not suffix.endswith((*SUFFIXES, NETWORK)):  # the browser's own list binds nobody
        st.error("This is neither a table nor a .keras file.", icon=":material/error:")
        return
    is_network = suffix.endswith(NETWORK)
    division = _choose_division(data, known[data], task, is_network)
    arguments = ["--data", str(known[data]), "--task", task, "--title", upload.name]
    arguments += ["--like", division] if division else []
    if is_network:
        chosen = st.selectbox(
            "Gray levels that it was trained on",
            [ASSUMED, *PIXELS],
            format_func=lambda name: name.replace("..", " to "),
        )
        arguments += [f"--pixels={chosen}"] if chosen in PIXELS else []
        fits = True
    else:
        said = _check_table(upload.getvalue(), suffix, upload.name, catalog, task)
        fits = said is not None
        arguments += [f"--map={column}={name}" for name, column in (said or {}).items()]
    if st.button("Add", type="primary", icon=":material/add:", disabled=not fits):
        command = "add-model" if is_network else "add-predictions"
        _start(command, upload.getvalue(), suffix, arguments, upload.name)


def _choose_division(data: str, folder: Path, task: str, is_network: bool) -> str:
    """Return the run whose split is taken, "" for none."""
    workspace = find_workspace()
    with show_errors():
        runs = run_table(workspace)
    done = runs[(runs["state"] == "done") & (runs["data"] == data)].head(MOST_RUNS)
    names = {}
    for name, nickname in zip(done["name"], done["nickname"], strict=True):
        with suppress(RunError):  # its own page says what is wrong
            recipe = Run(workspace.runs / name).read_recipe()
            if recipe.task == task and Path(recipe.data_folder) == folder.resolve():
                names[name] = nickname or name
    first = BY_PATIENT if is_network else AS_FILE
    chosen = st.selectbox(
        "Which images are tested",
        ["", *names],
        format_func=lambda name: f"as in {names[name]}" if name else first,
        help="With the split of a run, the two can be compared image by image.",
    )
    return str(chosen or "")


def _check_table(
    content: bytes, suffix: str, called: str, catalog: Catalog, task: str
) -> dict[str, str] | None:
    """Say how a table is understood, or why it is not.

    Returns:
        Class -> column, as far as that was said by hand; None where it cannot be added so.
    """
    path = _write(content, suffix)
    try:
        recipe = describe_elsewhere(catalog, task)
        classes = recipe.class_names
        keys = {name: f"elsewhere_column_{called}_{task}_{name}" for name in classes}
        said = {name: str(st.session_state.get(key) or "") for name, key in keys.items()}
        said = {name: column for name, column in said.items() if column}
        by_hand = {column: name for name, column in said.items()}
        given = None
        try:
            given = read_predictions(path, catalog, classes, by_hand, multilabel=recipe.multilabel)
        except RunError as error:
            st.error(format_message(str(error).replace(COMMAND_HINT, "")), icon=":material/error:")
        if given is None or said:
            _choose_columns(list(read_sheet(path).rows.columns), keys)
    except XrayError as error:
        words = str(error).replace(str(path), called)
        st.error(format_message(words), icon=":material/error:")
        return None
    finally:
        path.unlink(missing_ok=True)
    if given is None:
        return None
    st.markdown(_describe(given))
    return said


def _choose_columns(columns: list[str], keys: Mapping[str, str]) -> None:
    st.markdown("Which column is the probability of which class:")
    for name, key in keys.items():
        st.selectbox(
            name, ["", *columns], format_func=lambda name: name or "by its header", key=key
        )


def _describe(given: Given) -> str:
    columns = given.columns
    lines = [f"{len(given.answers):,} images with a prediction, by the column {columns.image!r}."]
    pairs = [f"{name}: {column!r}" for name, column in columns.probability.items()]
    if pairs:
        lines.append(f"Probability of {', '.join(pairs)}.")
    if columns.subset:
        lines.append(f"Subset: {columns.subset!r}.")
    return "\n".join(f"- {escape_markdown(line)}" for line in [*lines, *given.remarks])


def _start(command: str, content: bytes, suffix: str, arguments: list[str], called: str) -> None:
    path = _write(content, suffix)
    st.session_state[UPLOAD] = str(path)
    start_beside([command, str(path), *arguments, "--by", find_user()], f"Adding {called}")
    _forget()
    st.rerun()


def _write(content: bytes, suffix: str) -> Path:
    path = find_workspace().cache / "uploads" / f"{uuid4().hex}{suffix}"
    with show_errors(), replaced_file(path) as partial:
        partial.write_bytes(content)
    return path
