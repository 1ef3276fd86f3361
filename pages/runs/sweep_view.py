"""A sweep or cross-validation: its runs side by side, by setting and by fold."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.compare.read import read_noise
from pages.components.bottom_bar import open_bottom_bar
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import NO_SHARES, metric_name
from pages.components.small_type import show_muted, show_section
from pages.runs.curves_beside import show_overlay
from pages.runs.outcome import format_count, leave_fragment_after_action
from pages.runs.run_actions import show_way_back
from pages.runs.run_table import add_now, list_rows
from pages.runs.sweep_members import show_closed, show_members
from pages.runs.sweep_reports import show_together
from xray_core.audit.issue import count_of
from xray_core.evaluation.noise import FEWEST_SEEDS
from xray_core.evaluation.sweeps import (
    FIGURES,
    UNCHANGED,
    SweepSummary,
    find_sweep,
    summarise_sweep,
)
from xray_core.figures.overlay import N_DRAWN
from xray_core.figures.sweeps import plot_sweep
from xray_core.registry import name_root
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.opening import is_open
from xray_core.workspace import Workspace

TICK = "2s"
N_LINKS = 12  # of sweeps in the list of runs


def show_sweep_links(runs: pd.DataFrame) -> None:
    """Show a popover with links to the newest sweeps; nothing if there are none.

    Args:
        runs: as `index.run_table` returns.
    """
    in_sweeps = runs[runs["sweep"] != ""]
    if in_sweeps.empty:
        return
    panel = st.popover(
        f"Sweeps ({in_sweeps['sweep'].nunique()})",
        icon=":material/workspaces:",
        type="tertiary",
        key="sweep_links",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        newest = in_sweeps.groupby("sweep", sort=False)  # the table has the newest runs first
        for name, members in list(newest)[:N_LINKS]:
            done = int((members["state"] == "done").sum())
            show_sweep_link(str(name), f"{name}: {done} of {len(members)} done")


def show_sweep_link(name: str, label: str) -> None:
    """Show a link to a sweep."""
    st.page_link(
        "pages/runs.py",
        label=escape_markdown(label),
        icon=":material/workspaces:",
        query_params={"sweep": name},
    )


def show_sweep(workspace: Workspace, name: str) -> None:
    """Show a sweep; looks again by itself until all of its runs have ended."""
    with open_bottom_bar():
        show_way_back()
    with show_errors():
        runs = find_sweep(workspace, name)
        recipe = runs[0].read_recipe()
        folder = Path(recipe.data_folder)
        data = name_root(workspace, folder) or folder.name
        ended = all(run.read_status().has_ended for run in runs)
    n = count_of(len(runs), "run")
    st.caption(
        f"**{escape_markdown(recipe.title)}** · {escape_markdown(f'{name} · {n} on {data}')}"
    )
    st.fragment(_show, run_every=None if ended else TICK)(workspace, name, ended)


def _show(workspace: Workspace, name: str, ended: bool) -> None:
    leave_fragment_after_action()
    with show_errors():
        runs = find_sweep(workspace, name)
        states = tuple(
            (run.name, f"{run.read_status().state} {is_open(run, workspace)}") for run in runs
        )
        summary = _summarise(str(workspace.runs), states)
        table = run_table(workspace)
        members = add_now(table[table["sweep"] == name], workspace)
    if not ended and all(run.read_status().has_ended for run in runs):
        st.rerun()  # once more, with the ticking off
    members = members.merge(summary.runs[["name", "setting", "member"]], on="name")
    members = members.sort_values("name", kind="stable")
    st.markdown(_describe_best(members))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        _show_settings(summary)
        _show_noise(summary, workspace)
        if (summary.runs["state"] == "done").any():
            _show_spread(summary, name)
    with right, st.container(key="stay_sweep"):
        drawn = members.head(N_DRAWN)
        more = f"; the first {N_DRAWN} of {len(members)}" if len(members) > N_DRAWN else ""
        show_section("On the validation set", f"ringed: the selected epoch{more}")
        rows = list_rows(drawn)
        show_overlay(rows, [_call_member(row) for row in rows])
    for setting, report in summary.pooled.items():
        show_together(
            f"All folds together: {setting}", report, "Each image evaluated once, in its own fold."
        )
    if summary.averaged:
        show_together(
            f"{summary.n_networks} networks together",
            summary.averaged,
            "Each image's probabilities are the mean of those of all networks that are done.",
        )
    if summary.closed:
        show_closed(workspace, summary.closed)
    show_members(members, name)


def _call_member(row: Any) -> str:
    if row.member == row.name:
        return str(row.setting)
    return row.member if row.setting == UNCHANGED else f"{row.setting}, {row.member}"


def _describe_best(members: pd.DataFrame) -> str:
    """Return which setting is ahead on the validation set, on which one chooses; for Markdown."""
    values = members["curve"].map(lambda curve: curve.selected_score).astype("float64")
    # What has diverged may have been ahead before it did.
    fit = members.assign(value=values)[~members["diverged"].astype(bool) & values.notna()]
    n_diverged = int(members["diverged"].sum())
    note = f" {format_count(n_diverged)} diverged and count for nothing." if n_diverged else ""
    if n_diverged == 1:
        note = " 1 run diverged and counts for nothing."
    if fit.empty:
        return f"No run has finished an epoch yet.{note}"
    means = fit.groupby("setting", sort=False)["value"].agg(["mean", "size"])
    best = means.sort_values("mean", ascending=False, kind="stable").iloc[0]
    n = int(best["size"])
    first = fit["curve"].iloc[0]  # all runs of a sweep have one task
    name, value = "accuracy", f"{best['mean']:.1%}"
    if first.area or first.dice:
        name, value = "Dice" if first.dice else "mean AUC", f"{best['mean']:.3f}"
    if members["setting"].nunique() == 1:  # seeds or folds: none of them is to be chosen
        mean = f", mean of {n} runs" if n > 1 else ""
        return f"Validation {name} so far: **{value}**{mean}.{note}"
    return (
        f"Highest validation {name} so far: **{escape_markdown(str(best.name))}**, "
        f"{value}{f', mean of {n} runs' if n > 1 else ''}.{note}"
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _summarise(folder: str, states: tuple[tuple[str, str], ...]) -> SweepSummary:
    """Summarise anew when a run has another state, or its test set is opened."""
    return summarise_sweep([Run(Path(folder) / name) for name, _ in states])


def _list_figures(summary: SweepSummary) -> list[str]:
    """Return the figures that the runs have; those of several findings have no accuracy."""
    done = [name for name in FIGURES if summary.settings[name].notna().any()]
    return done or list(FIGURES)


def _show_settings(summary: SweepSummary) -> None:
    figures = _list_figures(summary)
    rows = [
        {"setting": escape_markdown(row["setting"]), "done": f"{row['done']} of {row['runs']}"}
        | {metric_name(figure): _format_mean(figure, row) for figure in figures}
        for row in summary.settings.to_dict("records")
    ]
    st.table(
        pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Each setting's mean figures"
    )
    st.caption(
        "On the validation set: mean ± standard deviation over the runs that are done. It tells "
        "how much a run differs from the next, which is no interval for new patients."
    )


def _show_noise(summary: SweepSummary, workspace: Workspace) -> None:
    """Say what the noise floor of the first setting is, where its seeds are there."""
    done = summary.runs[summary.runs["state"] == "done"]
    if done["seed"].nunique() < 2:  # a sweep over something else
        return
    with show_errors():
        noise = read_noise(Run(workspace.runs / done["name"].iloc[0]), workspace)
    if noise is None or noise.other_settings:
        show_muted(
            f"The noise floor is known from {FEWEST_SEEDS} seeds of one recipe on that are done."
        )
        return
    floors = [
        f"{metric_name(name)} {_format_floor(name, noise.spreads[name].floor)}"
        for name in FIGURES
        if name in noise.spreads
    ]
    show_muted(
        f"Noise floor: two runs that differ in the seed alone are up to this far apart in 95 of "
        f"100 cases: {', '.join(floors)} ({len(noise.seeds)} seeds, on the validation set)."
    )


def _format_floor(figure: str, floor: float) -> str:
    return f"{floor:.3f}" if figure in NO_SHARES else f"{100 * floor:.1f} points"


def _format_mean(figure: str, row: dict[str, Any]) -> str:
    mean, deviation = row[figure], row[f"{figure}_sd"]
    if pd.isna(mean):
        return "–"
    if figure in NO_SHARES:
        return f"{mean:.3f}" if pd.isna(deviation) else f"{mean:.3f} ± {deviation:.3f}"
    return f"{mean:.1%}" if pd.isna(deviation) else f"{mean:.1%} ± {100 * deviation:.1f}"


def _show_spread(summary: SweepSummary, name: str) -> None:
    figures = _list_figures(summary)
    figure = st.segmented_control(
        "Figure",
        figures,
        default=figures[0],
        format_func=metric_name,
        key=f"figure_{name}",
        label_visibility="collapsed",
        required=True,
    )
    show_figure(
        plot_sweep(summary.runs, str(figure)),
        f"{name}-{figure}",
        f"{metric_name(str(figure))} of each run, by setting",
        source=f"{metric_name(str(figure))} of each run, by setting · {name}",
        config={"displaylogo": False},
    )
