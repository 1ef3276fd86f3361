"""Two datasets of the workspace become one: by which task, with which classes, under which name."""

import re

import pandas as pd
import streamlit as st

from pages.components.class_mapping import map_classes
from pages.components.context import choose_data
from pages.components.dataset import open_folder
from pages.components.frame import escape_markdown, format_message, show_errors
from pages.home.add_dataset import ADDING, CHOSEN
from pages.home.map_columns import is_mapping
from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.datasets.union import create_union
from xray_core.errors import DatasetError, XrayError
from xray_core.registry import list_datasets
from xray_core.tasks import TASKS, tasks_of
from xray_core.tasks.joined_counts import (
    count_joined,
    count_known,
    count_losing,
    describe_losing,
    warn_of_sources,
)
from xray_core.tasks.joining import Pair, is_thesis_pair, join_datasets
from xray_core.tasks.joining_pairs import list_pairs
from xray_core.tasks.matching import count_given
from xray_core.workspace import Workspace, find_workspace

JOINING = "joining"  # whether the dialog is open
THESIS = "As in the thesis: opacity or not, and typical of COVID-19 or not"
LEAST = 2  # datasets


def show_joining() -> None:
    """Show the button under which two datasets are joined, and its dialog."""
    with show_errors():
        n_known = len(list_datasets(find_workspace()))
    if n_known < LEAST:
        return
    if st.button("Join two datasets", icon=":material/join:", key="join_datasets"):
        st.session_state[JOINING] = True
    if st.session_state.get(ADDING) or is_mapping():
        _forget()  # two dialogs cannot be open
    if st.session_state.get(JOINING):
        _show_dialog()


def _forget() -> None:
    st.session_state.pop(JOINING, None)


@st.dialog("Join two datasets", width="medium", on_dismiss=_forget)
def _show_dialog() -> None:
    workspace = find_workspace()
    with show_errors():
        known = list_datasets(workspace)
    left, right = st.columns(2, gap="small")
    with left:
        first = st.selectbox("First dataset", list(known), key="join_first")
    with right:
        second = st.selectbox(
            "Second dataset", [name for name in known if name != first], key="join_second"
        )
    try:
        catalogs = open_folder(known[first]), open_folder(known[second])
        pairs = list_pairs(*catalogs)
    except (XrayError, OSError) as error:
        st.error(format_message(error), icon=":material/error:")
        return
    if not pairs:
        st.info("The two have no tasks that ask for the same number of classes.")
        return
    choices: list[Pair | None] = [pair for pair in pairs if pair.match.fits] or list(pairs)
    if is_thesis_pair(*catalogs):
        choices.insert(0, None)
    place = st.selectbox(
        "Common task",
        range(len(choices)),
        format_func=lambda place: _name_pair(choices[place]),
        key=f"join_task_{first}_{second}",
    )
    pair = choices[place]
    counts = _show_thesis(catalogs) if pair is None else None
    if pair is not None:
        pair = _show_mapping(catalogs, pair, f"join_{first}_{second}_{place}")
        counts = count_joined(*catalogs, pair) if pair.match.fits else None
    with st.container(horizontal=True, vertical_alignment="bottom", key="join_actions"):
        name = st.text_input("Name", f"{first}-{second}"[:80], key=f"join_name_{first}_{second}")
        start = st.button(
            "Join",
            type="primary",
            icon=":material/join:",
            disabled=counts is None,
            key="join_start",
        )
    if start:
        _join(workspace, catalogs, pair, name)


def _name_pair(pair: Pair | None) -> str:
    if pair is None:
        return THESIS
    ours, theirs = TASKS[pair.task].question, TASKS[pair.match.task].question
    return ours if ours == theirs else f"{ours} / {theirs}"


def _show_mapping(catalogs: tuple[Catalog, Catalog], pair: Pair, key: str) -> Pair:
    """Show what each class of the second dataset counts as; return the pair as it is changed."""
    asked = escape_markdown(", ".join(pair.match.wanted))
    if pair.match.fits:
        what = "findings, several an image," if pair.match.multilabel else "classes"
        st.caption(f"The {what} are those of the first: {asked}. Of the second, these count as:")
    else:
        least = "one" if pair.match.multilabel else "two"
        st.warning(
            f"By the names of their classes the two have no task in common. The first tells apart: "
            f"{asked}. Say yourself which classes of the second mean the same, {least} at least.",
            icon=":material/warning:",
        )
    match = map_classes(pair.match, count_given(catalogs[1], pair.match.task), key)
    changed = Pair(pair.task, match)
    if match.fits:
        _show_counts(count_joined(*catalogs, changed), count_known(*catalogs, changed))
        if lost := describe_losing(count_losing(*catalogs, changed)):
            st.warning(escape_markdown(lost), icon=":material/warning:")
    return changed


def _show_counts(counts: pd.DataFrame, known: pd.DataFrame | None = None) -> None:
    titles = {name: READERS[name].title if name in READERS else name for name in counts.columns}
    shown = counts.rename(columns=titles)
    shown.index = pd.Index([escape_markdown(str(name)) for name in shown.index], name="class")
    shown.columns = [escape_markdown(str(name)) for name in shown.columns]
    st.table(shown.map(lambda n: f"{n:,}"), border="horizontal", alt="Images by class and dataset")
    if warning := warn_of_sources(
        counts.rename(columns=titles), None if known is None else known.rename(columns=titles)
    ):
        st.warning(escape_markdown(warning), icon=":material/warning:")


def _show_thesis(catalogs: tuple[Catalog, Catalog]) -> pd.DataFrame:
    """Show how many images each dataset brings to the union of the thesis."""
    first = tasks_of("siim_radiography")["union_opacity"]
    of_finding = {f: name for name, group in first.classes.items() for f in group}
    counts = pd.DataFrame(
        {
            catalog.source: catalog.present["findings"].map(of_finding).value_counts()
            for catalog in catalogs
        }
    )
    counts = counts.reindex(list(first.classes)).fillna(0).astype("int64")
    st.caption(
        "Its recipes, and a split that holds out images of SIIM alone, come with it. For the "
        "first of its tasks:"
    )
    _show_counts(counts)
    return counts


def _join(
    workspace: Workspace, catalogs: tuple[Catalog, Catalog], pair: Pair | None, name: str
) -> None:
    clean = re.sub(r"[^\w .-]+", "-", name).strip(" .")
    try:
        if not clean:
            raise DatasetError("The union needs a name. Type one.")
        folder = workspace.data / clean
        if folder.exists():
            raise DatasetError(f"There is a dataset {clean!r} already. Type another name.")
        if pair is None:
            create_union(folder, [catalog.root for catalog in catalogs])
        else:
            join_datasets(folder, *catalogs, pair)
    except (XrayError, OSError) as error:
        st.error(format_message(error), icon=":material/error:")
        return
    choose_data(clean)
    st.session_state[CHOSEN] = True
    _forget()
    st.rerun()
