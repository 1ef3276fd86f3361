"""A table of predictions as a dataset's images have them: answers, subsets, and what was odd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.issue import count_of
from xray_core.catalog import Catalog
from xray_core.errors import RunError
from xray_core.evaluation.elsewhere.columns import SHOWN, Columns, find_columns
from xray_core.evaluation.elsewhere.images import ImageNames
from xray_core.evaluation.elsewhere.values import check_probabilities, read_numbers
from xray_core.tables.cells import parse_subset
from xray_core.tables.sheet import read_sheet
from xray_core.tasks.class_names import match_names

MOST_NAMED = 8  # columns that a remark names
MOST_BYTES = 200 * 2**20  # of a file of predictions; 15 classes of 400,000 images take half of it


@dataclass(frozen=True)
class Given:
    """What a table of predictions says.

    Attributes:
        answers: image_id -> probabilities in the order of the classes, float (n_classes,).
        subsets: image_id -> subset; None where the table names none.
        columns: which column is what.
        remarks: sentences on what was left out, changed or assumed, with counts.
    """

    answers: dict[str, NDArray[np.float64]]
    subsets: dict[str, str] | None
    columns: Columns
    remarks: list[str]


def read_predictions(
    path: Path,
    catalog: Catalog,
    classes: Sequence[str],
    by_hand: Mapping[str, str] | None = None,
    subset_column: str = "",
    *,
    multilabel: bool = False,
) -> Given:
    """Read a table of predictions.

    Args:
        path: CSV of any separator, or a workbook; a row an image.
        catalog: the dataset that was predicted.
        classes: of the task, in their order.
        by_hand: column -> class; see `columns.find_columns`.
        subset_column: likewise.
        multilabel: whether an image may have several classes.

    Raises:
        RunError: it cannot be matched with images and classes, holds no probabilities, or gives an
            image several; the message names the first.
        DatasetError: it is no table.
    """
    if path.stat().st_size > MOST_BYTES:
        raise RunError(
            f"{path.name} is larger than {MOST_BYTES // 2**20} MB. Leave out columns that are "
            "neither image nor probability."
        )
    names = ImageNames(catalog.images[["image_id", "path"]])
    sheet = read_sheet(path, names_image=names.names_image())
    if sheet.rows.empty:
        raise RunError(f"{path.name} has a header and no rows. Export a row an image.")
    columns = find_columns(
        sheet.rows, names, classes, by_hand or {}, subset_column, multilabel=multilabel
    )
    remarks = [*sheet.notes, *columns.remarks]
    read = {columns.image, columns.answer, columns.subset, *columns.probability.values()}
    if unread := [name for name in sheet.rows.columns if name not in read]:
        more = f" and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
        remarks.append(f"Columns not read: {', '.join(map(repr, unread[:MOST_NAMED]))}{more}.")
    image = sheet.rows[columns.image]
    ids = image.map(names.find_ids(image.dropna().tolist())).astype("object")
    unknown = image[ids.isna()]
    if n := len(unknown):
        shown = ", ".join(map(repr, unknown.fillna("").head(SHOWN)))
        remarks.append(
            f"{count_of(n, 'row')} of {len(image):,} {'names' if n == 1 else 'name'} no image of "
            f"the dataset, or several, and {'is' if n == 1 else 'are'} left out, such as {shown}."
        )
    rows = sheet.rows[ids.notna().to_numpy()]
    ids = ids[ids.notna()]
    raw = _read_values(rows, columns, classes)
    values, said = check_probabilities(
        raw.numbers,
        rows[columns.image].tolist(),
        percent=raw.percent,
        one_class=not multilabel,
        given=raw.given,
    )
    remarks += said
    table = pd.DataFrame(values, index=ids.to_numpy(), columns=range(len(classes)))
    if columns.subset:
        table["subset"] = rows[columns.subset].to_numpy()
    table = _drop_repeated(table, remarks)
    missing = table[list(range(len(classes)))].isna().any(axis=1)
    if n := int(missing.sum()):
        remarks.append(
            f"{count_of(n, 'image')} without a probability for each class, such as "
            f"{table.index[missing.to_numpy()][0]}: no prediction."
        )
    numbers = table.loc[~missing, list(range(len(classes)))].to_numpy("float64")
    if not len(numbers):
        raise RunError(
            f"{path.name} names {count_of(len(table), 'image')} of the dataset, but holds a "
            f"prediction of none. {' '.join(remarks)}"
        )
    answers = dict(zip(table.index[~missing.to_numpy()], numbers, strict=True))
    subsets = _read_subsets(table["subset"], remarks) if columns.subset else None
    return Given(answers, subsets, columns, remarks)


@dataclass(frozen=True)
class _Values:
    numbers: NDArray[np.float64]  # (n, n_classes)
    percent: bool
    given: Sequence[int] | None = None  # places of the classes that have a column; None: all


def _read_values(rows: pd.DataFrame, columns: Columns, classes: Sequence[str]) -> _Values:
    if columns.answer:
        return _Values(_read_answers(rows[columns.answer], classes), False)
    numbers, marks = {}, []
    for name, column in columns.probability.items():
        numbers[name], percent = read_numbers(rows[column])
        marks.append(percent)
    percent = all(marks)
    given_places = [place for place, name in enumerate(classes) if name in numbers]
    if len(numbers) < len(classes):  # two, of which one is said
        (name, given), whole = next(iter(numbers.items())), 1.0
        if percent or _is_percent(given):
            percent, whole = True, 100.0
        other = next(own for own in classes if own != name)
        numbers[other] = whole - given
    return _Values(np.column_stack([numbers[name] for name in classes]), percent, given_places)


def _is_percent(given: NDArray[np.float64]) -> bool:
    known = given[~np.isnan(given)]
    within = known.size and known.min() >= 0 and 10 < known.max() <= 100
    return bool(within and (known > 1).mean() > 0.5)


def _read_answers(cells: pd.Series, classes: Sequence[str]) -> NDArray[np.float64]:
    """Return 1 for the class that is named, 0 for the others; NaN where none is."""
    known = [str(cell) for cell in cells.dropna().unique()]
    meant = {cell: name for cell, (name, _) in match_names(known, classes).items()}
    places = cells.map(meant).map({name: place for place, name in enumerate(classes)})
    values = np.full((len(cells), len(classes)), np.nan)
    named = places.notna().to_numpy()
    values[named] = np.eye(len(classes))[places[named].to_numpy("int64")]
    return values


def _drop_repeated(table: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """Return one row an image; rows that say the same twice are one."""
    if not table.index.has_duplicates:
        return table
    whole = table.reset_index(names="image_id").drop_duplicates().set_index("image_id")
    differ = whole.index[whole.index.duplicated()].unique()
    if len(differ):
        shown = ", ".join(map(repr, differ[:SHOWN]))
        raise RunError(
            f"{count_of(len(differ), 'image')} {'has' if len(differ) == 1 else 'have'} several "
            f"rows that differ, such as {shown}. Keep one row an image."
        )
    n = len(table) - len(whole)
    remarks.append(f"{count_of(n, 'row')} left out that repeat another one.")
    return whole


def _read_subsets(cells: pd.Series, remarks: list[str]) -> dict[str, str]:
    said = cells.map(parse_subset, na_action="ignore")
    unknown = cells[said.isna()]
    if n := len(unknown):
        shown = ", ".join(map(repr, unknown.fillna("").unique()[:SHOWN]))
        remarks.append(
            f"{count_of(n, 'image')} left out, whose subset cannot be told: {shown}. Write "
            "training, validation or test."
        )
    return {str(name): str(word) for name, word in said.dropna().items()}
