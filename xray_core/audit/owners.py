"""Owners: patients and studies whose images are in several classes of a task."""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of


def check_owners_classes(images: pd.DataFrame, patients_read: bool) -> list[DataIssue]:
    """Find patients and studies with images of several classes; absent images do not count.

    A patient may change between two studies. One study has one state: two labels of it
    contradict each other, unless each image was labelled by itself, which another check says.

    Args:
        images: the audited table; image_id, path, label, patient_id, study_id and image_findings
            count. Each image has one class at most.
        patients_read: whether patients are read from names.
    """
    known = images[images["path"].notna() & images["label"].notna()]
    issues = []
    if known["patient_id"].notna().any():
        issues.append(_check_patients(known, patients_read))
    by_study = known[known["image_findings"].isna()]
    if by_study["study_id"].notna().any():
        issues.append(_check_studies(by_study))
    return issues


def _check_patients(known: pd.DataFrame, patients_read: bool) -> DataIssue:
    several = _in_several(known, "patient_id")
    n = several["patient_id"].nunique()
    if not n:
        return passed("patient_in_classes", "No patient that is known has images of two classes.")
    wrongly = ", or the names mean something else than patients" if patients_read else ""
    return DataIssue(
        code="patient_in_classes",
        severity="warning",
        title=f"{n:,} of the {count_of(known['patient_id'].nunique(), 'patient')} with labelled "
        f"images {'is' if n == 1 else 'are'} in several classes, with "
        f"{count_of(len(several), 'image')}.",
        count=n,
        why="They may have fallen ill or recovered between two studies; or some label is "
        f"wrong{wrongly}.",
        advice="Look at some. Their images must stay in one subset, and count as one patient in "
        "an interval.",
        examples=first_of(several["image_id"]),
        table=_rows(several, "patient"),
    )


def _check_studies(known: pd.DataFrame) -> DataIssue:
    several = _in_several(known, "study_id")
    n = several["study_id"].nunique()
    if not n:
        return passed("study_in_classes", "No study has images of two classes.")
    return DataIssue(
        code="study_in_classes",
        severity="serious",
        title=f"{n:,} of the {count_of(known['study_id'].nunique(), 'study', 'studies')} with "
        f"labelled images {'is' if n == 1 else 'are'} in several classes, with "
        f"{count_of(len(several), 'image')}.",
        count=n,
        why="The images were taken on one occasion, so their labels contradict each other, unless "
        "a label is meant for its single image.",
        advice="Look at some, and correct the labels or leave these studies out.",
        examples=first_of(several["image_id"]),
        table=_rows(several, "study"),
    )


def _in_several(known: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the images of owners that have several classes, by owner."""
    n_classes = known.groupby(column)["label"].nunique()
    several = known[known[column].isin(n_classes.index[n_classes > 1])]
    return several.sort_values(column, kind="stable")


def _rows(several: pd.DataFrame, owner: str) -> tuple[dict[str, object], ...]:
    counts = pd.crosstab(several[f"{owner}_id"], several["label"].astype(object))
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return rows_of(counts.loc[order].rename_axis(owner).reset_index())
