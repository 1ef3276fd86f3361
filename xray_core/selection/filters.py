"""Conditions on the images of a catalog, and their short text.

A `Filter` is one condition on one column. Several have a short text, which fits an address and a
recipe:

    class=typical;boxes?yes;gender=F;age:20..60;findings~effusion

`=` lists values (an empty one stands for "unknown"), `:` is a range whose ends are included and
may be left open, `~` is a text to find in any case, `?` asks whether anything is known. Where a
dataset says of each finding whether it is present, `finding[Pleural Effusion]=present,` asks for
the images on which it is present or unknown. A backslash goes before a semicolon, comma or
backslash that belongs to a value, and before a closing bracket that belongs to a finding.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from xray_core.catalog import COLUMNS
from xray_core.errors import XrayError

VALUES, RANGE, TEXT, KNOWN = "values", "range", "text", "known"
SIGNS = {"=": VALUES, ":": RANGE, "~": TEXT, "?": KNOWN}
YES, NO = "yes", "no"
NUMBERS = ("Int64", "Float64")
# A column, the finding in its bracket, a sign, and the rest.
COLUMN = re.compile(r"([a-z_]+)(?:\[((?:[^\\\]]|\\.)+)\])?([=:~?])(.*)\Z", re.DOTALL)
# What is no column of the catalog, but follows from it and the task -> the kinds that fit it.
CLASS, BOXES, AGE_GROUP, FINDING_MASK = "class", "boxes", "age_group", "finding_mask"
DOUBTFUL = "doubtful"  # whether somebody has marked the label as doubtful; see `marks`
DERIVED = {
    CLASS: (VALUES,),
    BOXES: (KNOWN,),
    AGE_GROUP: (VALUES,),
    FINDING_MASK: (KNOWN,),
    DOUBTFUL: (KNOWN,),
}
STATE = "finding"  # before the bracket with a finding that is present, absent or unknown
# What an address may ask for: far more than a person does, far less than holds a server up.
MAX_LENGTH, MAX_FILTERS = 4000, 20


class FilterError(XrayError):
    """A filter names no column, or asks something that the column cannot answer."""


@dataclass(frozen=True)
class Filter:
    """One condition on one column of the catalog's images.

    Attributes:
        column: of `catalog.COLUMNS`, or of `DERIVED`, or what `name_state_column` makes of a
            finding.
        kind: one of `kinds_of(column)`.
        values: for "values": what the column may hold; "" stands for unknown.
        low, high: for "range": both ends are included; None leaves an end open.
        text: for "text": what the column must contain, in upper or lower case; for "known":
            "yes" or "no".
    """

    column: str
    kind: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        _check_column(self.column, self.kind)
        if reason := self._find_fault():
            raise FilterError(f"The filter on {self.column} {reason}.")

    def _find_fault(self) -> str:
        if self.kind == VALUES:
            return "" if self.values else "lists no value; give at least one"
        if self.kind == KNOWN:
            fits = self.text in (YES, NO)
            return "" if fits else f"asks {self.text!r}; write {YES} or {NO}"
        if self.kind == TEXT:
            return "" if self.text else "looks for an empty text; give at least one letter"
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends:
            return "leaves both ends of the range open; give at least one"
        if not all(map(math.isfinite, ends)):
            return "needs plain numbers as its ends"
        wrong = len(ends) == 2 and ends[0] > ends[1]
        return f"begins at {ends[0]:g}, above its end {ends[1]:g}; swap them" if wrong else ""


def name_state_column(finding: str) -> str:
    """Return the column that a filter on a finding's state names.

    >>> name_state_column("Edema"), find_finding("finding[Edema]"), find_finding("findings")
    ('finding[Edema]', 'Edema', '')
    """
    return f"{STATE}[{finding}]"


def find_finding(column: str) -> str:
    """Return the finding that a column of `name_state_column` is about; "" for any other."""
    is_state = column.startswith(f"{STATE}[") and column.endswith("]")
    return column[len(STATE) + 1 : -1] if is_state else ""


def _check_column(column: str, kind: str) -> None:
    if column not in COLUMNS and column not in DERIVED and not find_finding(column):
        known = ", ".join((*DERIVED, name_state_column("…"), *COLUMNS))
        raise FilterError(f"There is no column {column!r}. Choose one of: {known}.")
    if kind not in kinds_of(column):
        kinds = ", ".join(kinds_of(column))
        raise FilterError(f"{column} cannot be filtered by {kind!r}. Choose one of: {kinds}.")


def kinds_of(column: str) -> tuple[str, ...]:
    """Return the kinds of filter that fit a column of `catalog.COLUMNS`, or of `DERIVED`."""
    if find_finding(column):
        return (VALUES,)
    if column in DERIVED:
        return DERIVED[column]
    return (RANGE, KNOWN) if COLUMNS[column] in NUMBERS else (VALUES, TEXT, KNOWN)


def format_filters(filters: Sequence[Filter]) -> str:
    """Return the filters as a short text that `parse_filters` understands; "" for none."""
    return ";".join(map(_format, filters))


def parse_filters(text: str) -> tuple[Filter, ...]:
    """Return the filters that `text` stands for.

    Raises:
        FilterError: the text is no list of filters, too long, or one filter is not valid.

    >>> parse_filters("age:20..60")
    (Filter(column='age', kind='range', values=(), low=20.0, high=60.0, text=''),)
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"The filters are {len(text):,} signs long; at most {MAX_LENGTH:,} fit.")
    parts = _split(text, ";") if text else []
    if len(parts) > MAX_FILTERS:
        raise FilterError(f"There are {len(parts)} filters; at most {MAX_FILTERS} fit.")
    return tuple(map(_parse, parts))


def _format(column_filter: Filter) -> str:
    sign = next(sign for sign, kind in SIGNS.items() if kind == column_filter.kind)
    body = _escape(column_filter.text)
    if column_filter.kind == VALUES:
        body = format_list(column_filter.values)
    if column_filter.kind == RANGE:
        low, high = (
            "" if end is None else repr(end) for end in (column_filter.low, column_filter.high)
        )
        body = f"{low.removesuffix('.0')}..{high.removesuffix('.0')}"
    column = column_filter.column
    if finding := find_finding(column):
        column = name_state_column(re.sub(r"([\\;\]])", r"\\\1", finding))
    return f"{column}{sign}{body}"


def _parse(text: str) -> Filter:
    match = COLUMN.match(text)
    if not match:
        raise FilterError(
            f"{text!r} is no filter. Write it as view_position=PA,AP or age:20..60 or "
            "findings~effusion or mask_path?yes."
        )
    column, finding, sign, body = match.groups()
    column += "" if finding is None else f"[{_unescape(finding)}]"
    kind = SIGNS[sign]
    _check_column(column, kind)
    if kind == VALUES:
        return Filter(column, kind, values=parse_list(body))
    if kind != RANGE:
        return Filter(column, kind, text=_unescape(body))
    low, dots, high = body.partition("..")
    try:
        ends = [float(end) if end else None for end in (low, high)]
    except ValueError:
        ends, dots = [], ""
    if not dots:
        raise FilterError(f"{body!r} is no range of {column}. Write it as 20..60, 20.. or ..60.")
    return Filter(column, kind, low=ends[0], high=ends[1])


def format_list(words: Sequence[str]) -> str:
    """Return words in one text, a comma between; `parse_list` takes it apart."""
    return ",".join(map(_escape, words))


def parse_list(text: str) -> tuple[str, ...]:
    """Return the words of a text that `format_list` wrote."""
    return tuple(map(_unescape, _split(text, ",")))


def _escape(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _split(text: str, at: str) -> list[str]:
    """Split at each `at` that has no backslash before it; escapes stay as they are."""
    parts = [""]
    signs = iter(text)
    for sign in signs:
        if sign == at:
            parts.append("")
        else:
            parts[-1] += sign + (next(signs, "") if sign == "\\" else "")
    return parts
