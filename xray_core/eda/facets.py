"""Facets: columns of few values, by which images are looked through, with their counts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.eda.labels import UNLABELLED
from xray_core.selection import (
    AGE_GROUP,
    AGE_GROUPS,
    BOXES,
    CLASS,
    DOUBTFUL,
    FINDING_MASK,
    KNOWN,
    NO,
    VALUES,
    YES,
    Filter,
    group_ages,
    has_finding_mask,
    name_state_column,
    passes,
)
from xray_core.splits import SUBSETS
from xray_core.tasks import ABSENT, PRESENT, align_states, list_findings

MAX_STATES = 6  # findings that have a facet of their own: more would be longer than the page
MAX_VALUES = 8  # of a column; one with more is no facet
REPEATING = ("source", "site", "findings", "image_findings")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Facet:
    """What a column tells apart.

    Attributes:
        column: that a filter names.
        kind: of the filter, "values" or "known".
        masks: value, as the filter holds it, -> which of `catalog.images` have it, shape (n,).
    """

    column: str
    kind: str
    masks: Mapping[str, Mask]


def list_facets(catalog: Catalog, members: pd.Series) -> list[Facet]:
    """Return the facets by which the present images of `catalog` can be told apart.

    Args:
        catalog: the dataset.
        members: the classes of each image, as `list_members` returns them.

    Returns:
        That of the class first, always; then those whose values tell images apart. What repeats
        another facet under other names, as findings often do with the class, is left out.
    """
    present = catalog.images["path"].notna().to_numpy(bool)
    classes = _mask_classes(members, len(present))
    facets = [Facet(CLASS, VALUES, classes)]
    for facet in _list_columns(catalog):
        masks = {value: mask for value, mask in facet.masks.items() if (mask & present).any()}
        if not 1 < len(masks) <= MAX_VALUES:
            continue
        facet = Facet(facet.column, facet.kind, masks)
        if facet.column in REPEATING and any(_divide_alike(facet, other) for other in facets):
            continue
        facets.append(facet)
    return facets


def find_class(facets: Sequence[Facet], name: str) -> Mask:
    """Return which images are of a class, "" for those without a label; all False if unknown."""
    [classes] = [facet.masks for facet in facets if facet.column == CLASS]
    nothing = np.zeros(len(next(iter(classes.values()))), dtype=bool)
    return classes.get(name, nothing)


def add_marks(catalog: Catalog, facets: Sequence[Facet], doubtful: Collection[str]) -> list[Facet]:
    """Return the facets, and that of the labels that are marked as doubtful where there are any.

    Args:
        catalog: the dataset.
        facets: as `list_facets` returns them.
        doubtful: ids of the images whose label is marked.
    """
    is_marked = catalog.images["image_id"].astype(object).isin(list(doubtful)).to_numpy(bool)
    marks = Facet(DOUBTFUL, KNOWN, {YES: is_marked, NO: ~is_marked})
    return [*facets, marks] if is_marked.any() else list(facets)


def count_facets(
    catalog: Catalog,
    facets: Sequence[Facet],
    filters: Sequence[Filter],
    doubtful: Collection[str] = (),
) -> list[dict[str, int]]:
    """Count the present images of each value of each facet, value -> images.

    Those are counted that pass the filters on everything else, so that a number says what
    choosing the value would show.

    Args:
        catalog: the dataset.
        facets: of it.
        filters: that are chosen.
        doubtful: ids of the images whose label is marked as doubtful.
    """
    present = catalog.images["path"].notna().to_numpy(bool)
    passed = [
        passes(catalog, wish, lambda name: find_class(facets, name), doubtful) for wish in filters
    ]
    counts = []
    for facet in facets:
        there = present
        for mask, wish in zip(passed, filters, strict=True):
            if (wish.column, wish.kind) != (facet.column, facet.kind):
                there = there & mask
        counts.append({value: int((mask & there).sum()) for value, mask in facet.masks.items()})
    return counts


def _divide_alike(left: Facet, right: Facet) -> bool:
    """Return whether two facets divide the images in the same way, whatever the values' names."""
    return sorted(map(bytes, left.masks.values())) == sorted(map(bytes, right.masks.values()))


def _list_columns(catalog: Catalog) -> Iterator[Facet]:
    images = catalog.images
    yield Facet("published_split", VALUES, _mask_values(images["published_split"], SUBSETS))
    has_box = images["image_id"].isin(catalog.boxes["image_id"]).to_numpy(bool)
    yield Facet(BOXES, KNOWN, {YES: has_box, NO: ~has_box})
    yield Facet("gender", VALUES, _mask_values(images["gender"]))
    yield Facet(AGE_GROUP, VALUES, _mask_values(group_ages(images["age"]), tuple(AGE_GROUPS)))
    for column in ("view_position", *REPEATING):
        yield Facet(column, VALUES, _mask_values(images[column]))
    has_mask = images["mask_path"].notna().to_numpy(bool)
    yield Facet("mask_path", KNOWN, {YES: has_mask, NO: ~has_mask})
    marked = has_finding_mask(catalog)
    yield Facet(FINDING_MASK, KNOWN, {YES: marked, NO: ~marked})
    yield from _list_states(catalog)


def _list_states(catalog: Catalog) -> Iterator[Facet]:
    """Yield a facet for each finding that is present, absent or unknown; of many, some.

    Those are kept that are present most often; the others can be filtered by all the same.
    """
    if not list_findings(catalog):
        return
    states = align_states(catalog)
    n_present = states.eq(1).sum().sort_values(ascending=False, kind="stable")
    chosen = set(n_present.index[:MAX_STATES])
    for name in [name for name in states.columns if name in chosen]:
        values = states[name].to_numpy("float64", na_value=np.nan)
        masks = {PRESENT: values == 1, ABSENT: values == 0, "": np.isnan(values)}
        yield Facet(name_state_column(name), VALUES, masks)


def _mask_values(column: pd.Series, order: Sequence[str] = ()) -> dict[str, Mask]:
    """Return value -> mask, in `order`, then by the alphabet, the unknown ("") last."""
    codes, uniques = pd.factorize(column)
    values = [str(value) for value in uniques]
    if len(values) > MAX_VALUES:
        return {}
    first = [value for value in order if value in values]
    names = [*first, *sorted(set(values) - set(first))]
    masks = {name: codes == values.index(name) for name in names}
    return {**masks, "": codes < 0} if len(names) and (codes < 0).any() else masks


def _mask_classes(members: pd.Series, n_images: int) -> dict[str, Mask]:
    masks = {}
    for name in members.cat.categories:
        mask = np.zeros(n_images, dtype=bool)
        mask[members.index[(members == name).to_numpy()]] = True
        masks["" if name == UNLABELLED else str(name)] = mask
    return masks
