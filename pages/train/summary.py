"""What is about to be started: its name, time, sets, queue, and all that speaks against it."""

import math

import streamlit as st

from pages.components.recipe_words import (
    format_published,
    list_changes,
    name_landmark,
    unchanged,
)
from pages.components.small_type import format_shares, show_facts, show_section
from pages.components.user import find_user
from pages.train.checked_split import CheckedSplit
from pages.train.cost import show_cost
from pages.train.doubts import show_doubts
from pages.train.finding_counts import show_finding_counts
from pages.train.split_details import title_subset
from xray_core.audit.issue import count_of
from xray_core.catalog import Catalog
from xray_core.errors import JobError, RunError
from xray_core.figures.colors import SUBSETS, color_classes
from xray_core.jobs import JobQueue, read_settings
from xray_core.jobs.measure import Description
from xray_core.jobs.submit import suggest_nickname
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.nicknames import LONGEST_NICKNAME, clean_nickname
from xray_core.splits import format_leaks
from xray_core.workspace import Workspace, find_workspace

NICKNAME, USED = "run_nickname", "run_nickname_used"
N_SAID = 2  # sentences on findings with unknown labels
NOT_COMPARED = "; what else looks the same is not known before an audit"


def show_summary(
    recipe: Recipe, catalog: Catalog, checked: CheckedSplit, description: Description
) -> bool:
    """Show all that is to be known before a start; return whether it may be started."""
    show_section("Before you start")
    with st.container(border=True, gap="small", key="stay-summary"):
        _show_nickname()
        may_start = show_doubts([recipe], catalog)
        show_cost(recipe, checked, description)
        if may_start:
            _show_shares(checked)
        show_facts(_list_facts(recipe, checked))
    return may_start


def forget_nickname() -> None:
    """Have another name drawn at the next look: a run has this one now."""
    st.session_state[USED] = True


def _show_nickname() -> None:
    if not st.session_state.get(NICKNAME) or st.session_state.pop(USED, False):
        st.session_state[NICKNAME] = suggest_nickname(find_workspace())
    st.text_input(
        "Name of the run",
        key=NICKNAME,
        on_change=_clean_nickname,
        persist_state="session",
        help="What the run is called on every page; drawn at random, yours to change. "
        f"At most {LONGEST_NICKNAME} letters.",
    )


def _clean_nickname() -> None:
    # A field with a limit of its own keeps what stood in it before, without a word.
    st.session_state[NICKNAME] = clean_nickname(st.session_state[NICKNAME] or "")


def _show_shares(checked: CheckedSplit) -> None:
    subsets = [
        (title_subset(name, checked.watched), SUBSETS[name], n)
        for name, n in checked.subsets.items()
        if n or not (checked.watched and name == "validation")
    ]
    if checked.findings is not None:
        st.html(format_shares(subsets))
        show_finding_counts(checked.findings)
        return
    total = sum(checked.classes.values())
    colors = color_classes(list(checked.classes))
    shares = [
        (name, colors[name], round(100 * n / total)) for name, n in checked.classes.items() if total
    ]
    st.html(format_shares(subsets) + format_shares(shares, "%"))


def _list_facts(recipe: Recipe, checked: CheckedSplit) -> dict[str, str]:
    changes = list_changes(recipe)
    facts = {"Queue": describe_queue(find_workspace())}
    if not checked.refusal:
        leaks = describe_leaks(checked)
        if checked.watched:
            leaks = f"✕ the test set is watched as validation: the result is too good; {leaks}"
        facts |= {"Leaks": leaks, "To beat": describe_baseline(checked)}
        if checked.provisional:
            facts["Split"] = checked.provisional
        if checked.left_out:
            facts["Left out"] = _describe_left_out(checked)
    if published := format_published(recipe):
        landmark = name_landmark(recipe)
        facts["To compare" if landmark else "Published"] = (
            f"{landmark}: {published}" if landmark else f"{published}; without interval"
        )
    words = unchanged(recipe)
    facts["Changed"] = ", ".join(changes) if changes else f"{words[0].upper()}{words[1:]}."
    facts["Started by"] = find_user() or "no name: type yours at the top right"
    return facts


def _describe_left_out(checked: CheckedSplit) -> str:
    """Return what is not learnt from; of many findings with unknown labels only the first ones."""
    words = checked.left_out
    if checked.findings is None or len(words) <= N_SAID:
        return " ".join(words)
    rest = len(words) - N_SAID
    return " ".join([*words[:N_SAID], f"So it is of {rest:,} more findings: see Unknown above."])


def describe_leaks(checked: CheckedSplit) -> str:
    """Return what the split promises, or how many it has in several subsets."""
    by, _, joined = checked.grouped_by.partition("; ")
    if checked.leaks:
        words = f"✕ {format_leaks(checked.leaks.to_dict())} in several subsets"
        if checked.shared:
            n = checked.subsets[find_last(checked)]
            words += (
                f"; {checked.shared:,} of the {n:,} {find_last(checked)} images are of patients or "
                "studies that also train"
            )
        return words
    loose = ""
    if checked.loose:
        pairs = count_of(checked.loose, "pair of images that look", "pairs of images that look")
        loose = f", but not {pairs} the same"
    if by.startswith("image"):
        return f"! patients are not known: split by {checked.grouped_by}{loose}"
    if " where known" in by:
        return f"! not all patients are known: split by {checked.grouped_by}{loose}"
    together = f"; {joined}{loose}" if joined else loose
    # A clean split compares the images itself.
    compared = NOT_COMPARED if checked.loose is None and checked.method != "clean" else ""
    return f"{'!' if loose else '✓'} no {by} in two subsets{together}{compared}"


def describe_baseline(checked: CheckedSplit) -> str:
    """Return what always giving one answer reaches on the images that are evaluated."""
    total = sum(checked.evaluated.values())
    if checked.findings is not None:
        return "mean AUC 0.5, which guessing reaches"
    if not total:
        return "nothing is evaluated"
    name, n = max(checked.evaluated.items(), key=lambda count: count[1])
    last = find_last(checked)
    return f"{n / total:.0%} right by always answering “{name}” ({last} set, n = {total:,})"


def find_last(checked: CheckedSplit) -> str:
    """Return the subset that is evaluated at the end."""
    return "test" if checked.subsets["test"] else "validation"


def describe_queue(workspace: Workspace) -> str:
    """Return how many runs go before a new one, and how long the one that runs still takes."""
    try:
        jobs, settings = JobQueue(workspace.queue).list_jobs(), read_settings(workspace)
    except JobError as error:
        return str(error)
    started = [job for job in jobs if job.state == "started"]
    waiting = sum(job.state == "queued" and not job.paused for job in jobs)
    if settings.paused:
        return "paused: it waits until somebody lifts the pause"
    before = max(0, len(started) + waiting - (settings.slots or 1) + 1)
    if not before:
        return "free: it starts at once"
    words = f"{before} run{'s' * (before > 1)} before it"
    left = _seconds_left(workspace, started[0].run) if before == 1 and started else None
    return f"{words}, about {math.ceil(left / 60)} min left" if left else words


def _seconds_left(workspace: Workspace, name: str) -> float | None:
    try:
        return Run(workspace.runs / name).read_status().seconds_left
    except RunError:
        return None  # the Runs page says what is wrong with it
