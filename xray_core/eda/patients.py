"""Tables of who was imaged, how and where: age, and any column against the classes."""

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog

AGE_STEP = 5  # years
NOT_GIVEN = "not given"


def age_histogram(catalog: Catalog, members: pd.Series) -> pd.DataFrame:
    """Count the images of each class by the patient's age, in steps of five years.

    Args:
        catalog: the dataset.
        members: as `list_members` returns them.

    Returns:
        Columns class, age (years, lower end of the step), images, share (of the class' images
        whose age is known); empty where no age is published. Every class has every step.
    """
    ages = catalog.images["age"].reindex(members.index)
    known = ages.notna().to_numpy()
    if not known.any():
        return pd.DataFrame({"class": [], "age": [], "images": [], "share": []})
    step = (ages[known].to_numpy(dtype="float64") // AGE_STEP).astype(np.int64)
    of_class = members[known]
    names = of_class.cat.categories
    counts = np.zeros((len(names), int(step.max()) + 1), dtype=np.int64)
    np.add.at(counts, (of_class.cat.codes.to_numpy(), step), 1)
    table = pd.DataFrame(
        {
            "class": np.repeat(names.to_numpy(), counts.shape[1]),
            "age": np.tile(np.arange(counts.shape[1]) * AGE_STEP, len(names)),
            "images": counts.ravel(),
            "share": (counts / counts.sum(axis=1, keepdims=True).clip(1)).ravel(),
        }
    )
    return table[table.groupby("class")["images"].transform("sum") > 0].reset_index(drop=True)


def cross_classes(catalog: Catalog, members: pd.Series, column: str) -> pd.DataFrame:
    """Count images by the value of one column and by class.

    Args:
        catalog: the dataset.
        members: as `list_members` returns them.
        column: of `catalog.images`, with few values, e.g. "gender", "view_position", "site",
            "source".

    Returns:
        Images; index the values, the most frequent first and `NOT_GIVEN` last; columns the
        classes. Empty where the column holds no value at all.
    """
    values = catalog.images[column]
    if values.isna().all():
        return pd.DataFrame(columns=members.cat.categories)
    code, names = pd.factorize(values)
    rows = pd.Series(code, index=catalog.images.index).reindex(members.index).to_numpy()
    counts = np.zeros((len(names) + 1, len(members.cat.categories)), dtype=np.int64)
    np.add.at(counts, (rows, members.cat.codes.to_numpy()), 1)  # -1, not given, is the last row
    table = pd.DataFrame(counts, index=[*names, NOT_GIVEN], columns=members.cat.categories)
    order = np.argsort(-counts[:-1].sum(axis=1), kind="stable")
    with_missing = [*order, len(names)] if counts[-1].any() else order
    return table.iloc[with_missing].rename_axis(column)


def count_per_patient(catalog: Catalog) -> pd.DataFrame:
    """Count patients by how much there is of each.

    Returns:
        Columns kind ("images", "studies", "follow-ups"), n, patients. A patient's
        follow-ups are the highest number of one. Empty where no patient is published; a kind
        that the authors do not publish is left out.
    """
    images = catalog.images[["patient_id", "study_id", "follow_up"]]
    images = images[images["patient_id"].notna()]
    grouped = images.groupby("patient_id", observed=True)
    per_patient = {
        "images": grouped.size(),
        "studies": grouped["study_id"].nunique() if images["study_id"].notna().any() else None,
        "follow-ups": grouped["follow_up"].max() if images["follow_up"].notna().any() else None,
    }
    tables = [
        pd.DataFrame({"kind": kind, "n": counts.index, "patients": counts.to_numpy(dtype="int64")})
        for kind, numbers in per_patient.items()
        if numbers is not None
        for counts in [numbers.dropna().astype("int64").value_counts().sort_index()]
    ]
    return pd.concat(tables, ignore_index=True)
