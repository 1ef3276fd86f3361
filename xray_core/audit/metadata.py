"""Metadata: what the tables lack, and the import notes of their reader."""

from collections.abc import Sequence

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, passed
from xray_core.catalog import Remark

# Kind of remark -> why it matters, what to do. docs/catalog.md lists the kinds.
REMARKS = {
    "absent_image": (
        "Counts by the tables differ from what can be trained on.",
        "Download the rest, or state how many you had.",
    ),
    "clipped_box": (
        "A box cannot lie outside its image; it now ends at the edge.",
        "Nothing, unless you compare with others' boxes.",
    ),
    "empty_box": ("A box without an area marks nothing.", "Nothing: they are left out."),
    "unlabelled_image": (
        "They are left out of every training.",
        "Nothing, unless you know the label.",
    ),
    "unknown_patient": (
        "Their patients may be in several subsets without anyone knowing.",
        "State it beside every result.",
    ),
}
DEFAULT_REMARK = (
    "The dataset's reader noticed this and went on.",
    "Look at the examples and compare with the dataset's own description.",
)


def check_remarks(remarks: Sequence[Remark], skip: Sequence[str] = ()) -> list[DataIssue]:
    """Pass on what the reader remarked, except the kinds in `skip`."""
    issues = []
    for remark in remarks:
        if remark.kind in skip:
            continue
        why, advice = REMARKS.get(remark.kind, DEFAULT_REMARK)
        issues.append(
            DataIssue(
                code=remark.kind,
                severity="warning",
                title=remark.message,
                count=remark.count,
                why=why,
                advice=advice,
                table=tuple({"example": example} for example in remark.examples),
            )
        )
    return issues or [passed("remarks", "The tables and the files fit together.")]


def check_patients(images: pd.DataFrame, grouped_by: str) -> list[DataIssue]:
    """Say whether patients are known, and what is grouped where they are not.

    Args:
        images: the audited table; image_id and patient_id count.
        grouped_by: in words, as `splits.describe_groups` says it.
    """
    present = images[images["path"].notna()]
    unknown = present[present["patient_id"].isna()]
    n_patients = present["patient_id"].nunique()
    if unknown.empty:
        return [
            passed(
                "unknown_patients",
                f"The patient of each of {count_of(len(present), 'image')} is known: "
                f"{count_of(n_patients, 'patient')}.",
            )
        ]
    who = "any image" if len(unknown) == len(present) else count_of(len(unknown), "image")
    return [
        DataIssue(
            code="unknown_patients",
            severity="warning",
            title=f"The patient of {who} is not published.",
            count=len(unknown),
            why="Two images of one patient may be in different subsets of a split without anyone "
            f"knowing. Kept together instead: by {grouped_by}.",
            advice="State it beside every result, and test on images from elsewhere.",
            examples=tuple(unknown["image_id"].head(5)),
        )
    ]
