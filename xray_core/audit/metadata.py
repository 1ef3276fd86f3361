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
    "other_spelling": (
        "If two of the spellings mean two things, one class holds both.",
        "Compare the spellings; if they differ in meaning, rename a class folder or label.",
    ),
    "possible_separator": (
        "If the sign separates two labels, each such cell is a class of its own now.",
        "Map the columns again, and choose the sign as separator if it is one.",
    ),
    "no_finding": (
        "That nothing is marked does not always mean that somebody looked and saw nothing.",
        "Compare with the dataset's own description before you call them normal.",
    ),
    "numbered_class": (
        "Nobody who reads the result can tell what the classes are.",
        "Rename the class folders, or the labels, to what they mean.",
    ),
    "guessed_mask": (
        "Nothing says that they show the lungs; they may surround a finding.",
        "Look at some on Explore. If they are of a finding, name its folder so, as in "
        "“infection masks”.",
    ),
    "patients_from_folders": (
        "If a folder is no patient, images of one patient may be in several subsets.",
        "Compare some folders with the dataset's own description.",
    ),
    "patients_from_names": (
        "If the names mean something else, images of one patient may be in several subsets.",
        "Compare some names with the dataset's own description.",
    ),
    "uncertain_patient": (
        "Where one number is several children, they count as one; no child is divided by it.",
        "Compare with the source of this copy; as it is, state it beside every result.",
    ),
    "numbered_by_folder": (
        "If one number is one child in both, that child is in two subsets, and no split knows it.",
        "Compare with the source of this copy; take the images as published, if you can.",
    ),
    "moved_image": (
        "A result on this test set cannot be compared with others' on the published one.",
        "State it beside every result, or take the images as published.",
    ),
    "maybe_patients": (
        "If these folders are patients, images of one may be in several subsets.",
        "If they are, say so when the folder is mapped.",
    ),
    "unclear_cell": ("They count as unknown.", "Correct the cells, or choose another column."),
    "alike_findings": (
        "If they are one finding, a network learns each of them from less than all that is known.",
        "If so, unite the columns in the table; else give them names that differ by more.",
    ),
    "uncertain_finding": (
        "What is uncertain was taken as the message says, which others do otherwise.",
        "State it beside every result, or map the columns again with another meaning.",
    ),
    "blank_finding": (
        "Empty cells often mean that nothing was seen, and often that nobody looked.",
        "Ask the dataset's own description, and map the columns again if it says otherwise.",
    ),
    "unknown_finding": (
        "A task on several findings at once leaves these images out, rather than call what is "
        "unknown absent.",
        "Choose a task of a single class to keep them.",
    ),
    "unread_image": (
        "They are in no class and no subset.",
        "Look at some: if they belong here, move them to where the dataset has its images.",
    ),
    "stray_file": (
        "They are in no class and no subset.",
        "Look at some: if they belong here, they lack a row or a class folder.",
    ),
    "lone_mask": (
        "A mask without its image shows nothing.",
        "Give it the name of its image, if there is one.",
    ),
    "broken_mask": ("They are not drawn.", "Correct the run lengths in the table."),
}
# Kind of remark -> whose names give patients.
READ_FROM = {"patients_from_folders": "folders", "patients_from_names": "files"}
# Of what another check says more, and of the images that are here.
SAID_ELSEWHERE = ("unknown_patient",)
DEFAULT_REMARK = (
    "The dataset's reader noticed this and went on.",
    "Look at the examples and compare with the dataset's own description.",
)


def check_remarks(remarks: Sequence[Remark], skip: Sequence[str] = ()) -> list[DataIssue]:
    """Pass on what the reader remarked, except the kinds in `skip`."""
    issues = []
    for remark in remarks:
        if remark.kind in (*skip, *SAID_ELSEWHERE):
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


def check_patients(
    images: pd.DataFrame, grouped_by: str, remarks: Sequence[Remark] = ()
) -> list[DataIssue]:
    """Say of how many images the patient is known, from where, and what is grouped otherwise.

    Args:
        images: the audited table; image_id, path and patient_id count.
        grouped_by: in words, as `splits.describe_groups` says it.
        remarks: the reader's: patients may be read from names.
    """
    present = images[images["path"].notna()]
    unknown = present[present["patient_id"].isna()]
    patients = count_of(present["patient_id"].nunique(), "patient")
    kinds = {remark.kind for remark in remarks}
    named = " and ".join(where for kind, where in READ_FROM.items() if kind in kinds)
    if unknown.empty:
        n = count_of(len(present), "image")
        words = (
            f"A patient is read for each of {n} from the names of {named}: {patients}. Nobody "
            "has published them."
            if named
            else f"The patient of each of {n} is known: {patients}."
        )
        return [passed("unknown_patients", words)]
    return [
        DataIssue(
            code="unknown_patients",
            severity="warning",
            title="No patient is published."
            if len(unknown) == len(present)
            else f"The patient of {len(unknown):,} of {count_of(len(present), 'image')} is "
            f"unknown; the others are of {patients}.",
            count=len(unknown),
            why="Two images of one patient may be in different subsets of a split without anyone "
            f"knowing. A split of ours goes by {grouped_by}.",
            advice="State it beside every result, and test on images from elsewhere.",
            examples=tuple(unknown["image_id"].head(5)),
        )
    ]
