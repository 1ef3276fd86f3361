"""Issues: what a check reports, in words and figures that turn into JSON as they are."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

SEVERITIES = ("serious", "warning", "passed")
N_EXAMPLES = 12
N_ROWS = 20


@dataclass(frozen=True)
class DataIssue:
    """One thing that a check of the audit found, or that it passed.

    Attributes:
        code: short stable name for programs, e.g. "patient_leak".
        severity: one of `SEVERITIES`; "passed": nothing was found.
        title: what it is, in one sentence with the count.
        count: how many images, patients, groups ... the title speaks of; 0 if passed.
        why: why it matters; "" if passed.
        advice: what to do; "" if passed.
        examples: image_ids to look at, at most `N_EXAMPLES`.
        table: rows for a person, at most `N_ROWS`; plain values, None where unknown.
    """

    code: str
    severity: str
    title: str
    count: int = 0
    why: str = ""
    advice: str = ""
    examples: tuple[str, ...] = ()
    table: tuple[dict[str, Any], ...] = ()


def passed(code: str, title: str) -> DataIssue:
    """Return what a check says that found nothing wrong."""
    return DataIssue(code, "passed", title)


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    >>> count_of(1, "image"), count_of(1200, "image"), count_of(2, "study", "studies")
    ('1 image', '1,200 images', '2 studies')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def with_absent(n_present: int, n_all: int) -> str:
    """Return what to add to a count of the images that are here, where the tables name more.

    >>> with_absent(248, 304), with_absent(3, 3)
    (' (304 with the images that are absent)', '')
    """
    return f" ({n_all:,} with the images that are absent)" if n_all > n_present else ""


def first_of(image_ids: pd.Series) -> tuple[str, ...]:
    """Return the first few image_ids as examples."""
    return tuple(str(name) for name in image_ids.head(N_EXAMPLES))


def first_of_pairs(pairs: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns image_id_a and image_id_b of the first few pairs, side by side."""
    ends = pairs[["image_id_a", "image_id_b"]].head(N_EXAMPLES // 2)
    return tuple(str(name) for pair in ends.itertuples(index=False) for name in pair)


def rows_of(table: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """Return the first rows of `table` as plain values."""
    text = table.head(N_ROWS).to_json(orient="records", double_precision=4)
    return tuple(json.loads(text))
