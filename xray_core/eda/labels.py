"""Tables of a catalog's labels: how many images each class, and each set of findings, has."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.errors import UnlabelledError
from xray_core.tasks import (
    SEPARATOR,
    Task,
    encode_catalog,
    encode_labels,
    find_present,
    find_task,
    get_labels,
)

NO_CLASS, UNLABELLED = "none of these", "unlabelled"


def count_labels(catalog: Catalog, task_name: str) -> pd.DataFrame:
    """Count images and patients per class of a task.

    Returns:
        Columns class, images, present (images whose file is there), patients (0 where no
        patient is published); one row per class, in the task's order. An image of several
        classes counts in each. Zeros where nothing is labelled.

    Raises:
        LabelError: the task is unknown or made for another dataset.
    """
    targets = _encode(catalog, find_task(task_name))
    images = catalog.images.loc[targets.index, ["path", "patient_id"]]
    present = images["path"].notna().to_numpy()
    patient, _ = pd.factorize(images["patient_id"])
    rows = []
    for name in targets:
        of_class = find_present(targets[[name]])[:, 0]
        patients = np.unique(patient[of_class])
        rows.append(
            {
                "class": name,
                "images": int(of_class.sum()),
                "present": int((of_class & present).sum()),
                "patients": int((patients >= 0).sum()),
            }
        )
    return pd.DataFrame(rows, columns=["class", "images", "present", "patients"])


def _encode(catalog: Catalog, task: Task) -> pd.DataFrame:
    """Encode labels for looking at them: also where no network could learn from them."""
    try:
        return encode_catalog(catalog, task)
    except UnlabelledError:
        return encode_labels(get_labels(catalog, task), task)


def name_labels(catalog: Catalog, task_name: str) -> pd.Series:
    """Return each image's class in a task, as a word.

    Returns:
        Index of `catalog.images`; several classes of one image are joined by "|", "" means none
        of the classes, <NA> that the image is unlabelled.

    Raises:
        LabelError: as of `count_labels`.
    """
    task = find_task(task_name)
    targets = _encode(catalog, task)
    if targets.empty:
        return pd.Series(pd.NA, catalog.images.index, dtype="string", name="label")
    # Equal findings give equal classes, and there are far fewer combinations than images.
    labels = get_labels(catalog, task).loc[targets.index]
    combination, _ = pd.factorize(labels, use_na_sentinel=False)
    _, first = np.unique(combination, return_index=True)
    classes = targets.columns.to_numpy()
    words = [SEPARATOR.join(classes[row]) for row in find_present(targets.iloc[first])]
    names = pd.Series(pd.array(words, dtype="string")[combination], index=targets.index)
    return names.reindex(catalog.images.index).rename("label")


def list_members(labels: pd.Series, classes: Sequence[str]) -> pd.Series:
    """Return the classes of each image, one row for each class that an image is in.

    Args:
        labels: as `name_labels` returns them.
        classes: of the task, in its order.

    Returns:
        Class names, categorical in the order of `classes`, then `NO_CLASS` and `UNLABELLED`
        where there are such images. The index is that of `labels`, repeated for an image of
        several classes, so it tells the row of `catalog.images`.
    """
    combination, texts = pd.factorize(labels, use_na_sentinel=False)
    named = [
        [UNLABELLED] if pd.isna(text) else text.split(SEPARATOR) if text else [NO_CLASS]
        for text in texts
    ]
    n_names = np.array([len(names) for names in named], dtype=np.int64)
    order = [*classes, *(extra for extra in (NO_CLASS, UNLABELLED) if [extra] in named)]
    number = {name: at for at, name in enumerate(order)}
    flat = np.array([number[name] for names in named for name in names], dtype=np.int64)
    starts = np.cumsum(n_names) - n_names
    repeats = n_names[combination]
    row = np.repeat(np.arange(len(labels)), repeats)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    codes = flat[starts[combination[row]] + within]
    return pd.Series(
        pd.Categorical.from_codes(codes, pd.Index(order)), index=labels.index[row], name="class"
    )


def count_combinations(catalog: Catalog) -> pd.DataFrame:
    """Count images and patients of each set of findings, as the authors wrote it.

    Returns:
        Columns findings (names joined by "|"), n_findings, images, share (of the labelled
        images), patients (0 where none are published); the most frequent first.
    """
    images = catalog.images.loc[catalog.images["findings"].notna(), ["findings", "patient_id"]]
    grouped = images.groupby("findings", observed=True)
    counts = pd.DataFrame({"images": grouped.size(), "patients": grouped["patient_id"].nunique()})
    counts = counts.rename_axis("findings").reset_index()
    counts["n_findings"] = counts["findings"].str.count(rf"\{SEPARATOR}").astype("int64") + 1
    counts["share"] = counts["images"] / max(1, len(images))
    counts = counts.sort_values(["images", "findings"], ascending=[False, True], ignore_index=True)
    return counts[["findings", "n_findings", "images", "share", "patients"]]


def count_together(combinations: pd.DataFrame) -> pd.DataFrame:
    """Count how often two findings occur on one image.

    Args:
        combinations: as `count_combinations` returns them.

    Returns:
        Square table of images, index and columns the findings, the most frequent first; the
        diagonal holds all images of a finding.
    """
    has_finding = combinations["findings"].str.get_dummies(SEPARATOR)
    matrix = has_finding.to_numpy(np.int64)
    together = matrix.T @ (matrix * combinations["images"].to_numpy(np.int64)[:, None])
    order = np.argsort(-np.diag(together), kind="stable")
    names = has_finding.columns[order]
    return pd.DataFrame(together[np.ix_(order, order)], index=names, columns=names)
