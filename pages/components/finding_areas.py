"""The AUC of each finding of a multi-label task as one chart: live, of a report, of a sweep."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.figure import show_figure
from pages.components.small_type import show_muted
from xray_core.evaluation.measured import FEW_PATIENTS
from xray_core.figures.findings import plot_areas


def show_areas(
    areas: pd.DataFrame,
    key: str,
    marks: Mapping[str, Mapping[str, float]] | None = None,
    counted: str = "patients",
    *,
    chosen: str = "",
    on_pick: Callable[[str], None] | None = None,
    title: str = "",
    note: str = "",
    source: str = "",
) -> None:
    """Show the chart, and what a pale dot means where there is one.

    Args:
        areas: as `plot_areas` takes them.
        key: unique on the page.
        marks: what others published, likewise.
        counted: what there are too few of.
        chosen: the finding whose dot has a ring.
        on_pick: called with the finding whose dot was clicked, before the page runs again.
        title: of the section; see `figure.show_figure`.
        note: likewise.
        source: likewise.
    """

    def pass_on() -> None:
        points = st.session_state[key].selection.points
        if on_pick is not None and points and points[0].get("y") in set(areas["finding"]):
            on_pick(str(points[0]["y"]))

    known = areas.dropna(subset="area").sort_values("area", ascending=False)
    words = [
        f"{name} {area:.3f}" for name, area in zip(known["finding"], known["area"], strict=True)
    ]
    show_figure(
        plot_areas(areas, marks or {}, chosen),
        key,
        f"AUC of each finding: {', '.join(words) or 'none can be computed'}",
        areas,
        title=title,
        note=note,
        source=source,
        key=key,
        on_select=pass_on if on_pick else "ignore",
        selection_mode="points",
    )
    if areas["too_few"].any():
        show_muted(f"Pale: fewer than {FEW_PATIENTS} {counted} have it, or do not: too few to say.")


def list_report_areas(report: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the chart from a report on several findings."""
    rows = [
        {
            "finding": row["class"],
            **{
                key: row["auc"][end]
                for key, end in (("area", "value"), ("low", "low"), ("high", "high"))
            },
            "present": row["n"],
            "absent": row["n_absent"],
            "too_few": row["too_few"],
        }
        for row in report["per_class"]
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(("area", "low", "high"), "float64"))
