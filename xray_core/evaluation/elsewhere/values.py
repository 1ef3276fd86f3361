"""Probabilities of a stranger, checked: numbers from 0 to 1, of one class an image summing to 1."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.tables.cells import parse_number

ROUNDING = 1e-6  # by which a number of single precision may leave [0, 1]
SUM_TOLERANCE = 1e-3  # by which a row may miss 1 before that is said
SHOWN = 3  # examples in a message
DECIMAL_COMMA = re.compile(r"[-+]?0?,\d+|[-+]?\d+,\d{1,2}|[-+]?\d+,\d{4,}", re.ASCII)

Floats = NDArray[np.float64]


def read_numbers(cells: pd.Series) -> tuple[Floats, bool]:
    """Return a column's numbers, NaN where a cell is empty, and whether they are percentages.

    An infinite one stays, as it is no probability, and no cell without a prediction either.

    Args:
        cells: text; with a decimal comma or point, maybe with "%" behind.

    Raises:
        RunError: a cell is no number.
    """
    texts = cells.str.strip()
    marked = texts.str.endswith("%").fillna(False)
    bare = texts.str.rstrip("% ")
    numbers = pd.to_numeric(bare, errors="coerce").astype("float64")
    odd = bare[numbers.isna() & bare.notna()]
    if len(odd):
        comma = bool(odd.map(lambda text: bool(DECIMAL_COMMA.fullmatch(text))).any())
        parsed = odd.map(lambda text: parse_number(text, comma)).astype("float64")
        if (wrong := odd[parsed.isna()]).size:
            raise RunError(
                f"{count_of(len(wrong), 'cell')} of the column {cells.name!r} "
                f"{'is no number' if len(wrong) == 1 else 'are no numbers'}: "
                f"{_list(wrong)}. Correct them, or leave the cell empty where there is no "
                "prediction."
            )
        numbers = numbers.fillna(parsed)
    known = bare.notna()
    values: Floats = np.asarray(numbers, dtype="float64")
    return values, bool(known.any() and marked[known].all())


def check_probabilities(
    values: Floats,
    names: Sequence[str],
    *,
    percent: bool = False,
    one_class: bool = True,
    given: Sequence[int] | None = None,
) -> tuple[Floats, list[str]]:
    """Return probabilities, and sentences on what was changed.

    Args:
        values: shape (n, n_classes); a row with a NaN has no prediction.
        names: of the rows, for messages.
        percent: whether they were marked as percentages.
        one_class: whether an image has one class, so that a row sums to 1.
        given: places of the classes whose values stand in the file, the only ones that a message
            quotes; None: all of them.

    Raises:
        RunError: values outside of 0 to 1 that are no percentages.
    """
    known = np.asarray(~np.isnan(values).any(axis=1))
    remarks: list[str] = []
    if percent or _look_like_percent(values[known], one_class=one_class):
        values = values / 100
        remarks.append("The values are percentages: each was divided by 100.")
    with np.errstate(invalid="ignore"):
        outside = ((values < -ROUNDING) | (values > 1 + ROUNDING)).any(axis=1) & known
    if n := int(outside.sum()):
        first = np.flatnonzero(outside)[:SHOWN]
        quoted = values if given is None else values[:, list(given)]
        shown = "; ".join(
            f"{names[row]}: {', '.join(f'{value:.4g}' for value in quoted[row])}" for row in first
        )
        raise RunError(
            f"{count_of(n, 'row')} of {len(values):,} {'has' if n == 1 else 'have'} values outside "
            f"0 to 1, such as {shown}. These are no probabilities: apply softmax or sigmoid to "
            "what the network says, and export that."
        )
    values = np.clip(values, 0.0, 1.0)
    if one_class:
        values, said = _scale_rows(values, known, names)
        remarks += said
    if known.any() and np.isin(values[known], (0.0, 1.0)).all():
        remarks.append(
            "All values are 0 or 1, so these are answers rather than probabilities: AUC, Brier "
            "score, log loss and calibration say nothing beyond the confusion matrix."
        )
    return values, remarks


def _look_like_percent(known: Floats, *, one_class: bool) -> bool:
    """Whether all values lie in 0 to 100 and most are above 1, or each row sums to 100."""
    if not known.size or known.min() < 0 or known.max() > 100 * (1 + ROUNDING) or known.max() <= 1:
        return False
    if one_class and known.shape[1] > 1:
        return bool((abs(known.sum(axis=1) - 100) < 1).mean() > 0.5)
    return bool((known > 1).mean() > 0.5 and known.max() > 10)


def _scale_rows(
    values: Floats, known: NDArray[np.bool_], names: Sequence[str]
) -> tuple[Floats, list[str]]:
    """Return rows that sum to 1; one of zeros alone is no prediction."""
    sums, remarks = values.sum(axis=1), []
    nothing = known & (sums <= 0)
    if n := int(nothing.sum()):
        values[nothing], first = np.nan, names[int(np.argmax(nothing))]
        remarks.append(
            f"{count_of(n, 'row')} with nothing but zeros, such as {first}: "
            f"{'it counts' if n == 1 else 'they count'} as without a prediction."
        )
    off = known & ~nothing & (abs(sums - 1) > SUM_TOLERANCE)
    if n := int(off.sum()):
        values[off] /= sums[off][:, None]
        first = names[int(np.argmax(off))]
        remarks.append(
            f"{count_of(n, 'row')} of {int(known.sum()):,} did not sum to 1 "
            f"({sums[off].min():.3g} to {sums[off].max():.3g}; first: {first}): "
            "each was divided by its sum."
        )
    return values, remarks


def _list(cells: pd.Series) -> str:
    places = [int(place) for place in cells.index[:SHOWN]]  # the header is row 1
    return ", ".join(f"{cells[place]!r} in row {place + 2}" for place in places)
