"""Findings that a dataset calls present, absent or unknown, image by image."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import LabelError

PRESENT, ABSENT, UNKNOWN = "present", "absent", "unknown"


def list_findings(catalog: Catalog) -> list[str]:
    """Return the findings whose state is given; none where only what is present is named."""
    return [name for name in catalog.finding_states.columns if name != "image_id"]


def align_states(catalog: Catalog) -> pd.DataFrame:
    """Return the states of each image.

    Returns:
        Index of `catalog.images`; one Int8 column for each finding: 1 present, 0 absent, <NA>
        unknown, also where the catalog has no row of states for an image.
    """
    states, names = catalog.finding_states, list_findings(catalog)
    if states["image_id"].equals(catalog.images["image_id"]):  # as a reader writes it
        return states[names].set_axis(catalog.images.index)
    by_image = states.set_index("image_id")[names].reindex(catalog.images["image_id"])
    return by_image.set_axis(catalog.images.index)


def name_states(catalog: Catalog, finding: str) -> pd.Series:
    """Return the state of one finding as a word.

    Returns:
        Index of `catalog.images`: `PRESENT`, `ABSENT`, or <NA> where it is unknown.

    Raises:
        LabelError: the dataset says nothing of such a finding.
    """
    if finding not in list_findings(catalog):
        known = ", ".join(list_findings(catalog)) or "none"
        raise LabelError(
            f"{catalog.root} does not say whether {finding!r} is present or absent. Findings of "
            f"which it does: {known}."
        )
    return align_states(catalog)[finding].map({1: PRESENT, 0: ABSENT}).astype("string")


def count_states(catalog: Catalog) -> pd.DataFrame:
    """Count the images of which each finding is present, absent and unknown.

    Returns:
        Columns finding, present, absent, unknown (images, those without a file included), and
        share present, share absent, share unknown (of all images); one row for each finding, in
        the dataset's order.
    """
    states = align_states(catalog)
    counts = pd.DataFrame(
        {
            "finding": pd.Series(states.columns, dtype="string"),
            PRESENT: states.eq(1).sum().to_numpy("int64"),
            ABSENT: states.eq(0).sum().to_numpy("int64"),
            UNKNOWN: states.isna().sum().to_numpy("int64"),
        }
    )
    for name in (PRESENT, ABSENT, UNKNOWN):
        counts[f"share {name}"] = counts[name] / max(1, len(states))
    return counts


def find_unknown(targets: pd.DataFrame, catalog: Catalog) -> "pd.Series[bool]":
    """Return of which images the state of a class is unknown.

    Args:
        targets: as `encode_labels` returns them; a class that is no finding of
            `catalog.finding_states` is known.
        catalog: the dataset.

    Returns:
        Index of `targets`.
    """
    if not list_findings(catalog):
        return pd.Series(False, index=targets.index)
    states = align_states(catalog).reindex(index=targets.index)
    classes = [name for name in targets.columns if name in states.columns]
    return states[classes].isna().any(axis=1)
