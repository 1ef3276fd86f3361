"""The frame of every page: its style, the bar that says which data and which task, the footer."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager

from pages.components.browser import help_browser
from pages.components.dataset import open_folder, wait_for_demo
from pages.components.frame import escape_markdown, show_errors
from pages.components.import_notes import show_import_notes
from pages.components.user import show_user
from xray_core.audit.issue import count_of
from xray_core.catalog import Catalog
from xray_core.datasets import recall_dataset
from xray_core.errors import DatasetError
from xray_core.glossary import explain
from xray_core.recipes import Recipe
from xray_core.registry import list_datasets, name_root
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import LUNG_TASK, TASKS, Task, find_masked, tasks_of
from xray_core.workspace import find_workspace

NOTICE = "For learning, never for diagnosis."
DATA, TASK = "data", "task"  # in the address, and in the session
SHOWN = "place_shown"  # in the session: folder of the data and task of the run shown last
DATA_CHOICE, TASK_CHOICE = "data_choice", "task_choice"  # the two select boxes
STYLE = Path(__file__).with_name("style.css")


@dataclass(frozen=True)
class Results:
    """Where there are results, for a page that shows them: they need no dataset.

    Attributes:
        folders: name of the data -> folder, whether or not it is registered here.
        tasks: name of the data -> tasks with results.
        first: data and task that the page opens on; "" where there are none.
    """

    folders: Mapping[str, Path]
    tasks: Mapping[str, Sequence[str]]
    first: tuple[str, str]


@dataclass(frozen=True)
class Context:
    """What the bar at the top of a page says.

    Attributes:
        title: of the page.
        data: the chosen dataset's name; "" where there is none yet.
        task: the chosen task's name; "" where the dataset cannot be read.
        folder: of the dataset.
        summary: where the bar tells of the dataset once its catalog is read.
    """

    title: str
    data: str
    task: str
    folder: Path
    summary: DeltaGenerator

    def open_catalog(self) -> Catalog:
        """Return the dataset's catalog, read-only and shared; write the choice into the address.

        Where there is no dataset yet, the demo data is drawn and the page waits for it. A dataset
        that cannot be read is said to be so, and the page ends.
        """
        if not self.data:
            wait_for_demo(find_workspace())
            st.stop()
        _keep_in_address(DATA, self.data, next(iter(list_datasets(find_workspace()))))
        with show_errors():
            catalog = open_folder(self.folder)
        _keep_in_address(TASK, self.task, next(iter(tasks_of(catalog.source))))
        self._show_summary(catalog)
        return catalog

    def show_origin(
        self, recipe: Recipe, with_title: bool = True, elsewhere: Path | None = None
    ) -> None:
        """Say in the bar what a run learned from: for pages of a run, which have no choosers.

        Args:
            recipe: of the run.
            with_title: whether the recipe is named, too.
            elsewhere: another dataset, on which the run is shown.
        """
        folder = Path(recipe.data_folder)
        st.session_state[SHOWN] = (os.path.realpath(folder), recipe.task)
        words = [recipe.title] if with_title else []
        name = name_root(find_workspace(), folder) or folder.name
        if elsewhere:
            name = f"trained on {name}"
            other = name_root(find_workspace(), elsewhere) or elsewhere.name
            words = [f"tested on {other}", *words]
        words.append(name)
        words += [TASKS[recipe.task].question] if recipe.task in TASKS else []
        if is_synthetic(folder):
            words.append("synthetic images, which say nothing about real patients")
        self.summary.html(
            f'<span class="muted">{escape(" · ".join(words))}</span>', width="content"
        )

    def _show_summary(self, catalog: Catalog) -> None:
        _, words = _describe(catalog)
        if is_synthetic(catalog.root):
            words += " · synthetic, no real patients"
        with self.summary:
            st.html(f'<span class="muted wide">{escape(words)}</span>', width="content")
            with st.container(width="content"):
                _show_notes(catalog)


@st.fragment
def _show_notes(catalog: Catalog) -> None:
    """Show the import notes under a word in the bar; read only while they are open."""
    n_remarks = len(catalog.remarks)
    label = count_of(n_remarks, "import note") if n_remarks else "Import notes"
    notes = st.popover(label, type="tertiary", key="import_notes", on_change="rerun")
    if notes.open:
        with notes:
            show_import_notes(catalog, "bar")


# Counted once: with a hundred thousand images it would take longer than the rest of a page.
# Keyed by the catalog's identity, which nothing else can take on: the result holds it.
@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Catalog: id})
def _describe(catalog: Catalog) -> tuple[Catalog, str]:
    n_present, n_images = len(catalog.present), len(catalog.images)
    n_patients = catalog.present["patient_id"].nunique()  # of the images that are here, too
    words = count_of(n_present, "image")
    if n_present < n_images:
        words = f"{n_present:,} of {count_of(n_images, 'image')}"
    return catalog, words + (f" · {count_of(n_patients, 'patient')}" if n_patients else "")


def open_page(
    title: str,
    with_choosers: bool = True,
    results: Results | None = None,
    *,
    with_masks: bool = False,
) -> Context:
    """Draw the frame of a page; must be the first call of each page.

    Until `st.navigation` has run once in a fresh server, Streamlit runs a page of the
    `pages/` folder without `streamlit_app.py`, so that a bookmark would show a page without
    its navigation. Then the run is started again, this time through the entry point. Several
    visitors may come at once: Streamlit's switch tells what the next run does, not how this
    one began, so each session also remembers whether it has come through the entry point.

    Args:
        title: of the page.
        with_choosers: whether dataset and task can be chosen; a run has its own.
        results: that the page shows; then the address alone says which, and else where it opens.
        with_masks: whether the page knows the task that asks for lung masks, once it is chosen.
    """
    if PagesManager.uses_pages_directory or "entered" not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.session_state["entered"] = True  # once is enough, however this page was started
        st.rerun()
    st.html(STYLE)
    name_tab(title)
    # Drawn first, shown last: a page may end anywhere, and this must not be lost.
    with st.container(key="footer"):
        st.html(f"<footer>{NOTICE}</footer>")
        help_browser(title)
    with show_errors():
        registered = list_datasets(find_workspace())
    known = {**results.folders, **registered} if results else registered
    data = _find_data(list(known), registered, results.first[0] if results else "")
    folder = known.get(data, Path())
    tasks = _list_tasks(folder, with_masks) if data else {}
    first = ""
    if results:
        with_results = [name for name in results.tasks.get(data, []) if name in TASKS]
        tasks = {**{name: TASKS[name] for name in with_results}, **tasks}
        first = results.first[1] if data == results.first[0] else next(iter(with_results), "")
    task = _find_task(list(tasks), first)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="context"):
        if data and with_choosers:
            _choose_data(list(known), data, in_address=results is not None)
        if task and with_choosers:
            _choose_task(tasks, task, data if results else "")
        # The navigation shows the name, except on a phone; screen readers look for a heading.
        st.html(f'<h1 class="page">{escape(title)}</h1>', width="content")
        summary = st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        )
        st.space("stretch")
        show_user()
    return Context(title, data, task, folder, summary)


def name_tab(title: str) -> None:
    """Write a title into the browser's tab."""
    st.set_page_config(page_title="X-ray Lab" if title == "Home" else f"{title} · X-ray Lab")


def choose_data(name: str) -> None:
    """Make the dataset called `name` that of all pages, from the next run on."""
    st.session_state[DATA] = name
    for key in (DATA, TASK):
        st.query_params.pop(key, None)


def choose_task(name: str) -> None:
    """Make the task called `name` that of all pages, from the next run on."""
    st.session_state[TASK] = name
    st.query_params.pop(TASK, None)


def _find_data(known: list[str], registered: Mapping[str, Path], first: str) -> str:
    wanted = st.query_params.get(DATA) or first or st.session_state.get(DATA)
    if wanted is not None and known and wanted not in known:
        st.warning(f"There is no dataset {escape_markdown(repr(wanted))} here; showing another.")
    name = wanted if wanted in known else next(iter(known), "")
    if name in registered or not name:  # other pages need the dataset itself
        st.session_state[DATA] = name or None
    return name


def _list_tasks(folder: Path, with_masks: bool) -> dict[str, Task]:
    chosen = st.query_params.get(TASK) or st.session_state.get(TASK)
    try:
        tasks = tasks_of(recall_dataset(folder)[0])
        if with_masks and chosen == LUNG_TASK and find_masked(open_folder(folder)).any():
            return {**tasks, LUNG_TASK: TASKS[LUNG_TASK]}
        return tasks
    except (DatasetError, OSError):
        return {}  # a page that reads the dataset says what is wrong


def _find_task(known: list[str], first: str) -> str:
    wanted = st.query_params.get(TASK)
    if wanted is not None and wanted not in TASKS:
        st.warning(f"There is no task {escape_markdown(repr(wanted))}; showing another.")
    wanted = wanted or first or st.session_state.get(TASK)
    name = wanted if wanted in known else next(iter(known), "")
    st.session_state[TASK] = name or None
    return name


def open_results(data: str, task: str = "") -> None:
    """Show the results of the data and task, from the next run on; one step for "Back"."""
    st.query_params.from_dict({DATA: data, TASK: task} if task else {DATA: data})


def _choose_data(known: list[str], name: str, *, in_address: bool) -> None:
    def choose() -> None:
        wanted = st.session_state[DATA_CHOICE]
        open_results(wanted) if in_address else choose_data(wanted)

    # Set at each look: the address decides, and the widget only changes it.
    st.session_state[DATA_CHOICE] = name
    st.selectbox(
        "Dataset",
        known,
        key=DATA_CHOICE,
        help=explain("dataset"),
        label_visibility="collapsed",
        width=200,
        on_change=choose,
    )


def _choose_task(tasks: Mapping[str, Task], name: str, data: str) -> None:
    """Show the tasks; with `data`, the address is to hold that and the task."""

    def choose() -> None:
        wanted = st.session_state[TASK_CHOICE]
        open_results(data, wanted) if data else choose_task(wanted)

    st.session_state[TASK_CHOICE] = name
    st.selectbox(
        "Task",
        list(tasks),
        format_func=lambda name: tasks[name].question,
        key=TASK_CHOICE,
        help=explain("task"),
        label_visibility="collapsed",
        width=345,
        on_change=choose,
    )


def _keep_in_address(key: str, value: str, first: str) -> None:
    # The first one needs no word in the address: each word is one more step for "Back".
    if st.query_params.get(key, first) != value:
        st.query_params[key] = value
