"""The labels in the cells of a column: one or several, and how they are written."""

import re
from collections import Counter
from functools import lru_cache

import pandas as pd

from xray_core.tables.cells import CACHED_CELLS
from xray_core.tables.header import IMAGE_NAME

LIST = "list"  # in place of a separator: a list as Python or JSON write it
SIGNS = ("|", ";", ",", "/")  # the first two are seldom part of a name
JOINING = ("+", "&")  # may join two labels, too
MIN_RECURRING = 0.5  # of the pieces, so that a comma or slash is taken for a separator
MAX_MEAN_LENGTH = 60  # characters of a piece; beyond it, they are sentences of a report
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
# A number with a decimal comma, or a day: what a comma or slash there divides is no label.
WHOLE = re.compile(r"[-+]?\d+,\d+|\d{1,4}/\d{1,2}/\d{1,4}", re.ASCII)
BRACKETS = {"[": "]", "(": ")", "{": "}"}
PIECE = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,'"]+)""")
ESCAPED = re.compile(r"\\(.)")


def unify_numbers(cells: pd.Series) -> tuple[pd.Series, int]:
    """Write whole numbers alike, where all cells of a column that are not blank are numbers.

    Only a trailing ".0" is taken off, as programs add it where another cell is blank: "012" stays.

    Returns:
        The cells, and how many were changed.
    """
    filled = cells.dropna()
    if not len(filled) or not filled.str.fullmatch(NUMBER).all():
        return cells, 0
    plain = cells.str.replace(r"\.0+$", "", regex=True)
    return plain, int((plain.dropna() != filled).sum())


@lru_cache(CACHED_CELLS)
def split_cell(cell: str, separator: str) -> tuple[str, ...]:
    """Return the labels of a cell, each once, in order, without quotes and blanks around them.

    >>> split_cell("['a', 'b c']", "list"), split_cell("Mass; Nodule;", ";")
    (('a', 'b c'), ('Mass', 'Nodule'))

    Args:
        cell: the text.
        separator: what stands between two labels; `LIST` for lists, tuples and sets as Python or
            JSON write them; "" where the cell is one label.
    """
    text = cell.strip()
    if separator == LIST:
        inner = text[1:-1] if is_list(text) else text
        if inner == text:
            pieces = [text]
        else:
            pieces = [ESCAPED.sub(r"\1", "".join(groups)) for groups in PIECE.findall(inner)]
    else:
        pieces = text.split(separator) if separator else [text]
    stripped = (_strip_quotes(piece.strip()) for piece in pieces)
    return tuple(dict.fromkeys(piece for piece in stripped if piece))


def is_list(cell: str) -> bool:
    """Whether a cell is a list, a tuple or a set, as Python or JSON write it."""
    text = cell.strip()
    has_keys = "{" in text and ":" in text
    return len(text) > 1 and BRACKETS.get(text[0]) == text[-1] and not has_keys


def guess_separator(cells: pd.Series) -> str:
    """Guess what stands between the labels of a column: "|", ";", ",", "/", `LIST` or "".

    A bar or semicolon is taken for one wherever it stands, but in sentences. A comma or slash only
    if at least half of what it divides recurs: "Effusion, Mass" is two labels where another cell
    is "Mass", while "No Lung Opacity / Not Normal" is one, as is "Pneumonia/Viral" where no cell
    tells otherwise.
    """
    texts = [str(text).strip() for text in cells.dropna().unique()]
    if not texts:
        return ""
    if sum(map(is_list, texts)) > len(texts) / 2:
        return LIST
    for sign in SIGNS[:2]:
        divided = [pieces for text in texts if len(pieces := split_cell(text, sign)) > 1]
        lengths = [len(piece) for pieces in divided for piece in pieces]
        if lengths and sum(lengths) / len(lengths) <= MAX_MEAN_LENGTH:
            return sign
    shares = {sign: _share_recurring(texts, sign) for sign in SIGNS[2:]}
    best = max(shares, key=lambda sign: shares[sign])
    return best if shares[best] >= MIN_RECURRING else ""


def count_signs(cells: pd.Series) -> dict[str, int]:
    """Count the cells that hold each sign that could be a separator, for a person to decide."""
    counts = {sign: int(cells.str.contains(sign, regex=False).sum()) for sign in SIGNS}
    for sign in JOINING:  # "COVID+" alone is one label
        counts[sign] = int(cells.str.contains(rf"\w\s*{re.escape(sign)}\s*\w").sum())
    return {sign: n for sign, n in counts.items() if n}


def _share_recurring(texts: list[str], sign: str) -> float:
    """Return which share of the pieces is a whole cell, or a piece of another one."""
    divided = {
        text: split_cell(text, sign)
        for text in texts
        if sign in text and not WHOLE.fullmatch(text) and not IMAGE_NAME.fullmatch(text)
    }
    divided = {text: pieces for text, pieces in divided.items() if len(pieces) > 1}
    counts = Counter(piece for pieces in divided.values() for piece in pieces)
    whole = {text for text in texts if text not in divided}
    recurring = [piece in whole or counts[piece] > 1 for pieces in divided.values()
                 for piece in pieces]  # fmt: skip
    return sum(recurring) / len(recurring) if recurring else 0.0


def _strip_quotes(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].strip()
    return text
