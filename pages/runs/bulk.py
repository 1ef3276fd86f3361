"""What can be done to the ticked runs at once, in the bar at the bottom."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.components.user import find_user
from pages.runs.average import offer_average
from pages.runs.outcome import Undo, carry_out_for_all, format_count
from pages.runs.trash import restore_runs
from xray_core.evaluation.common_images import FEWEST, MOST
from xray_core.jobs import pause_run, queue_view, resume_run, stop_run, unpause_run
from xray_core.runs import Run
from xray_core.runs.notes import Notes, read_notes, write_notes
from xray_core.runs.trash import trash_run
from xray_core.workspace import Workspace

Change = Callable[[Run, Workspace, str], object]


@dataclass(frozen=True)
class Action:
    """One thing that can be done to several runs.

    Attributes:
        label: of its button, before the number of runs.
        icon: of its button.
        states: of the runs that it is for.
        says: what it will do, after "Stop 3 runs: ".
        done: what was done, after "3 runs ".
        change: does it to one run.
        asks: whether it says so once more before it does it.
        paused: of runs that wait: only for those that are paused, or that are not; None: for both.
    """

    label: str
    icon: str
    states: tuple[str, ...]
    says: str
    done: str
    change: Change
    asks: bool = False
    paused: bool | None = None


ACTIONS = (
    Action(
        "Stop",
        "stop_circle",
        ("running",),
        "each stops after its present batch. What it has learned so far is kept, and it can be "
        "resumed.",
        "asked to stop after the present batch",
        stop_run,
        asks=True,
    ),
    Action(
        "Cancel",
        "cancel",
        ("queued",),
        "each leaves the queue. Its folder stays, and it can be resumed.",
        "taken out of the queue",
        stop_run,
        asks=True,
    ),
    Action(
        "Pause",
        "pause",
        ("queued",),
        "each is passed over until somebody lifts the pause.",
        "paused",
        pause_run,
        paused=False,
    ),
    Action(
        "Go on",
        "play_arrow",
        ("queued",),
        "each waits for its turn again.",
        "waiting for their turn again",
        unpause_run,
        paused=True,
    ),
    Action(
        "Resume",
        "resume",
        ("stopped", "failed", "lost"),
        "each goes on from its last checkpoint.",
        "queued again",
        resume_run,
    ),
)


def show_bulk(workspace: Workspace, ticked: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Show a button for each thing that can be done to some of the ticked runs.

    Args:
        workspace: the folders.
        ticked: rows of `index.run_table`.
        runs: the whole table, for the tags that exist already.
    """
    st.markdown(f"**{len(ticked)} ticked**", width="content")
    st.space("stretch")
    paused: set[str] = set()
    if (ticked["state"] == "queued").any():
        queue = queue_view(workspace)
        paused = set(queue.loc[queue["paused"].astype(bool), "run"])
    for action in ACTIONS:
        names = _list_fitting(ticked, action, paused)
        if names:
            _offer(action, [Run(workspace.runs / name) for name in names], workspace)
    done = ticked.loc[ticked["state"] == "done", "name"].tolist()
    if FEWEST <= len(done) <= MOST:
        _offer_comparison(done)
    offer_average(ticked, workspace)
    everything = [Run(workspace.runs / name) for name in ticked["name"]]
    _offer_tags(everything, runs)
    st.button(
        f"Delete {len(everything)}",
        icon=":material/delete:",
        type="tertiary",
        key="bulk_delete",
        on_click=_bin_all,
        args=(everything, workspace),
        help=f"{format_count(len(everything))} to the trash, from which they can be restored until "
        "it is emptied. Runs that wait or are being trained stay.",
    )


def _offer_comparison(names: list[str]) -> None:
    st.page_link(
        "pages/compare.py",
        label=f"Compare {len(names)}",
        icon=":material/compare_arrows:",
        query_params={"runs": ",".join(names)},
        help="Is one really better, on the same images?",
    )


def _list_fitting(ticked: pd.DataFrame, action: Action, paused: set[str]) -> list[str]:
    rows = ticked[ticked["state"].isin(action.states)]
    if action.paused is None:
        return rows["name"].tolist()
    return [name for name in rows["name"] if (name in paused) == action.paused]


def _offer(action: Action, runs: list[Run], workspace: Workspace) -> None:
    label, icon = f"{action.label} {len(runs)}", f":material/{action.icon}:"
    key, count = f"bulk_{action.label}", format_count(len(runs))
    words = f"{action.label} {count}: {action.says}"
    if not action.asks:
        st.button(
            label,
            icon=icon,
            type="tertiary",
            key=key,
            on_click=_do,
            args=(action, runs, workspace),
            help=words,
        )
        return
    panel = st.popover(label, icon=icon, type="tertiary", key=key, on_change="rerun")
    if panel.open:
        with panel:
            st.markdown(words)
            st.button(
                f"Yes, {action.label.lower()} {count}",
                on_click=_do,
                args=(action, runs, workspace),
            )


def _do(action: Action, runs: list[Run], workspace: Workspace) -> None:
    user = find_user()
    carry_out_for_all(action.done, lambda run: action.change(run, workspace, user), runs)
    if action.asks:
        st.session_state[f"bulk_{action.label}"] = False


def _bin_all(runs: list[Run], workspace: Workspace) -> None:
    binned: list[str] = []
    undo = Undo("Restore them", restore_runs, (workspace, binned))
    carry_out_for_all(
        "moved to the trash", lambda run: binned.append(trash_run(run, workspace)), runs, undo
    )


def _offer_tags(runs: list[Run], table: pd.DataFrame) -> None:
    panel = st.popover(
        f"Tag {len(runs)}",
        icon=":material/label:",
        type="tertiary",
        key="bulk_tag",
        on_change="rerun",
    )
    if not panel.open:
        return
    known = sorted({tag for tags in table["tags"] for tag in tags}, key=str.casefold)
    with panel:
        tags = st.multiselect(
            "Tags", known, key="bulk_tags", accept_new_options=True, placeholder="choose or type"
        )
        for label, icon, add in (("Add tags", "new_label", True), ("Take off", "label_off", False)):
            st.button(
                label,
                icon=f":material/{icon}:",
                on_click=_tag_all,
                args=(runs, tags, add),
                disabled=not tags,
            )


def _tag_all(runs: list[Run], tags: list[str], add: bool) -> None:
    def change(run: Run) -> None:
        old = read_notes(run)
        kept = tuple(tag for tag in old.tags if tag not in tags)
        write_notes(run, Notes((*kept, *tags) if add else kept, old.note))

    carry_out_for_all("tagged" if add else "without these tags now", change, runs)
    st.session_state["bulk_tags"] = []
