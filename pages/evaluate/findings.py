"""A run on several findings: all of them at a glance, and one with its errors and their images."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.confusion import Cell, show_confusion
from pages.components.figure import name_source
from pages.components.finding_areas import list_report_areas, show_areas
from pages.components.small_type import show_facts, show_muted
from pages.evaluate.cell_address import CELL, IMAGE, CellWords, open_cell
from pages.evaluate.cell_images import show_cell_images
from pages.evaluate.finding_scores import format_share, name_metric
from pages.evaluate.finding_sources import format_sources, list_published
from pages.evaluate.matrix import format_ends
from pages.evaluate.scores import (
    CLASS_FIGURES,
    figure_of,
    format_baselines,
    format_figure,
)
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.splits import SUBSETS
from xray_core.tasks import STATE

FINDING = "finding"  # in the address
CHOICE, MOVED = "finding_choice", "finding_moved"  # in the session
PER_PAGE = 9  # images beside the matrix
N_MEANS = 4  # means over the findings that are to be seen first; the others are folded
WITHOUT, WITH = 0, 1  # places of the two classes of a finding
# Places of what is true and what is predicted -> what that is called.
KINDS = {
    (WITHOUT, WITHOUT): "True negatives",
    (WITHOUT, WITH): "False positives",
    (WITH, WITHOUT): "Missed (false negatives)",
    (WITH, WITH): "True positives",
}


@st.fragment(key="findings")
def show_findings(
    run: Run, recipe: Recipe, report: dict[str, Any], predictions: pd.DataFrame
) -> None:
    """Show the AUC of every finding, and of the chosen one its answers with their images.

    Args:
        run: evaluated, on a multi-label task.
        recipe: its own.
        report: likewise.
        predictions: as `matrix.read_evaluated` returns them.
    """
    if st.session_state.pop(MOVED, False):
        st.rerun()  # the tabs below show the finding, too
    left, right = st.columns([5, 8], gap="medium")
    with left:
        chosen = find_chosen(report)["class"]
        note = "with 95% intervals; guessing reaches 0.5. Click a dot to see its answers"
        show_areas(
            list_report_areas(report),
            f"areas_{run.name}_{chosen}",  # another one forgets which dot was clicked
            list_published(recipe),
            chosen=chosen,
            on_pick=_open_finding,
            title="AUC of each finding",
            note=note,
            source=name_source(run, report),
        )
        means = {
            name_metric(key): format_figure(key, figure)
            for key, figure in report["metrics"].items()
        }
        first = dict(list(means.items())[:N_MEANS])
        rest = {name: value for name, value in means.items() if name not in first}
        show_facts(first, rest | format_baselines(report))
        for words in format_sources(recipe):
            show_muted(words)
    with right:
        row = _choose_finding(report)
        matrix, images = st.columns([5, 6], gap="small")
        rows = list_answers(predictions, row)
        picked = _read_cell(row["counts"])
        with matrix:
            _show_answers(run, report, row, picked)
        with images:
            _show_images(run, rows, recipe, row, picked)


def find_chosen(report: dict[str, Any]) -> dict[str, Any]:
    """Return the row of the finding in the address; else of the one that most images have."""
    rows: list[dict[str, Any]] = report["per_class"]
    wanted = st.query_params.get(FINDING, "")
    chosen = [row for row in rows if row["class"] == wanted]
    return chosen[0] if chosen else max(rows, key=lambda row: row["n"])


def _choose_finding(report: dict[str, Any]) -> dict[str, Any]:
    row = find_chosen(report)
    st.session_state[CHOICE] = row["class"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.selectbox(
            "Finding",
            report["classes"],
            key=CHOICE,
            on_change=lambda: _open_finding(st.session_state[CHOICE]),
            label_visibility="collapsed",
            width=230,
        )
        show_muted(_describe(row, report))
    return row


def _open_finding(name: str) -> None:
    for key in (CELL, IMAGE):
        st.query_params.pop(key, None)
    st.query_params[FINDING] = name
    st.session_state[MOVED] = True


def _describe(row: dict[str, Any], report: dict[str, Any]) -> str:
    """Return on how many images the chosen finding rests, and from where on it is called."""
    words = f"{row['n']:,} images have it, {row['n_absent']:,} do not"
    if row["n_unknown"]:
        words += f", of {row['n_unknown']:,} it is unknown"
    if row["too_few"]:
        words += f". Too few to say: {row['n_patients']:,} patients have it"
        if (without := row.get("n_patients_absent")) is not None:  # older reports do not say
            words += f", {without:,} do not"
    if row["threshold"] is None:
        return f"{words}."
    words += f". Called from a probability of {format_share(row['threshold'])} on"
    thresholds = report.get("thresholds") or {}
    chosen_on = thresholds.get("chosen_on", "validation")
    if row["class"] in thresholds.get("fallback", ()):
        return f"{words}, as the {chosen_on} set cannot tell of a better threshold."
    here = ", which is evaluated here: too good" if report.get("chosen_here") else ""
    of = " of the run" if report["subset"] not in SUBSETS else ""  # another dataset
    return f"{words}, the best threshold on the {chosen_on} set{of}{here}."


def list_answers(predictions: pd.DataFrame, row: dict[str, Any]) -> pd.DataFrame:
    """Return what was answered on a finding, of the images of which its state is known.

    Returns:
        image_id, actual and predicted (`WITHOUT` or `WITH`), probability of the finding, and
        confidence: how far beyond the threshold the answer is; only its order counts.
    """
    name = row["class"]
    known = predictions[predictions[STATE + name].notna()]
    probability = known[PROBABILITY + name].to_numpy("float64")
    called = probability >= (DEFAULT_THRESHOLD if row["threshold"] is None else row["threshold"])
    return pd.DataFrame(
        {
            "image_id": known["image_id"].to_numpy(),
            "actual": known[STATE + name].to_numpy("int64"),
            "predicted": called.astype("int64"),
            "probability": probability,
            "confidence": pd.Series(probability).where(called, 1 - probability).to_numpy(),
        }
    )


def _read_cell(counts: list[int]) -> Cell:
    """Return the cell in the address; else the more frequent mistake, or what is right."""
    first, _, second = st.query_params.get(CELL, "").partition("-")
    if first in ("0", "1") and second in ("0", "1"):
        return int(first), int(second)
    _, wrong_yes, wrong_no, _ = counts
    if not wrong_yes and not wrong_no:
        return WITH, WITH
    return (WITH, WITHOUT) if wrong_no >= wrong_yes else (WITHOUT, WITH)


def _show_answers(run: Run, report: dict[str, Any], row: dict[str, Any], picked: Cell) -> None:
    name = row["class"]
    right_no, wrong_yes, wrong_no, right_yes = row["counts"]
    specificity = figure_of(row, "specificity")
    show_confusion(
        [f"no {name}", name],
        [[right_no, wrong_yes], [wrong_no, right_yes]],
        f"n = {row['n'] + row['n_absent']:,} images of the {report['subset']} set. Click a cell to "
        "see its images.",
        key=f"matrix_{run.name}_{name}",
        picked=picked,
        on_pick=open_cell,
        recalls=[format_ends(specificity), format_ends(row["recall"])],
    )
    show_facts(
        {
            "AUC": format_figure("auc", row["auc"]),
            "Recall (sensitivity)": format_figure("recall", row["recall"]),
            "Specificity": format_figure("specificity", specificity),
            "Precision (PPV)": format_figure("precision", figure_of(row, "precision")),
        },
        {
            title[0].upper() + title[1:]: format_figure(kind, figure_of(row, kind))
            for kind, title in CLASS_FIGURES.items()
            if kind not in ("auc", "recall", "specificity", "precision")
        },
    )


def _show_images(
    run: Run, rows: pd.DataFrame, recipe: Recipe, row: dict[str, Any], picked: Cell
) -> None:
    name = row["class"]
    shown = rows[(rows["actual"] == picked[0]) & (rows["predicted"] == picked[1])]
    names = [f"no {name}", name]
    words = CellWords(
        title=KINDS[picked],
        caption=f"Below each image: the probability of {name}.",
        answer=f"probability of {name}",
        actual=names[picked[0]],
        predicted=names[picked[1]],
        target=name,
    )
    key = f"{name}_{picked[0]}_{picked[1]}"
    show_cell_images(run, shown, recipe, words, key=key, per_page=PER_PAGE)
