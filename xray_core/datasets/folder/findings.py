"""What is seen on each image: from cells with labels, and from columns of 0 and 1."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Remark
from xray_core.datasets.folder.mapping import ABSENT, PRESENT, UNKNOWN, FolderMapping
from xray_core.datasets.folder.names import unify_spelling
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import SEPARATOR
from xray_core.tables.labels import split_cell

UNCERTAIN = -1
NO_FINDING = "No finding"  # what an image is called of which every finding is absent
NORMAL = ("nofinding", "nofindings", "normal", "healthy", "negative")  # see `unify_spelling`
# Cells of a column of findings, in lower case -> present, absent or uncertain.
STATES = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "positive", "present"), 1),
    **dict.fromkeys(("0", "0.0", "false", "no", "n", "negative", "absent"), 0),
    **dict.fromkeys(("-1", "-1.0", "uncertain", "u"), UNCERTAIN),
}


def read_labels(cells: pd.Series, separator: str) -> tuple[pd.Series, Remark]:
    """Return the labels of each cell, and a remark on those that were spelt in several ways.

    Args:
        cells: shape (n,), text or None.
        separator: as `FolderMapping.separator`.

    Returns:
        Shape (n,), each a tuple of labels without SEPARATOR in them, each once, in order; labels
        that differ only in case, blanks, ".0" or in how accents are kept are one, in the spelling
        that is most frequent.
    """
    counts = cells.dropna().value_counts()
    of_cell = {str(cell): _split(str(cell), separator) for cell in counts.index}
    written: Counter[str] = Counter()
    for cell, n in counts.items():
        for label in of_cell[str(cell)]:
            written[label] += int(n)
    spelling, remark = unify_labels(written)
    labels = {
        cell: tuple(dict.fromkeys(spelling[label] for label in split))
        for cell, split in of_cell.items()
    }
    return cells.map(lambda cell: labels.get(cell, ()) if cell is not None else ()), remark


def _split(cell: str, separator: str) -> tuple[str, ...]:
    """Return the labels of a cell; a bar always separates them, as it does in the catalog."""
    pieces = split_cell(cell, separator)
    return tuple(label for piece in pieces for label in split_cell(piece, SEPARATOR))


def unify_labels(written: Counter[str]) -> tuple[dict[str, str], Remark]:
    """Return label -> its most frequent spelling, and a remark on the others.

    Args:
        written: label as it is written -> how often.
    """
    chosen: dict[str, str] = {}
    for label, _ in sorted(written.items(), key=lambda item: (-item[1], item[0])):
        chosen.setdefault(unify_spelling(label), label)
    spelling = {label: chosen[unify_spelling(label)] for label in written}
    others = {label: n for label, n in written.items() if spelling[label] != label}
    return spelling, spelling_remark((label, spelling[label], n) for label, n in others.items())


def spelling_remark(others: Iterable[tuple[str, str, int]]) -> Remark:
    """Return a remark on spellings taken for another: (as written, the other, images)."""
    rows = list(others)
    pairs = [f"{written!r} as {label!r}" for written, label, _ in rows]
    n = sum(count for _, _, count in rows)
    shown = ", ".join(pairs[:3]) + (", ..." if len(pairs) > 3 else "")
    message = f"Labels that are spelt in several ways, taken for the same class: {n:,} ({shown})."
    return Remark("other_spelling", n, message, tuple(pairs[:5]), tuple(pairs))


def read_states(cells: pd.DataFrame, mapping: FolderMapping) -> tuple[pd.DataFrame, list[Remark]]:
    """Return what columns of 0 and 1 say of each row.

    Args:
        cells: shape (n, findings), text or None.
        mapping: what uncertain and empty cells mean.

    Returns:
        Int8 columns of the same names: 1 present, 0 absent, <NA> unknown; and remarks.
    """
    meaning = {PRESENT: 1, ABSENT: 0, UNKNOWN: None}
    states = pd.DataFrame(index=cells.index)
    n_blank = n_uncertain = 0
    unclear: Counter[str] = Counter()
    for name in cells.columns:
        text = cells[name].astype("string").str.strip().str.lower()
        values = text.map(STATES).astype("Int8")
        unclear.update(cells.loc[text.notna() & values.isna(), name])
        n_blank += int(text.isna().sum())
        uncertain = values.eq(UNCERTAIN).fillna(False).astype(bool)
        n_uncertain += int(uncertain.sum())
        values = values.mask(uncertain, meaning[mapping.uncertain])
        states[name] = values.mask(text.isna(), meaning[mapping.blank]).astype("Int8")
    what = "Cells of findings that are not understood, taken as unknown"
    return states, [
        Remark(
            "uncertain_finding",
            n_uncertain,
            f"Findings marked as uncertain (-1), taken as {mapping.uncertain}: {n_uncertain:,}.",
        ),
        Remark(
            "blank_finding",
            n_blank,
            f"Findings of which a cell says nothing, taken as {mapping.blank}: {n_blank:,}.",
        ),
        Remark(
            "unclear_cell",
            unclear.total(),
            f"{what}: {unclear.total():,}.",
            tuple(list(unclear)[:5]),
            tuple(unclear),
        ),
    ]


def unite_states(
    states: pd.DataFrame, of_row: NDArray[np.intp], names: pd.Series
) -> tuple[pd.DataFrame, Remark]:
    """Put the states of all rows of an image together: what any of them calls present is.

    Args:
        states: as of `read_states`.
        of_row: the place of its image for each row.
        names: what images are called, one for each place.

    Returns:
        One row for each image; and a remark on those of which rows contradict each other.
    """
    if states.empty:
        return states.reindex(names.index), count_remark("conflicting_states", (), "")
    united = states.groupby(of_row).max().reindex(names.index)
    places = pd.Series(of_row, states.index)
    again = places.duplicated(keep=False)
    least = states[again].groupby(places[again]).min()
    contrary = least.eq(0).fillna(False) & united.loc[least.index].eq(1).fillna(False)
    places_of = least.index[contrary.any(axis=1)]
    what = "Images of which one row says that a finding is present and another that it is absent, "
    return united, count_remark(
        "conflicting_states", list(names[places_of]), what + "taken as present"
    )


def name_findings(
    images: pd.DataFrame, states: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, list[Remark]]:
    """Put labels and states of images together.

    Args:
        images: `image_id` and `labels`, tuples as of `read_labels`.
        states: as of `read_states`, one row for each image, same index.

    Returns:
        The findings that are present, joined by SEPARATOR, <NA> where none is known; the table
        `Catalog.finding_states`; and remarks. An image of which every finding is absent is called
        `NO_FINDING`.
    """
    names = list(states.columns)
    present = states.eq(1).fillna(False).astype(bool)
    shown = zip(images["labels"], present.to_numpy(), strict=True)
    if names:
        columns = np.asarray(names, dtype=object)
        named = (dict.fromkeys((*labels, *columns[row])) for labels, row in shown)
        texts = [SEPARATOR.join(each) for each in named]
    else:
        texts = [SEPARATOR.join(labels) for labels in images["labels"]]
    findings = pd.Series([text or None for text in texts], images.index, dtype="string")
    none = findings.isna() & states.eq(0).fillna(False).all(axis=1) & bool(names)
    # Where a column says normal, an image that is not, and shows nothing, is not normal either.
    doubtful = none & any(unify_spelling(name) in NORMAL for name in names)
    none &= ~doubtful
    findings[none] = NO_FINDING
    table = states.assign(image_id=images["image_id"])[["image_id", *names]]
    partly = states.isna().any(axis=1) & findings.notna()
    what = f"Images of which every finding is absent, called {NO_FINDING!r}"
    doubt = "Images that are not normal, yet have no finding, left unlabelled"
    unknown = (
        "Images with a finding of which nothing is known; in a training on several findings at "
        "once this one does not count for them"
    )
    return (
        findings,
        table,
        [
            count_remark("no_finding", list(images.loc[none, "image_id"]), what),
            count_remark("doubtful_finding", list(images.loc[doubtful, "image_id"]), doubt),
            count_remark("unknown_finding", list(images.loc[partly, "image_id"]), unknown),
        ],
    )
