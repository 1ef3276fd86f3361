"""The error analysis: from the images that a network learned on to those it never saw."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown

HELP = {
    "training": "images that it learned on, as they are",
    "train-dev": "held-out images of the same mixture",
    "validation": "held-out images that chose the epoch",
    "test": "images that nothing was chosen by",
}
WATCHED = "images that were watched as the validation set"


def show_error_analysis(report: dict[str, Any]) -> None:
    """Show the levels, the steps between them and the verdict."""
    analysis = report.get("error_analysis")
    if not analysis:
        st.caption("An earlier version evaluated this run, without an error analysis.")
        return
    steps = {step["to"]: step for step in analysis["steps"]}
    words = HELP | ({"test": WATCHED} if report.get("watched") else {})
    rows = [
        {
            "images": ": ".join(filter(None, (level["name"], words.get(level["name"])))),
            "n": f"{level['n']:,}",
            "error": _format(level["error"], "{:.1%}"),
            "step": _format_step(steps.get(level["name"])),
        }
        for level in analysis["levels"]
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Error analysis")
    st.markdown(escape_markdown(analysis["verdict"]))
    st.caption("95% intervals by resampling patients; a step whose interval holds 0 may be chance.")


def _format(figure: dict[str, float | None], form: str) -> str:
    value, low, high = (
        "–" if figure[key] is None else form.format(figure[key]) for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def _format_step(step: dict[str, Any] | None) -> str:
    if step is None:
        return ""
    points = {
        key: None if step[key] is None else 100 * step[key] for key in ("value", "low", "high")
    }
    return f"{step['name']}: {_format(points, '{:+.1f}')} points"
