"""Findings that a dataset calls present, absent or unknown, image by image."""

import pandas as pd

from xray_core.catalog import Catalog
from xray_core.datasets.finding_states import align_states, list_findings
from xray_core.errors import LabelError

PRESENT, ABSENT, UNKNOWN = "present", "absent", "unknown"


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
