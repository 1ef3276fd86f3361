"""Every pair with its tests, as a table that can be downloaded."""

import pandas as pd
import streamlit as st

from pages.components.download import show_table
from pages.components.small_type import show_muted
from xray_core.evaluation.compare import Comparison, PairedTest
from xray_core.figures.overlay import letter_of

EXPLANATION = (
    "p: how often luck alone gives such a difference, patients resampled. McNemar's test asks "
    "about right answers, DeLong's about the AUC. All are corrected for the number of pairs "
    "(Holm)."
)


def show_pairs(comparison: Comparison, figure: str, whole: pd.DataFrame) -> None:
    """Show the tests of each pair, in a table that opens on demand.

    Args:
        comparison: of the runs.
        figure: by which they are compared.
        whole: what the file holds: all figures of all pairs.
    """
    panel = st.expander(
        "Tests of each pair", icon=":material/table:", key="pairs", on_change="rerun"
    )
    if not panel.open:
        return
    rows = []
    for pair in comparison.pairs:
        first, second = letter_of(pair.first), letter_of(pair.second)
        row = {
            "Pair": f"{first} − {second}",
            "Only 1st right": pair.n_only_first,
            "Only 2nd right": pair.n_only_second,
            "p": _format_p(pair.adjusted[figure]),
        }
        if pair.mcnemar:
            row["McNemar"] = _format_test(pair.mcnemar)
        if pair.delong:
            row["DeLong"] = _format_test(pair.delong)
        rows.append(row)
    with panel:
        show_table(pd.DataFrame(rows), "comparison", "Tests of each pair of runs", whole=whole)
        show_muted(" ".join([EXPLANATION, *comparison.cautions]))


def _format_test(test: PairedTest) -> str:
    return _format_p(test.adjusted)


def _format_p(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
