"""Is one run better: the sentence, whether the seed alone could explain it, and the doubts."""

from html import escape

import streamlit as st

from pages.components.small_type import format_dot
from xray_core.evaluation.compare import Comparison
from xray_core.evaluation.noise import NoiseFloor
from xray_core.evaluation.verdict import describe_gain, format_verdict
from xray_core.figures.overlay import color_of, letter_of

UNKNOWN = (
    "How far the seed alone moves results of this kind is not known here: a gain may be luck of "
    "the seed. Train one of the recipes with five seeds to know."
)


def show_verdict(comparison: Comparison, figure: str, noise: NoiseFloor | None) -> None:
    """Show the verdict in a sentence, below it what limits it; one element.

    Args:
        comparison: of the runs.
        figure: by which they are compared.
        noise: floor of the best run's recipe, or of the nearest one.
    """
    sentence = format_verdict(comparison, figure, format_letter, noise)
    answers = comparison.answers
    n = (
        f"paired, n = {len(answers.image_ids):,} {comparison.subset} images of "
        f"{answers.n_patients:,} patients or groups"
    )
    notes = [_limit(comparison, figure, noise), *comparison.notes]
    st.html(
        f'<h2 class="verdict">{sentence} <small>{escape(n)}</small></h2>'
        f'<div class="muted">{"<br>".join(map(escape, filter(None, notes)))}</div>'
    )


def format_letter(place: int) -> str:
    """Return the letter of a run behind its dot, as HTML."""
    # The colour is the dot's alone: as text on white it would be too pale.
    return f'<span class="letter">{format_dot(color_of(place))}{letter_of(place)}</span>'


def _limit(comparison: Comparison, figure: str, noise: NoiseFloor | None) -> str:
    words = describe_gain(comparison, figure, letter_of, noise)
    if noise is None and not comparison.elsewhere:
        return f"{words} {UNKNOWN}".strip()
    return words
