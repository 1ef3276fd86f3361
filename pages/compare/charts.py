"""Curves of the runs over each other, and their paired differences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.compare.pairs import show_pairs
from pages.components.figure import show_figure
from pages.components.small_type import show_muted
from xray_core.evaluation.compare import Comparison
from xray_core.evaluation.findings import UNKNOWN_STATE
from xray_core.evaluation.metrics import evaluated_classes
from xray_core.evaluation.noise import NoiseFloor
from xray_core.evaluation.verdict import find_floor
from xray_core.figures.compare import plot_differences, plot_rocs, plot_scores
from xray_core.figures.overlay import Line, letter_of
from xray_core.runs import Run
from xray_core.runs.curves import read_curve

CLASS_CHOICE = "compare_class"
HEIGHT = 300  # px
MOST_PAIRED = 3  # runs all pairs of which are drawn; of more those with the best run


def show_charts(comparison: Comparison, runs: Sequence[Run], calls: Sequence[str]) -> None:
    """Show the validation curves beside the ROC curves.

    Args:
        comparison: of the runs.
        runs: in the order of their letters.
        calls: what each is called.
    """
    left, right = st.columns(2, gap="small")
    with left:
        _show_scores(comparison, runs, calls)
    with right:
        _show_rocs(comparison, calls)


def _show_scores(comparison: Comparison, runs: Sequence[Run], calls: Sequence[str]) -> None:
    lines = [Line(read_curve(run), call) for run, call in zip(runs, calls, strict=True)]
    kind = "mean AUC" if comparison.answers.multilabel else "accuracy"
    if not any(line.curve.epochs for line in lines):
        show_muted("None of these runs was trained here: there are no curves.")
        return
    without = [letter_of(n) for n, line in enumerate(lines) if not line.curve.epochs]
    note = f"{', '.join(without)} not trained here" if without else ""
    show_figure(
        plot_scores(lines, HEIGHT),
        "compared-validation-curves",
        f"Validation {kind} over the epochs of {', '.join(calls)}",
        title=f"Validation {kind}",
        note=note,
        source=", ".join(calls),
    )


def _show_rocs(comparison: Comparison, calls: Sequence[str]) -> None:
    answers = comparison.answers
    places = _list_drawable(comparison)
    if not places:
        show_muted("No class has images with it and without it here: there are no ROC curves.")
        return
    place = places[0]
    if len(places) > 1:
        place = st.selectbox(
            "Class",
            places,
            key=CLASS_CHOICE,
            bind="query-params",
            format_func=lambda k: answers.classes[k],
            label_visibility="collapsed",
        )
    known = answers.states[:, place] != UNKNOWN_STATE
    name = answers.classes[place]
    show_figure(
        plot_rocs(
            answers.states[known, place] == 1, answers.probabilities[:, known, place], calls, HEIGHT
        ),
        f"compared-{comparison.subset}-{name}-roc",
        f"Recall of {name} against false positive rate of {', '.join(calls)}",
        title="ROC",
        note=f"{name}, n = {int(known.sum()):,}",
        source=f"{comparison.subset} set · {', '.join(calls)}",
    )


def _list_drawable(comparison: Comparison) -> list[int]:
    """Return the places of the classes that some images have and others do not."""
    answers = comparison.answers
    several = answers.multilabel
    places = range(len(answers.classes)) if several else evaluated_classes(len(answers.classes))
    return [place for place in places if np.isin([0, 1], answers.states[:, place]).all()]


def show_differences(comparison: Comparison, figure: str, noise: NoiseFloor | None) -> None:
    """Show by how much the runs of each pair differ, and all their tests below.

    Args:
        comparison: of the runs.
        figure: by which they are compared.
        noise: floor of the best run's recipe, or of the nearest one.
    """
    floor = find_floor(comparison, figure, noise)
    pairs = comparison.pairs
    best = comparison.find_best(figure)
    if len(comparison.names) > MOST_PAIRED and best is not None:
        pairs = [pair for pair in pairs if best in (pair.first, pair.second)]
    words = "First less second. Filled: beyond luck, whatever the number of pairs."
    if floor is not None:
        words += " Grey: the noise floor."
    show_figure(
        plot_differences(comparison, figure, floor, pairs),
        f"compared-{comparison.subset}-{figure}-differences",
        "The difference of each pair of runs with its 95% interval",
        table_of(comparison),
        title="Paired differences",
        note=f"of {letter_of(best)}, the best, 95% interval"
        if best is not None and len(pairs) < len(comparison.pairs)
        else "95% interval",
        source=f"{comparison.subset} set, n = {len(comparison.answers.states):,} images · "
        f"{', '.join(comparison.names)}",
    )
    if len(pairs) < len(comparison.pairs):
        words += f" All {len(comparison.pairs)} pairs stand in the table below."
    show_muted(words)
    show_pairs(comparison, figure, table_of(comparison))


def table_of(comparison: Comparison) -> pd.DataFrame:
    """Return all pairs and figures as a table: a row for each pair and figure."""
    rows = []
    for pair in comparison.pairs:
        for name, difference in pair.differences.items():
            tests = {
                f"{kind}_p{end}": getattr(test, field) if test else None
                for kind, test in (("mcnemar", pair.mcnemar), ("delong", pair.delong))
                for end, field in (("", "p"), ("_holm", "adjusted"))
            }
            rows.append(
                {
                    "first": comparison.names[pair.first],
                    "second": comparison.names[pair.second],
                    "subset": comparison.subset,
                    "n": len(comparison.answers.image_ids),
                    "patients": comparison.answers.n_patients,
                    "figure": name,
                    "first_value": comparison.figures[name][pair.first]["value"],
                    "second_value": comparison.figures[name][pair.second]["value"],
                    "difference": difference.value,
                    "low": difference.low,
                    "high": difference.high,
                    "p": difference.p,
                    "p_holm": pair.adjusted[name],
                    "only_first_right": pair.n_only_first,
                    "only_second_right": pair.n_only_second,
                    **tests,
                }
            )
    return pd.DataFrame(rows)
