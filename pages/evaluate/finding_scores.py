"""The figures of each finding of a run: a table, a ROC curve, and which errors go together."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.download import offer_files, write_csv
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown
from pages.components.recipe_words import metric_name
from pages.components.small_type import show_muted, show_section
from pages.evaluate.error_analysis import show_error_analysis
from pages.evaluate.finding_sources import list_published
from pages.evaluate.scores import CLASS_FIGURES, TOO_FEW, figure_of, format_figure
from xray_core.evaluation.finding_rounds import TITLES
from xray_core.evaluation.measured import FEW_PATIENTS
from xray_core.evaluation.multilabel import describe_thresholds
from xray_core.figures.findings import list_together, plot_together
from xray_core.recipes import Recipe
from xray_core.runs import Run

N_PAIRS = 5  # that are named in words
# What goes wrong -> its name in a report, how it is called, and the verb of the hover text.
ERRORS = {
    "Missed": ("missed", "Both findings are there, and neither is called."),
    "False positives": ("alarmed", "Neither finding is there, and both are called."),
}


def name_metric(key: str) -> str:
    """Return what the mean of a figure over the findings is called."""
    name = TITLES.get(key) or metric_name(key)
    return name[0].upper() + name[1:]


def format_share(value: float) -> str:
    """Return a probability in percent, with as many digits as a small one needs."""
    return f"{value:.0%}" if value >= 0.1 else f"{100 * value:.2g}%"


def format_thresholds(report: dict[str, Any]) -> str:
    """Return how the thresholds of a report were chosen, for Markdown."""
    return escape_markdown(describe_thresholds(report))


def show_finding_table(report: dict[str, Any], recipe: Recipe, name: str) -> None:
    """Show every figure of every finding with its interval, and offer them as CSV.

    Args:
        report: of a multi-label task.
        recipe: of the run.
        name: of the file, without ending.
    """
    published = list_published(recipe)
    table = pd.DataFrame([_format_row(row, published) for row in report["per_class"]])
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={"finding": st.column_config.TextColumn("finding", pinned=True, width=130)},
        alt="Threshold, AUC and every other figure of each finding, and its images",
    )
    show_muted(
        "In brackets 95% intervals by patient. "
        f"Images: with the finding, without, and of which it is unknown. {TOO_FEW.capitalize()}: "
        f"fewer than {FEW_PATIENTS} patients have it, or do not."
    )
    offer_files(name, {"csv": lambda: write_csv(pd.DataFrame(list_plain(report)))})


def _format_row(
    row: dict[str, Any], published: Mapping[str, Mapping[str, float]]
) -> dict[str, str]:
    threshold = row["threshold"]
    return {
        "finding": row["class"],
        "AUC": format_figure("auc", row["auc"]),
        **{
            source: f"{values[row['class']]:.3f}" if row["class"] in values else ""
            for source, values in published.items()
        },
        "threshold": "–" if threshold is None else f"{threshold:.3f}",
        **{
            title: format_figure(kind, figure_of(row, kind))
            for kind, title in CLASS_FIGURES.items()
            if kind != "auc"
        },
        "images": f"{row['n']:,} / {row['n_absent']:,} / {row['n_unknown']:,}",
        "note": TOO_FEW if row["too_few"] else "",
    }


def list_plain(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a finding for a file: each figure, low and high in columns of their own."""
    rows = []
    for row in report["per_class"]:
        plain = {"finding": row["class"]}
        plain |= {
            key: row[key] for key in ("n", "n_absent", "n_unknown", "n_patients", "threshold")
        }
        for key in CLASS_FIGURES:
            figure = figure_of(row, key)
            plain |= {key: figure["value"], f"{key}_low": figure["low"]}
            plain |= {f"{key}_high": figure["high"]}
        rows.append(plain)
    return rows


def show_findings_analysis(run: Run, report: dict[str, Any]) -> None:
    """Show the error analysis, and what an error is with several findings."""
    show_error_analysis(run, report)
    if report.get("error_analysis"):
        show_muted("Error: 1 less the balanced accuracy, which is the mean over the findings.")


def show_errors_together(report: dict[str, Any], key: str) -> None:
    """Show which findings are missed, or called though absent, on the same images.

    Args:
        report: of a multi-label task.
        key: unique on the page.
    """
    kind = st.segmented_control(
        "Errors",
        list(ERRORS),
        default=next(iter(ERRORS)),
        required=True,
        key=f"together_{key}",
        label_visibility="collapsed",
    )
    name, explanation = ERRORS[str(kind)]
    pairs = list_together(report["classes"], report["errors_together"][name])
    of_two = pairs[pairs["first"] != pairs["second"]]
    if not of_two["images"].any():
        show_muted("On no image two findings have such an error at once.")
        return
    verb = "missed" if name == "missed" else "called though absent"
    left, right = st.columns([8, 5], gap="medium")
    with left:
        show_figure(
            plot_together(pairs, verb),
            f"{key}-pairs-{name}",
            f"Images on which two findings are {verb}",
            pairs,
        )
    with right:
        show_section("Most often together", explanation)
        st.html(_format_pairs(pairs, of_two))
        show_muted(
            "Beside each finding at the left: on how many images it is wrong, with others or not. "
            "What is often wrong together is often seen together, or looks alike."
        )


def _format_pairs(pairs: pd.DataFrame, of_two: pd.DataFrame) -> str:
    own = pairs[pairs["first"] == pairs["second"]].set_index("first")["images"]
    most = of_two[of_two["images"] > 0].sort_values("images", ascending=False, kind="stable")
    rows = "".join(
        f"<li><b>{escape(row.first)}</b> and <b>{escape(row.second)}</b>: {row.images:,} images "
        f'<span class="muted">of {own[row.first]:,} and {own[row.second]:,}</span></li>'
        for row in most.head(N_PAIRS).itertuples(index=False)
    )
    return f"<ol>{rows}</ol>"
