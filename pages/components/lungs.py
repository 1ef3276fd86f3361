"""Lung masks of a dataset that has none: the button that has a finished run draw them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_muted
from pages.components.watched_process import watch_process
from xray_core.audit.issue import count_of
from xray_core.errors import DatasetError
from xray_core.jobs.background import BackgroundState, forget_background, start_background
from xray_core.preprocess.lung_masks import About, read_predicted_lungs
from xray_core.runs.index import run_table
from xray_core.workspace import find_workspace

CHOICE = "lungs_run"


def offer_lungs(root: Path) -> None:
    """Show what is known of the lungs of a dataset without masks, and the button that draws them.

    Args:
        root: the dataset's folder.
    """
    workspace = find_workspace()
    try:
        held = read_predicted_lungs(root, workspace.cache)
    except DatasetError as error:
        st.warning(escape_markdown(str(error)), icon=":material/warning:")
        held = None
    if held is not None:
        show_muted(describe_lungs(held.about))
    with show_errors():
        runs = run_table(workspace)
    done = runs[(runs["state"] == "done") & runs["masks"]]
    if done.empty:
        show_muted(
            "No run here draws lungs yet: train the recipe “Small U-Net: where the lungs are” on a "
            "dataset with lung masks, such as the synthetic images."
        )
        return
    names = dict(
        zip(done["name"], done["nickname"].where(done["nickname"] != "", done["name"]), strict=True)
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = str(
            st.selectbox(
                "Drawn by",
                list(names),
                format_func=lambda name: str(names.get(name, name)),
                key=CHOICE,
                label_visibility="collapsed",
                width=220,
            )
        )
        _show_process(root, chosen, "Draw the lungs again" if held else "Draw the lungs")


def describe_lungs(about: About) -> str:
    """Return by which run the lungs of a dataset were drawn, and how many masks are implausible."""
    n = about["n"] - about["n_without"]
    share = f" ({about['n_implausible'] / n:.0%})" if n else ""
    words = (
        f"Lungs drawn by {about['nickname']} on {n:,} of {count_of(about['n'], 'image')}; "
        f"{about['n_implausible']:,} masks{share} are implausible."
    )
    dice = about.get("dice")
    if dice and dice.get("value") is not None:
        words += f" On the {dice['subset']} images of its own dataset its Dice is "
        words += f"{dice['value']:.3f}, n = {dice['n']:,}; on others it may be far worse."
    return words


def _show_process(root: Path, run: str, label: str) -> None:
    workspace, name = find_workspace(), name_process(root)
    stopped = "Stopped; earlier masks are still there, if there were any."
    state = watch_process(name, _words, stopped)
    if state.state == "running":
        return
    if state.state == "done":  # what it said stands above by now
        forget_background(workspace, name)
    st.button(label, icon=":material/pulmonology:", on_click=_start, args=(name, run, str(root)))


def name_process(root: Path) -> str:
    """Return the name of the process that draws the lungs of a dataset; one at a time."""
    return f"lungs-{sha256(str(root.resolve()).encode()).hexdigest()[:20]}"


def _start(name: str, run: str, root: str) -> None:
    workspace: Any = find_workspace()
    with show_errors():
        forget_background(workspace, name)
        start_background(workspace, name, ["lungs", run, "--data", root])


def _words(state: BackgroundState) -> str:
    return f"{state.done:,} of {state.total:,} images" if state.total else "Beginning …"
