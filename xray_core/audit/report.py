"""The audit of one dataset: all checks, put in order."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.audit.confounding import check_confounding
from xray_core.audit.copies import check_identical, check_near
from xray_core.audit.files import check_odd, check_readable
from xray_core.audit.findings import check_findings
from xray_core.audit.issue import SEVERITIES, DataIssue, passed
from xray_core.audit.labels import check_classes, check_columns, check_subsets
from xray_core.audit.leaks import check_names, check_owners
from xray_core.audit.metadata import READ_FROM, check_patients, check_remarks
from xray_core.audit.near_identical import find_near_identical
from xray_core.audit.owners import check_owners_classes
from xray_core.audit.pixels import check_pixels
from xray_core.audit.portable import check_portable
from xray_core.audit.same_picture import find_copies
from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.datasets.kermany_names import BY_FOLDER
from xray_core.errors import LabelError, RecipeError, UnlabelledError
from xray_core.preprocess.fingerprints import COLUMNS as FINGERPRINT_COLUMNS
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.splits import (
    METHOD_TITLES,
    SUBSETS,
    Copies,
    SplitSpec,
    describe_groups,
    split_catalog,
)
from xray_core.tasks import TASKS, encode_catalog, find_present, find_task, tasks_of

PUBLISHED_SUBSETS = ("training", "validation", "test")


@dataclass(frozen=True)
class _Labels:
    """The labels of a task: one text an image, and whether it is in each class."""

    text: pd.Series
    targets: pd.DataFrame


def audit_catalog(
    catalog: Catalog,
    task_name: str | None,
    split: pd.DataFrame | None = None,
    fingerprints: pd.DataFrame | None = None,
    copies: Copies | None = None,
) -> list[DataIssue]:
    """Check a dataset, its labels and its split.

    Args:
        catalog: the dataset.
        task_name: one of its tasks; None: labels are not checked.
        split: image_id and subset of each image; None: the authors' own subsets, if any.
        fingerprints: as `read_fingerprints` returns them; None: files are not checked.
        copies: what `find_copies` makes of them; None: they are compared here.

    Returns:
        What was found and what passed, most serious first.
    """
    labels = _encode(catalog, task_name)
    images = _put_together(catalog, labels, split, fingerprints)
    kinds = {remark.kind for remark in catalog.remarks}
    read = not kinds.isdisjoint(READ_FROM)
    issues = [
        *check_owners(images, read, BY_FOLDER in kinds),
        *check_names(images),
        *check_columns(images),
    ]
    issues += check_findings(catalog)
    if images["subset"].isna().all():
        issues.append(passed("no_split", "There is no split to be checked for leaks yet."))
    if fingerprints is not None:
        issues += check_identical(images)
        issues += check_near(images, _near_pairs(images, fingerprints, copies))
        issues += [*check_readable(images), *check_odd(images), *check_pixels(images)]
    if labels is not None:
        counts, n_of_subset = _count_classes(images, labels.targets)
        issues += check_classes(counts, int(images["path"].notna().loc[labels.text.index].sum()))
        issues += check_subsets(counts, n_of_subset)
        present = images[images["path"].notna()]
        issues += [*check_confounding(present), *check_portable(present)]
        if not TASKS[str(task_name)].multilabel:
            issues += check_owners_classes(images, read)
    issues += check_patients(images, describe_groups(catalog, SplitSpec()), catalog.remarks)
    known_elsewhere = () if fingerprints is None else ("unreadable_image",)
    issues += check_remarks(catalog.remarks, skip=known_elsewhere)
    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))


def run_audit(
    catalog: Catalog,
    home_cache: Path,
    task_name: str | None = None,
    split_spec: SplitSpec | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Audit a dataset and return all of it as plain values, for a page or the command line.

    Args:
        catalog: the dataset.
        home_cache: the workspace's cache; `fingerprints` in it is written.
        task_name: a task; None: the first of the dataset with one class an image.
        split_spec: a split of ours; None: the authors' own subsets, else ours by patient.
        progress: called with (files read, files) while files are read for the first time.

    Returns:
        folder, source, task, split (in words), counts (images, present, labelled, patients,
        subsets), summary (severity -> how many) and issues.

    Raises:
        LabelError: the task is unknown or made for another dataset.
        RecipeError: the split asked for cannot be made.
        OSError: the disk refuses to keep the fingerprints.
    """
    if task_name is not None:
        try:
            # A wrong task is an error, before the wait.
            encode_catalog(catalog, find_task(task_name))
        except UnlabelledError:
            task_name = None  # all but labels can be audited
    task_name = task_name or default_task(catalog)
    fingerprints = read_fingerprints(catalog, home_cache, progress)
    copies = find_copies(fingerprints, home_cache)
    split, words = _choose_split(catalog, task_name, split_spec, copies)
    issues = audit_catalog(catalog, task_name, split, fingerprints, copies)
    images = _put_together(catalog, _encode(catalog, task_name), split, fingerprints)
    present = images[images["path"].notna()]
    subsets = present["subset"].value_counts(sort=False).loc[lambda n: n > 0]
    return {
        "folder": str(catalog.root),
        "source": catalog.source,
        "task": task_name,
        "split": words,
        "counts": {
            "images": len(images),
            "present": len(present),
            "labelled": int(present["label"].notna().sum()),
            "patients": int(present["patient_id"].nunique()),
            "subsets": {str(subset): int(n) for subset, n in subsets.items()},
        },
        "summary": {
            severity: sum(issue.severity == severity for issue in issues) for severity in SEVERITIES
        },
        "issues": [asdict(issue) for issue in issues],
    }


def _near_pairs(
    images: pd.DataFrame, fingerprints: pd.DataFrame, copies: Copies | None
) -> pd.DataFrame:
    """Return image_id_a, image_id_b and similarity of the pairs that look the same."""
    if copies is None:
        return find_near_identical(fingerprints, images["image_id"])
    first = images.drop_duplicates("digest").dropna(subset="digest").set_index("digest")["image_id"]
    ends = {f"image_id_{end}": copies.pairs[f"digest_{end}"].map(first) for end in "ab"}
    return copies.pairs.assign(**ends)[[*ends, "similarity"]]


def default_task(catalog: Catalog) -> str | None:
    """Return the task that fits the images best.

    The dataset's first with one class an image and no class without an image; else the first
    that fits at all; None if there is none.
    """
    fitting: list[tuple[bool, bool, int, str]] = []
    for name in tasks_of(catalog.source):
        try:
            targets = encode_catalog(catalog, find_task(name))
        except LabelError:
            continue  # such as a folder whose labels this task does not know
        whole = targets[targets.index.isin(catalog.present.index)].any().all()
        fitting.append((find_task(name).multilabel, not whole, len(fitting), name))
    return min(fitting)[-1] if fitting else None


def _encode(catalog: Catalog, task_name: str | None) -> _Labels | None:
    if task_name is None:
        return None
    targets = encode_catalog(catalog, find_task(task_name))
    # Most combinations occur many times, so each is named once.
    kind = targets.groupby(list(targets.columns), sort=False, dropna=False).ngroup()
    kinds = find_present(targets[~kind.duplicated()])
    names = pd.Series([" and ".join(targets.columns[row]) or "none" for row in kinds])
    text = kind.map(names).astype("string")
    return _Labels(text, targets)


def _choose_split(
    catalog: Catalog,
    task_name: str | None,
    spec: SplitSpec | None,
    copies: Copies,
) -> tuple[pd.DataFrame | None, str]:
    """Return the split to be checked, None for the authors' subsets, and its name in words."""
    if spec is None and catalog.present["published_split"].nunique() > 1:
        moved = any(remark.kind == "moved_image" for remark in catalog.remarks)
        if moved or READERS[catalog.source].generic:
            return None, "the subsets as they are here, which may be somebody else's"
        return None, "the authors' own subsets"
    if task_name is None or TASKS[task_name].multilabel:
        if spec is None:
            return None, "none: no task with one class an image fits"
        raise RecipeError(
            "To make a split, the audit needs a task with one class an image. Choose one "
            f"of: {', '.join(tasks_of(catalog.source)) or 'none yet'}."
        )
    chosen = spec or SplitSpec()
    words = f"ours: {METHOD_TITLES[chosen.method].lower()}, random seed {chosen.seed}"
    by = describe_groups(catalog, SplitSpec()).partition(";")[0].partition(" (neither")[0]
    if by != "patient" and chosen.method in ("patient", "clean"):
        words += f"; as not all patients are known, by {by}"
    try:
        targets = encode_catalog(catalog, find_task(task_name))
        return split_catalog(catalog, targets, chosen, copies), words
    except RecipeError as error:
        if spec is not None:
            raise
        return None, f"none can be made. {error}"


def _put_together(
    catalog: Catalog,
    labels: _Labels | None,
    split: pd.DataFrame | None,
    fingerprints: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the audited table: `catalog.images`, label, subset, and the fingerprints' columns."""
    images = catalog.images.copy()
    images["label"] = pd.Series(pd.NA, index=images.index, dtype="string")
    if labels is not None:
        images["label"] = labels.text.reindex(images.index)
    if split is None and catalog.present["published_split"].nunique() < 2:
        images["subset"] = pd.Categorical([pd.NA] * len(images), categories=PUBLISHED_SUBSETS)
    elif split is None:
        # A row without a file is in no subset.
        subset = images["published_split"].where(images["path"].notna())
        images["subset"] = pd.Categorical(subset, categories=PUBLISHED_SUBSETS)
    else:
        subset = images["image_id"].map(split.set_index("image_id")["subset"].astype("string"))
        images["subset"] = pd.Categorical(subset, categories=SUBSETS)
    if fingerprints is None:
        fingerprints = pd.DataFrame(index=images.index, columns=list(FINGERPRINT_COLUMNS))
        fingerprints = fingerprints.astype(FINGERPRINT_COLUMNS)
    return images.join(fingerprints)


def _count_classes(images: pd.DataFrame, targets: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return images of each class, in all and for each subset, and images of each subset."""
    known = images.loc[targets.index]
    known = known[known["path"].notna()]
    targets = targets.loc[known.index].fillna(0).astype(int)
    counts = pd.DataFrame({"images": targets.sum()})
    used = [
        subset for subset in images["subset"].cat.categories if (known["subset"] == subset).any()
    ]
    for subset in used:
        counts[subset] = targets[known["subset"] == subset].sum()
    return counts, known["subset"].value_counts().reindex(used)
