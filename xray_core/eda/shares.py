"""Shares of classes, how uneven they are, and what images are called beside their study's label."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog
from xray_core.splits import SUBSETS


@dataclass(frozen=True)
class Imbalance:
    """How uneven the classes of a task are.

    Attributes:
        largest, smallest: classes; of those that have an image.
        ratio: images of the largest for each of the smallest, 1 or more.
    """

    largest: str
    smallest: str
    ratio: float


def measure_imbalance(counts: pd.DataFrame) -> Imbalance | None:
    """Return how uneven the classes are; None where fewer than two have an image.

    Args:
        counts: as `count_labels` returns them.
    """
    there = counts[counts["images"] > 0]
    if len(there) < 2:
        return None
    images = there.set_index("class")["images"]
    largest, smallest = str(images.idxmax()), str(images.idxmin())
    return Imbalance(largest, smallest, float(images[largest] / images[smallest]))


def share_subsets(catalog: Catalog, members: pd.Series) -> pd.DataFrame:
    """Count the images of each class in each published subset, with their share of the subset.

    Args:
        catalog: the dataset.
        members: as `list_members` returns them.

    Returns:
        Columns class, subset, images, share (of the subset's images; an image of several classes
        counts in each), in the order of classes and subsets; empty where no subset is published.
    """
    subset = catalog.images["published_split"]
    names = [name for name in SUBSETS if (subset == name).any()]
    n_images = np.array([int((subset == name).sum()) for name in names], dtype=np.int64)
    classes = members.cat.categories
    place = pd.Categorical(subset.reindex(members.index), categories=names).codes
    counts = np.zeros((len(classes), len(names) + 1), dtype=np.int64)
    np.add.at(counts, (members.cat.codes.to_numpy(), place), 1)  # -1, in none, is the last column
    counts = counts[:, :-1]
    return pd.DataFrame(
        {
            "class": np.repeat(classes.to_numpy(), len(names)),
            "subset": np.tile(np.array(names, dtype=object), len(classes)),
            "images": counts.ravel(),
            "share": (counts / n_images.clip(1)).ravel(),
        }
    )


def cross_labels(catalog: Catalog) -> pd.DataFrame:
    """Count images by the label of their study and their own, where a dataset has both.

    Returns:
        Columns findings (of the study), image_findings, images, present (whose file is there),
        elsewhere (images whose study holds another one that is labelled otherwise); one row for
        each pair that occurs, in the order of the labels; empty where there are not both.
    """
    images = catalog.images
    both = images[images["findings"].notna() & images["image_findings"].notna()]
    # As text: a group of equal labels is all that is asked.
    n_labels = both.groupby("study_id", observed=True)["image_findings"].transform("nunique")
    table = pd.DataFrame(
        {
            "findings": both["findings"],
            "image_findings": both["image_findings"],
            "present": both["path"].notna(),
            "elsewhere": n_labels.reindex(both.index).gt(1).fillna(False).astype(bool),
        }
    )
    grouped = table.groupby(["findings", "image_findings"], observed=True)
    counts = grouped[["present", "elsewhere"]].sum().astype("int64")
    counts.insert(0, "images", grouped.size().astype("int64"))
    return counts.reset_index()
