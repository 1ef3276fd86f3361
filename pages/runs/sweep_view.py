"""A sweep or cross-validation: its runs side by side, by setting and by fold."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.frame import escape_markdown, show_errors
from pages.components.recipe_words import metric_name
from xray_core.evaluation.sweeps import FIGURES, SweepSummary, find_sweep, summarise_sweep
from xray_core.figures.sweeps import plot_sweep
from xray_core.runs import Run
from xray_core.workspace import Workspace

TICK = "2s"
N_LINKS = 6  # of sweeps in the list of runs


def show_sweep_links(runs: pd.DataFrame) -> None:
    """Show links to the newest sweeps, if there are any.

    Args:
        runs: as `index.run_table` returns.
    """
    in_sweeps = runs[runs["sweep"] != ""]
    if in_sweeps.empty:
        return
    st.subheader("Sweeps and cross-validations", anchor=False)
    newest = in_sweeps.groupby("sweep", sort=False)  # the table has the newest runs first
    with st.container(horizontal=True):
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
    with show_errors():
        runs = find_sweep(workspace, name)
        recipe = runs[0].read_recipe()
        ended = all(run.read_status().has_ended for run in runs)
    st.subheader(escape_markdown(recipe.title), anchor=False)
    st.caption(escape_markdown(f"{name} · {len(runs)} runs on {recipe.data_folder}"))
    st.fragment(_show, run_every=None if ended else TICK)(workspace, name, ended)


def _show(workspace: Workspace, name: str, ended: bool) -> None:
    with show_errors():
        runs = find_sweep(workspace, name)
        states = tuple((run.name, run.read_status().state) for run in runs)
        summary = _summarise(str(workspace.runs), states)
    if not ended and all(run.read_status().has_ended for run in runs):
        st.rerun()  # once more, with the ticking off
    _show_settings(summary)
    if (summary.runs["state"] == "done").any():
        _show_spread(summary, name)
    for setting, report in summary.pooled.items():
        _show_together(
            f"All folds together: {setting}", report, "Each image evaluated once, in its own fold."
        )
    if summary.averaged:
        _show_together(
            f"{summary.n_networks} networks together",
            summary.averaged,
            "Each image's probabilities are the mean of those of all networks that are done.",
        )
    _show_runs(summary, name)


@st.cache_data(max_entries=32, show_spinner=False)
def _summarise(folder: str, states: tuple[tuple[str, str], ...]) -> SweepSummary:
    """Summarise anew when a run has another state: what is done does not change any more."""
    return summarise_sweep([Run(Path(folder) / name) for name, _ in states])


def _show_settings(summary: SweepSummary) -> None:
    rows = [
        {"setting": escape_markdown(row["setting"]), "done": f"{row['done']} of {row['runs']}"}
        | {metric_name(figure): _format_mean(figure, row) for figure in FIGURES}
        for row in summary.settings.to_dict("records")
    ]
    st.table(
        pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Each setting's mean figures"
    )
    st.caption(
        "Mean ± standard deviation over the runs that are done. It tells how much a run differs "
        "from the next, which is no interval for new patients."
    )


def _format_mean(figure: str, row: dict[str, Any]) -> str:
    mean, deviation = row[figure], row[f"{figure}_sd"]
    if pd.isna(mean):
        return "–"
    if figure == "auc":
        return f"{mean:.3f}" if pd.isna(deviation) else f"{mean:.3f} ± {deviation:.3f}"
    return f"{mean:.1%}" if pd.isna(deviation) else f"{mean:.1%} ± {100 * deviation:.1f}"


def _show_spread(summary: SweepSummary, name: str) -> None:
    figure = st.segmented_control(
        "Figure",
        FIGURES,
        default=FIGURES[0],
        format_func=metric_name,
        key=f"figure_{name}",
        label_visibility="collapsed",
        required=True,
    )
    st.plotly_chart(
        plot_sweep(summary.runs, str(figure)),
        key=f"spread_{name}",
        config={"displaylogo": False},
    )


def _show_together(title: str, report: dict[str, Any], explanation: str) -> None:
    accuracy, area = report["metrics"]["accuracy"], report["metrics"]["auc"]
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(title)}**")
        st.markdown(
            f"Accuracy **{accuracy['value']:.1%}**, 95% interval {accuracy['low']:.1%} to "
            f"{accuracy['high']:.1%}"
            + (f"; AUC {area['value']:.3f}" if area["value"] is not None else "")
            + f". n = {report['n']:,} images of {report['n_patients']:,} patients or groups."
        )
        show_confusion(report["classes"], report["confusion"], explanation)


def _show_runs(summary: SweepSummary, name: str) -> None:
    st.subheader("Its runs", anchor=False)
    table = summary.runs
    event: Any = st.dataframe(
        table.drop(columns=[] if (table["fold"] > 0).any() else ["fold"]),
        hide_index=True,
        key=f"members_{name}",
        on_select="rerun",
        selection_mode="single-cell",
        placeholder="–",
        alt="Runs of the sweep",
        column_config={
            "name": st.column_config.TextColumn("Run", width=240),
            "n": st.column_config.NumberColumn("Images evaluated"),
            "accuracy": st.column_config.NumberColumn("accuracy", format="percent"),
            "balanced_accuracy": st.column_config.NumberColumn(
                "balanced accuracy", format="percent"
            ),
            "auc": st.column_config.NumberColumn("AUC", format="%.3f"),
        },
    )
    st.caption("Click a run to open it.")
    if picked := event.selection.cells:
        st.query_params["run"] = table["name"].iloc[picked[0][0]]
        st.rerun()
