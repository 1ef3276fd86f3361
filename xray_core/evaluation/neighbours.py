"""How often an image's nearest training image is of the same kind, beside what chance gives.

If the nearest images share the label far more often than chance, the network sees what the label is
about. If they share the hospital as well, it sees that too, and may have learned it in its place.
"""

import numpy as np
import pandas as pd

from xray_core.audit.confounding import bin_numbers
from xray_core.evaluation.nearest import TRAINING
from xray_core.evaluation.shares import measure_share
from xray_core.runs.features import Alike
from xray_core.selection import AGE_GROUP, group_ages

LABEL, SIZE = "label", "size"
# What may go with the label without causing it, and could be seen in an image.
TRAITS = ("source", "site", "view_position", "gender", AGE_GROUP, SIZE)


def list_traits(images: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of images beside their label: a column of text for each of `TRAITS`.

    Args:
        images: rows of `Catalog.images`.

    Returns:
        Index kept; without those columns that are the same for all, or unknown.
    """
    sides = {
        of: images[[f"{of}width", f"{of}height"]].max(axis=1).astype("Float64")
        for of in ("original_", "")
    }
    size = bin_numbers(sides["original_"].fillna(sides[""])) + " px"
    columns = {
        **{name: images[name] for name in TRAITS if name in images},
        AGE_GROUP: group_ages(images["age"]),
        SIZE: size,
    }
    traits = pd.DataFrame({name: columns[name].astype("string") for name in TRAITS})
    return traits[[name for name in TRAITS if traits[name].nunique() > 1]]


def count_alike(images: pd.DataFrame, column: str) -> dict[str, Alike]:
    """Return subset -> how often the nearest training image has the same entry in a column.

    Args:
        images: image_id, subset, group, nearest and the column, as `runs.features` keeps them.
        column: of text; images of which it is unknown do not count.

    Returns:
        Of each subset but the training set the share with its 95 % interval, and `chance`: the mean
        share of training images with the entry of an image.
    """
    entries = dict(zip(images["image_id"], images[column], strict=True))
    training = images.loc[images["subset"] == TRAINING, column].dropna()
    shares = training.value_counts(normalize=True)
    answers: dict[str, Alike] = {}
    for subset, own in images[images["subset"] != TRAINING].groupby("subset", sort=False):
        nearest = own["nearest"].map(entries).astype("string")
        known = (own[column].notna() & nearest.notna()).to_numpy(bool)
        if not known.any():
            continue
        own, nearest = own[known], nearest[known]
        same = (own[column].astype("string") == nearest).to_numpy(bool)
        chance = own[column].map(shares).astype("float64").fillna(0.0)
        answers[str(subset)] = {
            **measure_share(same, own["group"]),
            "chance": float(np.mean(chance)),
        }
    return answers
