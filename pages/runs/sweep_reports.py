"""What the runs of a sweep come to together: one report over all folds, or of their mean."""

from typing import Any

import streamlit as st

from pages.components.confusion import show_confusion
from pages.components.finding_areas import list_report_areas, show_areas
from pages.components.frame import escape_markdown
from pages.components.small_type import show_muted


def show_together(title: str, report: dict[str, Any], explanation: str) -> None:
    """Show a report over several runs.

    Args:
        title: what they are.
        report: as `SweepSummary.pooled` and `averaged` hold it.
        explanation: how they were put together.
    """
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(title)}**")
        st.markdown(
            f"{_describe_report(report)}. n = {report['n']:,} images of "
            f"{report['n_patients']:,} patients or groups."
        )
        if report.get("multilabel"):
            show_areas(list_report_areas(report), f"together_{title}")
            show_muted(explanation)
        else:
            show_confusion(
                report["classes"], report["confusion"], explanation, key=f"together_{title}"
            )


def _describe_report(report: dict[str, Any]) -> str:
    area = report["metrics"]["auc"]
    if report.get("multilabel"):
        return f"Mean AUC **{_format_area(area)}** over {len(report['classes'])} findings"
    accuracy = report["metrics"]["accuracy"]
    return (
        f"Accuracy **{accuracy['value']:.1%}**, 95% interval {accuracy['low']:.1%} to "
        f"{accuracy['high']:.1%}"
        + (f"; AUC {area['value']:.3f}" if area["value"] is not None else "")
    )


def _format_area(area: dict[str, float | None]) -> str:
    if area["value"] is None:
        return "that cannot be computed"
    if area["low"] is None or area["high"] is None:
        return f"{area['value']:.3f}"
    return f"{area['value']:.3f}** ({area['low']:.3f} to {area['high']:.3f})**"
