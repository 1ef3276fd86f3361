"""Which images of a catalog pass filters, and the catalog of those alone."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import OF_FINDING, Catalog, Remark, add_remarks
from xray_core.errors import LabelError
from xray_core.selection.filters import (
    AGE_GROUP,
    BOXES,
    CLASS,
    DOUBTFUL,
    FINDING_MASK,
    KNOWN,
    TEXT,
    VALUES,
    YES,
    Filter,
    FilterError,
    find_finding,
    parse_filters,
)
from xray_core.selection.words import describe_filters
from xray_core.tasks import encode_catalog, find_present, find_task, name_states

N_EXAMPLES = 5  # of images that a remark names
# Age group -> the youngest of it, in years.
AGE_GROUPS = {"0-17": 0, "18-39": 18, "40-59": 40, "60-79": 60, "80+": 80}
Mask = NDArray[np.bool_]
HasClass = Callable[[str], Mask]  # class, "" for unlabelled -> which images are of it, shape (n,)


def find_passing(
    catalog: Catalog,
    filters: Sequence[Filter],
    has_class: HasClass,
    doubtful: Collection[str] | None = None,
) -> Mask:
    """Return which of `catalog.images` are present and pass every filter, shape (n,).

    Args:
        catalog: the dataset.
        filters: conditions.
        has_class: as in `passes`.
        doubtful: likewise.

    Raises:
        FilterError: see `passes`.
    """
    passing = catalog.images["path"].notna().to_numpy(bool)
    for column_filter in filters:
        passing = passing & passes(catalog, column_filter, has_class, doubtful)
    return passing


def passes(
    catalog: Catalog,
    column_filter: Filter,
    has_class: HasClass,
    doubtful: Collection[str] | None = None,
) -> Mask:
    """Return which of `catalog.images` pass one filter, shape (n,), their files there or not.

    Args:
        catalog: the dataset.
        column_filter: the condition.
        has_class: class -> which images are of it.
        doubtful: ids of the images whose label is marked as doubtful; None where the marks are
            not at hand.

    Raises:
        FilterError: it is about a finding of which the dataset says nothing, or about marks that
            are not at hand.
    """
    images = catalog.images
    if column_filter.column == CLASS:
        return np.asarray(np.any([has_class(name) for name in column_filter.values], axis=0))
    if column_filter.column == BOXES:
        has_box = images["image_id"].isin(catalog.boxes["image_id"]).to_numpy(bool)
        return has_box if column_filter.text == YES else ~has_box
    if column_filter.column == FINDING_MASK:
        has_mask = has_finding_mask(catalog)
        return has_mask if column_filter.text == YES else ~has_mask
    if column_filter.column == DOUBTFUL:
        if doubtful is None:
            raise FilterError(
                f"The filter on {DOUBTFUL} asks for marked labels, and the marks are not at hand "
                "here. Take it back."
            )
        is_marked = images["image_id"].astype(object).isin(list(doubtful)).to_numpy(bool)
        return is_marked if column_filter.text == YES else ~is_marked
    if finding := find_finding(column_filter.column):
        return _passes(_name_states(catalog, finding), column_filter)
    if column_filter.column == AGE_GROUP:
        return _passes(group_ages(images["age"]), column_filter)
    return _passes(images[column_filter.column], column_filter)


def has_finding_mask(catalog: Catalog) -> Mask:
    """Return which of `catalog.images` have a mask of something other than the lungs, (n,)."""
    marked = catalog.masks.loc[catalog.masks["kind"] == OF_FINDING, "image_id"]
    if marked.empty:
        return np.zeros(len(catalog.images), dtype=bool)
    # As objects: `isin` between columns of strings is many times slower.
    ids = catalog.images["image_id"].astype(object)
    return ids.isin(marked.astype(object)).to_numpy(bool)


def _name_states(catalog: Catalog, finding: str) -> pd.Series:
    try:
        return name_states(catalog, finding)
    except LabelError as error:
        raise FilterError(str(error)) from error


def group_ages(ages: pd.Series) -> pd.Series:
    """Return the group of `AGE_GROUPS` of each age in years, <NA> where it is unknown."""
    years = ages.to_numpy("float64", na_value=np.nan)
    at = np.searchsorted(list(AGE_GROUPS.values()), years, side="right") - 1
    at[np.isnan(years)] = -1
    names = pd.Categorical.from_codes(at, pd.Index(list(AGE_GROUPS)))
    return pd.Series(names, index=ages.index).astype("string")


def select_catalog(
    catalog: Catalog,
    selection: str,
    task_name: str,
    doubtful: Collection[str] | None = None,
) -> Catalog:
    """Return `catalog` with those of its images that a recipe's selection leaves.

    What is left out is counted in a remark, which the run keeps and shows.

    Args:
        catalog: the dataset.
        selection: filters as `format_filters` writes them; "" leaves the catalog as it is.
        task_name: whose classes are meant, in `TASKS`.
        doubtful: as in `passes`; `marks.find_doubtful` returns them.

    Raises:
        FilterError: the text is no list of filters, a class is none of the task's, a finding is
            none that the dataset calls present or absent, marks are asked for and not given, or no
            image of a class is left.
        LabelError: see `encode_catalog`.
    """
    filters = parse_filters(selection)
    if not filters:
        return catalog
    targets = encode_catalog(catalog, find_task(task_name))
    positions = catalog.images.index.get_indexer(targets.index)

    def has_class(name: str) -> Mask:
        if name and name not in targets:
            known = ", ".join(map(str, targets.columns))
            raise FilterError(f"There is no class {name!r} in this task. Choose one of: {known}.")
        answers = np.full(len(catalog.images), not name)
        answers[positions] = find_present(targets[[name]])[:, 0] if name else False
        return answers

    passing = find_passing(catalog, filters, has_class, doubtful)
    present = catalog.images["path"].notna().to_numpy(bool)
    of_class = find_present(targets)
    before, left = (of_class[mask[positions]].sum(axis=0) for mask in (present, passing))
    lost = [str(name) for name in targets.columns[(before > 0) & (left == 0)]]
    if lost:
        raise FilterError(
            f"The selection ({describe_filters(selection)}) leaves {passing.sum():,} of "
            f"{present.sum():,} images, none of them of {', '.join(lost)}. A network has to see "
            "every class: take a condition back."
        )
    left_out = catalog.images["image_id"][present & ~passing]
    remark = Remark(
        "not_selected",
        len(left_out),
        f"Images left out by the selection ({describe_filters(selection)}): {len(left_out):,} of "
        f"{present.sum():,}.",
        tuple(map(str, left_out.head(N_EXAMPLES))),
        tuple(map(str, left_out)),
    )
    images = catalog.images[passing].reset_index(drop=True)
    tables = {
        name: table[table["image_id"].isin(images["image_id"])].reset_index(drop=True)
        for name in ("boxes", "masks", "finding_states")
        for table in (getattr(catalog, name),)
    }
    return add_remarks(replace(catalog, images=images, **tables), [remark])


def _passes(column: pd.Series, column_filter: Filter) -> Mask:
    """Return which entries of `column`, shape (n,), pass the filter."""
    if column_filter.kind == KNOWN:
        return _as_mask(column.notna() if column_filter.text == YES else column.isna())
    if column_filter.kind == TEXT:
        return _as_mask(column.str.contains(column_filter.text, case=False, regex=False))
    if column_filter.kind == VALUES:
        listed = _as_mask(column.isin([value for value in column_filter.values if value]))
        return listed | _as_mask(column.isna()) if "" in column_filter.values else listed
    known = column.notna()
    for end, is_inside in ((column_filter.low, column.ge), (column_filter.high, column.le)):
        if end is not None:
            known &= is_inside(end)
    return _as_mask(known)


def _as_mask(answers: pd.Series) -> Mask:
    """Return true, false or <NA> as booleans; what is unknown does not pass."""
    return answers.fillna(False).to_numpy(bool)
