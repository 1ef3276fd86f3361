"""Findings that a dataset calls present, absent or unknown, put together to classes."""

from collections.abc import Mapping, Sequence

import pandas as pd

from xray_core.catalog import STATES_KEY, Catalog


def list_findings(catalog: Catalog) -> list[str]:
    """Return the findings whose state is given; none where only what is present is named."""
    return [name for name in catalog.finding_states.columns if name != STATES_KEY]


def align_states(catalog: Catalog) -> pd.DataFrame:
    """Return the states of each image.

    Returns:
        Index of `catalog.images`; one Int8 column for each finding: 1 present, 0 absent, <NA>
        unknown, also where the catalog has no row of states for an image.
    """
    states, names = catalog.finding_states, list_findings(catalog)
    if states[STATES_KEY].equals(catalog.images["image_id"]):  # as a reader writes it
        return states[names].set_axis(catalog.images.index)
    by_image = states.set_index(STATES_KEY)[names].reindex(catalog.images["image_id"])
    return by_image.set_axis(catalog.images.index)


def combine_states(
    named: pd.DataFrame, catalog: Catalog, classes: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return of every image whether each class is present, absent or unknown.

    A class is present where one of its findings is, and absent where all of them are. A finding
    of which no state is given is present where a label names it, and absent where the image has a
    label that does not.

    Args:
        named: Int8, shape (m, n_classes): what the labels name, index of `catalog.images`.
        catalog: the dataset.
        classes: class -> the findings it holds.

    Returns:
        Int8, shape (n_images, n_classes), index of `catalog.images`: 1, 0 or <NA>.
    """
    states = align_states(catalog)
    named = named.reindex(catalog.images.index)
    columns = {}
    for name, findings in classes.items():
        given = states[[finding for finding in findings if finding in states.columns]]
        absent = given.eq(0).fillna(False).all(axis=1)
        if len(given.columns) < len(findings):
            absent &= named[name].eq(0).fillna(False)
        present = (given.eq(1).fillna(False).any(axis=1) | named[name].eq(1).fillna(False)).astype(
            bool
        )
        state = pd.Series(pd.NA, index=named.index, dtype="Int8")
        columns[name] = state.mask(absent.astype(bool), 0).mask(present, 1)
    return pd.DataFrame(columns, index=named.index)
