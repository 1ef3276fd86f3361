"""The error ladder: from the images it learned on to those it never saw."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.frame import escape_markdown

HELP = {
    "training": "images that it learned on, as they are",
    "train-dev": "held-out images of the same mixture",
    "validation": "held-out images that chose the epoch",
    "test": "images that nothing was chosen by",
}


def show_ladder(report: dict[str, Any]) -> None:
    """Show the rungs, the steps between them and the verdict; nothing for an older run."""
    ladder = report.get("ladder")
    if not ladder:
        return
    st.subheader("Error ladder", anchor=False)
    steps = {step["to"]: step for step in ladder["steps"]}
    rows = [
        {
            "images": ": ".join(filter(None, (rung["name"], HELP.get(rung["name"])))),
            "n": f"{rung['n']:,}",
            "error": _in_words(rung["error"], "{:.1%}"),
            "step": _step_in_words(steps.get(rung["name"])),
        }
        for rung in ladder["rungs"]
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Error ladder")
    st.markdown(escape_markdown(ladder["verdict"]))
    st.caption("95% intervals by resampling patients; a step whose interval holds 0 may be chance.")


def _in_words(figure: dict[str, float | None], form: str) -> str:
    value, low, high = (
        "–" if figure[key] is None else form.format(figure[key]) for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def _step_in_words(step: dict[str, Any] | None) -> str:
    if step is None:
        return ""
    points = {
        key: None if step[key] is None else 100 * step[key] for key in ("value", "low", "high")
    }
    return f"{step['name']}: {_in_words(points, '{:+.1f}')} points"
